// The gate, and the rows that follow from it.
#include "loop/succession.h"

#include "loop/audit_columns.h"
#include "loop/project_learner.h"
#include "loop/project_semi_supervised.h"
#include "storage/cycles.h"
#include "storage/models.h"

namespace querist::loop {

Succession succession(Workshop& workshop, const Project& project, const LoadedModel& model,
                      const NumberedLabels& audit, const storage::FeatureView& view) {
  const auto champion = storage::model_of_alias(workshop.store(), project.id, "champion");
  Succession result;
  if (!champion) return result;
  Gate gate;
  const bool comparable = champion->featurizer_version == model.featurizer_version;
  const auto loaded = comparable ? workshop.load_if_whole(champion->version) : std::nullopt;
  if (loaded) {
    const Matrix theirs = predict_rows(*loaded->model, view, audit.rows);
    gate = paired_gate(audit.ids, predict_rows(*model.model, view, audit.rows), theirs,
                       audit_groups(workshop.store(), project.id, audit.rows),
                       static_cast<uint64_t>(project.settings.integer("seed")));
  } else {
    gate.passed = true;
    gate.sentence =
        comparable ? "Taken without a test: the champion's file is missing or damaged."
                   : "Taken without a test: the champion reads features of an older featurizer.";
  }
  result.gate = gate;
  result.against = champion->version;
  result.takes_over = gate.passed;
  result.reason = gate.sentence;
  return result;
}

void store_model(Workshop& workshop, const ModelVersion& version, const Json& metrics,
                 const Succession& next, LoadedModel& model, Cycle& cycle) {
  storage::Store& store = workshop.store();
  const std::string bytes = model.plain->save();
  store.atomically([&] {
    const ModelVersion added = storage::add_model(store, version, bytes, "querist");
    record_choice(store, added);
    model.version = added.version;
    const int64_t project_id = version.project_id;
    record_pseudo_labels(store, version, model.version);
    if (!metrics.is_null()) {
      Json named = metrics;
      named["model_version"] = model.version;
      storage::set_model_metrics(store, project_id, model.version, named, "querist");
    }
    if (next.gate) {
      storage::set_model_gate(store, project_id, model.version, gate_json(*next.gate, next.against),
                              "querist");
    }
    if (next.takes_over) {
      storage::set_alias(store, project_id, "champion", model.version, "automatic", next.reason,
                         "querist");
    }
    cycle.model_version = model.version;
    storage::save_cycle(store, cycle, "querist");
  });
}

}  // namespace querist::loop
