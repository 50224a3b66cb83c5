// Model versions: list, look at, promote, roll back, history.
#include "storage/models.h"

#include "api/app.h"
#include "api/response.h"
#include "api/route.h"
#include "api/shapes.h"
#include "loop/distil.h"
#include "serving/deployment.h"
#include "storage/projects.h"

namespace querist::api::resources {

// A part of the version's own notes, or null: old versions lack some.
static Json note(const ModelVersion& model, const char* name) {
  return model.data.contains(name) ? model.data[name] : Json();
}

static Json model_json(const ModelVersion& model) {
  return {{"version", model.version},
          {"learner", model.learner},
          {"params", model.params},
          {"featurizer", model.featurizer},
          {"featurizer_version", model.featurizer_version},
          {"classes", model.classes},
          {"labels", model.labels},
          {"label_hash", model.label_hash},
          {"through_event", model.through_event},
          {"with_audit", model.with_audit},
          {"calibration", note(model, "calibration")},
          {"decision", note(model, "decision")},
          {"metrics", model.metrics},
          {"aliases", model.aliases},
          {"created_at", time_json(model.created_at)},
          {"seconds", model.seconds},
          {"build", model.build},
          {"sha256", model.sha256},
          {"gate", model.gate},
          {"semi_supervised", model.data.value("semi_supervised", Json())},
          {"distillation", model.data.value("distillation", Json())}};
}

static Json change_json(const AliasChange& change) {
  return {{"alias", change.alias},
          {"version", change.version},
          {"previous", or_null(change.previous)},
          {"action", change.action},
          {"reason", change.reason},
          {"actor", change.actor},
          {"created_at", time_json(change.created_at)}};
}

static Response list_models(App& app, const Request& request) {
  const Project project = storage::project(app.store, request.id("project"));
  return ok(list_json(storage::models(app.store, project.id, request.after(), request.limit()),
                      model_json));
}

static Response show(App& app, const Request& request) {
  const Project project = storage::project(app.store, request.id("project"));
  const auto model = storage::find_model(app.store, project.id, request.number_id("version"));
  if (!model) {
    fail(Code::not_found, "the project {} has no model version {}", project.name,
         request.id("version"));
  }
  return ok(model_json(*model));
}

static Response file(App& app, const Request& request) {
  const Project project = storage::project(app.store, request.id("project"));
  const int64_t version = request.number_id("version");
  if (!storage::find_model(app.store, project.id, version))
    fail(Code::not_found, "the project {} has no model version {}", project.name, version);
  return {.headers = {{"Content-Type", "application/octet-stream"}},
          .body = storage::model_bytes(app.store, project.id, version)};
}

static Response promote(App& app, const Request& request) {
  const Project project = storage::project(app.store, request.id("project"));
  return ok(change_json(serving::promote(
      app.store, project, request.id("alias"), json_integer(request.body, "version"),
      json_flag(request.body, "force", false), json_text(request.body, "reason", ""),
      request.who().name)));
}

static Response roll_back(App& app, const Request& request) {
  const Project project = storage::project(app.store, request.id("project"));
  return ok(change_json(
      storage::roll_back(app.store, project.id, json_text(request.body, "alias", "champion"),
                         json_text(request.body, "reason", ""), request.who().name)));
}

static Response distil(App& app, const Request& request) {
  const Project project = storage::project(app.store, request.id("project"));
  loop::DistilRequest wanted;
  wanted.version = json_integer(request.body, "version", 0);
  wanted.learner = json_text(request.body, "learner", wanted.learner);
  wanted.temperature = json_number(request.body, "temperature", wanted.temperature);
  wanted.max_loss = json_number(request.body, "max_loss", wanted.max_loss);
  loop::Workshop& workshop = app.workshops.of(project.id);
  const std::lock_guard lock(workshop.mutex());
  return created(model_json(loop::distil(workshop, wanted, request.who().name, Progress())));
}

static Response history(App& app, const Request& request) {
  const Project project = storage::project(app.store, request.id("project"));
  Json items = Json::array();
  for (const AliasChange& change : storage::alias_history(app.store, project.id))
    items.push_back(change_json(change));
  return ok({{"items", std::move(items)}, {"next", nullptr}});
}

static Fields model_fields() {
  using enum FieldType;
  return {{"version", integer},
          {"learner", text},
          {"params", object},
          {"featurizer", text},
          {"featurizer_version", integer},
          {"classes", list},
          {"labels", integer},
          {"label_hash", text},
          {"through_event", integer},
          {"with_audit", flag},
          {"calibration", object,
           "{setting, name, classes, state, temperature, labels, candidates}: how the version's "
           "probabilities are corrected."},
          {"decision", object,
           "{metric, class_weights, labels, score, likeliest_score, reason}: how it predicts a "
           "class; no weights: the likeliest."},
          {"metrics", object},
          {"aliases", list},
          {"created_at", time},
          {"seconds", number},
          {"build", text},
          {"sha256", text},
          {"gate", object},
          {"semi_supervised", object},
          {"distillation", object}};
}

static Fields change_fields() {
  using enum FieldType;
  return {{"alias", text},  {"version", integer}, {"previous", integer}, {"action", text},
          {"reason", text}, {"actor", text},      {"created_at", time}};
}

Routes models() {
  using enum FieldType;
  return {
      {.pattern = "GET /api/v1/projects/{project}/models",
       .role = Role::annotator,
       .handler = list_models,
       .summary = "List model versions, newest first.",
       .response = model_fields(),
       .query = page_query(),
       .is_list = true},
      {.pattern = "GET /api/v1/projects/{project}/models/history",
       .role = Role::annotator,
       .handler = history,
       .summary = "Every promotion and rollback, newest first.",
       .response = change_fields(),
       .is_list = true},
      {.pattern = "GET /api/v1/projects/{project}/models/{version}",
       .role = Role::annotator,
       .handler = show,
       .summary = "Show a model version.",
       .response = model_fields()},
      {.pattern = "GET /api/v1/projects/{project}/models/{version}/file",
       .role = Role::engineer,
       .handler = file,
       .summary = "The model's own bytes.",
       .media = "application/octet-stream"},
      {.pattern = "PUT /api/v1/projects/{project}/models/aliases/{alias}",
       .role = Role::engineer,
       .handler = promote,
       .summary = "Point an alias at a version; refused when its gate did not pass, unless forced.",
       .request = {{"version", integer, "The version.", true},
                   {"reason", text, "Kept in the history."},
                   {"force", flag, "Promote although the gate did not pass."}},
       .response = change_fields()},
      {.pattern = "POST /api/v1/projects/{project}/models/distil",
       .role = Role::engineer,
       .handler = distil,
       .summary =
           "Teach a model to a small head and store that as the challenger, with its gate and "
           "what it saves.",
       .request = {{"version", integer, "The teacher; the champion."},
                   {"learner", text,
                    "The student, neural_head or logistic_regression; one that is smaller."},
                   {"temperature", number, "What the teacher's scores are divided by; 3."},
                   {"max_loss", number,
                    "Accuracy the student may lose on the audit labels; 0.01."}},
       .response = model_fields(),
       .success = 201},
      {.pattern = "POST /api/v1/projects/{project}/models/rollback",
       .role = Role::engineer,
       .handler = roll_back,
       .summary = "Point an alias back at the version it named before.",
       .request = {{"alias", text, "champion"}, {"reason", text, "Kept in the history."}},
       .response = change_fields()},
  };
}

}  // namespace querist::api::resources
