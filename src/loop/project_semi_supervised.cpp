// Settings and labels in, files and events out.
#include "loop/project_semi_supervised.h"

#include "base/bytes.h"
#include "base/clock.h"
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

void add_pseudo_labels(Workshop& workshop, const Project& project, const storage::FeatureView& view,
                       const NumberedLabels& labels, const NumberedLabels& audit,
                       const learners::ChosenLearner& learner, uint64_t seed,
                       const LoadedModel& before, const Progress& progress, LoadedModel& model,
                       ModelVersion& version) {
  const std::string& setting = project.settings.text("ssl");
  if (setting == "off") return;
  const double started = monotonic_seconds();
  const SslData data = {.features = view.features,
                        .geometry = view.geometry,
                        .rows = labels.rows,
                        .labels = labels.ids,
                        .audit_rows = audit.rows,
                        .audit_labels = audit.ids,
                        .classes = project.classes.size()};
  const SslPlan plan = {
      .setting = setting, .most_rows = static_cast<size_t>(setting_rows(project)), .seed = seed};
  auto found = semi_supervise(data, plan, *learner.card, learner.params, model.model,
                              before.model.get(), progress);
  if (found.model) {
    found.report["supervised_sha256"] =
        storage::add_model_part(workshop.store(), project.id, model.model->save());
    found.report["pseudo_labels_sha256"] =
        storage::add_model_part(workshop.store(), project.id, pseudo_label_bytes(found.pseudo));
    model.supervised = model.model;
    model.model = found.model;
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
