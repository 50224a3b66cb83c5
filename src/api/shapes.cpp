// Rows as JSON.
#include "api/shapes.h"

#include <cmath>

#include "base/clock.h"

namespace querist::api {

Json time_json(const std::optional<int64_t>& milliseconds) {
  return milliseconds ? Json(rfc3339(*milliseconds)) : Json();
}

Json value_json(const ParamSpec& spec, const ParamValue& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag;
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  const double number = std::get<double>(value);
  return spec.whole ? Json(static_cast<int64_t>(number)) : Json(number);
}

Json param_json(const ParamSpec& spec) {
  const auto bound = [](double value) { return std::isfinite(value) ? Json(value) : Json(); };
  Json choices = Json::array();
  for (const std::string_view choice : spec.choices) choices.push_back(choice);
  return {{"name", spec.name},
          {"type", spec.type()},
          {"fallback", value_json(spec, spec.fallback)},
          {"min", bound(spec.min)},
          {"max", bound(spec.max)},
          {"choices", std::move(choices)},
          {"help", spec.help}};
}

Json project_json(const Project& project) {
  Json settings = Json::object();
  Json changed = Json::array();
  for (const ParamSpec& spec : project.settings.specs()) {
    settings[std::string(spec.name)] = value_json(spec, project.settings.value(spec.name));
    if (project.settings.changed(spec.name)) changed.push_back(spec.name);
  }
  Json columns = Json::array();
  for (const Column& column : project.columns) {
    columns.push_back(
        {{"name", column.name}, {"type", column.type.empty() ? "text" : column.type}});
  }
  const Counts& counts = project.counts;
  return {{"name", project.name},
          {"task", project.task},
          {"classes", project.classes},
          {"settings", std::move(settings)},
          {"changed_settings", std::move(changed)},
          {"payload", project.payload ? Json(word(*project.payload)) : Json()},
          {"columns", std::move(columns)},
          {"counts",
           {{"examples", counts.examples},
            {"labeled", counts.labeled},
            {"unlabeled", counts.unlabeled},
            {"leased", counts.leased},
            {"skipped", counts.skipped},
            {"audit", counts.audit}}},
          {"finalised", project.finalised},
          {"created_at", rfc3339(project.created_at)}};
}

Json example_json(const Example& example, const Project& project,
                  const std::optional<Prediction>& prediction) {
  Json json = {{"id", example.id},
               {"external_id", or_null(example.external_id)},
               {"state", word(example.state)},
               {"label", or_null(example.label)},
               {"group", or_null(example.group)},
               {"time", or_null(example.time)},
               {"split", or_null(example.split)},
               {"meta", example.meta},
               {"prediction", nullptr},
               {"audit", example.state == ExampleState::labeled ? Json(example.audit) : Json()}};
  if (prediction)
    json["prediction"] = {{"label", prediction->label}, {"confidence", prediction->confidence}};
  switch (project.payload.value_or(PayloadKind::text)) {
    case PayloadKind::text:
      json["text"] = example.text;
      break;
    case PayloadKind::columns: {
      Json cells = Json::object();
      for (size_t i = 0; i < example.cells.size() && i < project.columns.size(); ++i) {
        cells[project.columns[i].name] = example.cells[i];
      }
      json["columns"] = std::move(cells);
      break;
    }
    case PayloadKind::image:
      json["image_url"] =
          fmt::format("/api/v1/projects/{}/examples/{}/image", project.name, example.id);
      json["image_hash"] = example.image_hash;
      break;
    case PayloadKind::embedding:
      json["embedding"] = nullptr;
      break;
  }
  return json;
}

Json annotation_json(const Annotation& annotation) {
  Json json = {{"id", annotation.id},
               {"example_id", annotation.example_id},
               {"value", or_null(annotation.value)},
               {"annotator", annotation.annotator},
               {"created_at", rfc3339(annotation.created_at)},
               {"seconds", or_null(annotation.seconds)},
               {"suggestion_shown", annotation.suggestion_shown},
               {"comment", or_null(annotation.comment)},
               {"flag", annotation.flag},
               {"undone", annotation.undone},
               {"why",
                {{"strategy", annotation.strategy.empty() ? Json() : Json(annotation.strategy)},
                 {"utility", or_null(annotation.utility)},
                 {"audit", annotation.audit}}}};
  if (annotation.skip_reason) json["skip_reason"] = *annotation.skip_reason;
  return json;
}

Json lease_json(const Lease& lease, const Example& example, const Project& project) {
  Json suggestion;
  if (lease.suggestion_shown && lease.suggestion) {
    suggestion = {{"label", *lease.suggestion},
                  {"confidence", or_null(lease.suggestion_confidence)}};
  }
  return {{"lease_id", lease.id},
          {"example", example_json(example, project, std::nullopt)},
          {"annotator", lease.annotator},
          {"selection_id", or_null(lease.selection_id)},
          {"expires_at", rfc3339(lease.expires_at)},
          {"suggestion", std::move(suggestion)},
          {"suggestion_shown", lease.suggestion_shown},
          {"audit", nullptr}};  // Not told before the answer.
}

Json job_json(const Job& job) {
  Json progress;
  if (job.progress) {
    progress = {
        {"done", job.progress->done}, {"total", job.progress->total}, {"unit", job.progress->unit}};
  }
  return {{"id", job.id},
          {"kind", job.kind},
          {"state", word(job.state)},
          {"progress", std::move(progress)},
          {"result", job.result},
          {"error", or_null(job.error)},
          {"attempts", job.attempts},
          {"created_at", rfc3339(job.created_at)},
          {"started_at", time_json(job.started_at)},
          {"finished_at", time_json(job.finished_at)}};
}

Json event_json(const Event& event) {
  return {{"sequence", event.sequence},
          {"kind", event.kind},
          {"project", or_null(event.project)},
          {"actor", event.actor},
          {"data", event.data},
          {"created_at", rfc3339(event.created_at)},
          {"previous_hash", event.previous_hash},
          {"hash", event.hash}};
}

}  // namespace querist::api
