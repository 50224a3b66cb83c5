// Settings and labels in, files and events out.
#include "loop/project_semi_supervised.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/clock.h"
#include "loop/calibration.h"
#include "loop/judge_model.h"
#include "storage/events.h"
#include "storage/models.h"

namespace querist::loop {

static constexpr const char* key = "semi_supervised";

// Rows, class ids, weights.
static std::string pseudo_label_bytes(const pseudo_labelers::PseudoLabels& pseudo) {
  ByteWriter writer;
  writer.put(std::string("pseudo_labels 1"));
  writer.put(pseudo.rows);
  writer.put(pseudo.labels);
  writer.put(pseudo.weights);
  return writer.take();
}

static int64_t setting_rows(const Project& project) { return project.settings.integer("ssl_rows"); }

// Enough for a calibration, and whatever fold is held out leaves labels of two classes.
static bool can_hold_out(const NumberedLabels& labels, size_t classes) {
  std::vector<size_t> counts(classes);
  for (const int32_t label : labels.ids) ++counts[static_cast<size_t>(label)];
  return labels.ids.size() >= 2 * classes &&
         std::ranges::count_if(counts, [](size_t count) { return count >= 2; }) >= 2;
}

void add_pseudo_labels(const SupervisedStep& step, LoadedModel& model, ModelVersion& version) {
  const Project& project = step.project;
  const std::string& setting = project.settings.text("ssl");
  if (setting == "off") return;
  const double started = monotonic_seconds();
  const auto& [learner, params] = step.learner;
  const SslData data = {.features = step.view.features,
                        .geometry = step.view.geometry,
                        .rows = step.labels.rows,
                        .labels = step.labels.ids,
                        .audit_rows = step.audit.rows,
                        .audit_labels = step.audit.ids,
                        .classes = project.classes.size()};
  const SslPlan plan = {.setting = setting,
                        .most_rows = static_cast<size_t>(setting_rows(project)),
                        .seed = step.seed};
  auto found = semi_supervise(data, plan, *learner, params, model.plain, step.before.plain.get(),
                              step.progress);
  if (found.model) {
    found.report["supervised_sha256"] =
        storage::add_model_part(step.workshop.store(), project.id, model.plain->save());
    found.report["pseudo_labels_sha256"] = storage::add_model_part(
        step.workshop.store(), project.id, pseudo_label_bytes(found.pseudo));
    found.report["supervised_calibration"] = version.data["calibration"];
    found.report["supervised_decision"] = version.data["decision"];
    const Dataset given = {{}, step.labels.ids, {}, data.classes};  // Judges read no features.
    version.data.update(judge_final_model(
        {project, *learner, params, given, *found.model, version}, [&]() -> std::optional<Matrix> {
          if (!can_hold_out(step.labels, data.classes)) return std::nullopt;
          return semi_supervised_out_of_fold(data, plan, found.report, *learner, params,
                                             step.progress);
        }));
    model.supervised = std::make_shared<const LoadedModel>(model);
    set_models(model, found.model, version.data);
  }
  version.data[key] = found.report;
  version.seconds += monotonic_seconds() - started;
}

void record_pseudo_labels(storage::Store& store, const ModelVersion& version, int64_t number) {
  if (!version.data.contains(key)) return;
  const Json& report = version.data[key];
  if (report["method"].is_null()) return;
  const bool back = report["rolled_back"];
  Json data = {{"version", number}, {"method", report["method"]}, {"sentence", report["sentence"]}};
  if (!back) {
    data["pseudo_labels"] = report["pseudo_labels"];
    data["sha256"] = report["pseudo_labels_sha256"];
  }
  storage::record(store, back ? "pseudo_labels_rolled_back" : "pseudo_labels_used",
                  version.project_id, "querist", data);
}

bool has_same_ssl(const ModelVersion& version, const Project& project) {
  const std::string& setting = project.settings.text("ssl");
  if (!version.data.contains(key)) return setting == "off";
  const Json& report = version.data[key];
  return report["setting"] == setting && report["rows"] == setting_rows(project);
}

pseudo_labelers::PseudoLabels pseudo_labels_of(storage::Store& store, const ModelVersion& version) {
  if (!version.data.contains(key) || !version.data[key].contains("pseudo_labels_sha256")) return {};
  const std::string bytes = storage::model_part(
      store, version.project_id, version.data[key]["pseudo_labels_sha256"].get<std::string>());
  ByteReader reader(bytes);
  if (reader.text() != "pseudo_labels 1") refuse("the stored pseudo-labels are of another form");
  pseudo_labelers::PseudoLabels pseudo;
  pseudo.rows = reader.vector<int64_t>();
  pseudo.labels = reader.vector<int32_t>();
  pseudo.weights = reader.vector<float>();
  return pseudo;
}

}  // namespace querist::loop
