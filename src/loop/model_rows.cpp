// Reads the version, its labels as they were, and its features.
#include "loop/model_rows.h"

#include "storage/annotations.h"
#include "storage/models.h"
#include "storage/projects.h"

namespace querist::loop {

ModelRows model_rows(Workshop& workshop, int64_t version, const Progress& progress) {
  storage::Store& store = workshop.store();
  ModelRows rows;
  rows.project = storage::project(store, workshop.project_id());
  const int64_t id = rows.project.id;
  auto found =
      version == 0 ? storage::latest_model(store, id) : storage::find_model(store, id, version);
  if (!found && version == 0) {
    fail(Code::not_found, "the project {} has no model yet: label some examples first",
         rows.project.name);
  }
  if (!found)
    fail(Code::not_found, "the project {} has no model version {}", rows.project.name, version);
  rows.version = std::move(*found);
  {
    const std::lock_guard lock(workshop.mutex());
    rows.view = workshop.features(progress);
    if (rows.version.featurizer_version != workshop.featurizer_version()) {
      rows.view = past_features(store, id, rows.version.featurizer_version,
                                static_cast<int64_t>(rows.view.rows), progress);
    }
    rows.model = workshop.load_model(rows.version.version);
  }
  auto labels =
      storage::labels_as_of(store, id, storage::LabelUse::all, rows.version.through_event);
  std::vector<Labelled> audit;
  if (!rows.version.with_audit) {
    for (const Labelled& label : labels) {
      if (label.audit) audit.push_back(label);
    }
    std::erase_if(labels, [](const Labelled& label) { return label.audit; });
  }
  const auto count = static_cast<int64_t>(rows.view.rows);
  rows.trained_on = numbered(labels, rows.version.classes, count);
  rows.audit = numbered(audit, rows.version.classes, count);
  return rows;
}

}  // namespace querist::loop
