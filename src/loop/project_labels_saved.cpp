// Puts the labels in the order in which they came.
#include "loop/project_labels_saved.h"

#include <algorithm>
#include <unordered_map>

#include "base/clock.h"
#include "loop/out_of_fold.h"
#include "storage/annotations.h"
#include "storage/examples.h"
#include "storage/models.h"

namespace querist::loop {

static constexpr const char* key = "labels_saved";

static bool is_fresh(const Json& kept, const SavedStep& step) {
  if (!kept.is_object() || kept.contains("reason") || kept.at("learner") != step.learner.card->name)
    return false;
  return !has_outgrown(step.audit.rows.size(), kept.at("audit_labels").get<size_t>()) &&
         2 * step.labels.rows.size() < 3 * kept.at("training_labels").get<size_t>();
}

// The labels trained on and the audit labels, as they came.
struct Way {
  NumberedLabels trained, audit;
  std::vector<int64_t> audit_before;
};

static Way way_of(const SavedStep& step) {
  std::unordered_map<int64_t, int64_t> sequences;  // A row's, where its label stands.
  for (const auto& label : storage::labels_in_order(step.workshop.store(), step.project.id))
    sequences.emplace(label.row, label.sequence);
  const auto sequence = [&](int64_t row) {
    const auto found = sequences.find(row);
    return found == sequences.end() ? 0 : found->second;
  };
  const auto sequences_of = [&](const NumberedLabels& labels) {
    std::vector<std::pair<int64_t, size_t>> order;
    for (size_t i = 0; i < labels.rows.size(); ++i) order.emplace_back(sequence(labels.rows[i]), i);
    std::sort(order.begin(), order.end());
    return order;
  };
  const auto put = [](const NumberedLabels& from, size_t i, NumberedLabels& to) {
    to.rows.push_back(from.rows[i]);
    to.ids.push_back(from.ids[i]);
  };
  Way way;
  const auto audits = sequences_of(step.audit);
  for (const auto& [when, i] : audits) put(step.audit, i, way.audit);
  size_t before = 0;
  for (const auto& [when, i] : sequences_of(step.labels)) {
    while (before < audits.size() && audits[before].first < when) ++before;
    put(step.labels, i, way.trained);
    way.audit_before.push_back(static_cast<int64_t>(before));
  }
  return way;
}

static std::vector<int64_t> unlabeled_rows(const SavedStep& step) {
  std::vector<uint8_t> taken(step.view.rows, 0);
  const auto take = [&](const std::vector<int64_t>& rows) {
    for (const int64_t row : rows) {
      if (static_cast<size_t>(row) < taken.size()) taken[static_cast<size_t>(row)] = 1;
    }
  };
  take(step.labels.rows);
  take(step.audit.rows);
  take(storage::rows_in_state(step.workshop.store(), step.project.id, ExampleState::skipped));
  std::vector<int64_t> rows;
  for (size_t row = 0; row < taken.size(); ++row) {
    if (!taken[row]) rows.push_back(static_cast<int64_t>(row));
  }
  return rows;
}

void add_labels_saved(const SavedStep& step, ModelVersion& version) {
  const Project& project = step.project;
  if (!project.settings.flag(key)) return;
  const auto newest = storage::latest_model(step.workshop.store(), project.id);
  const Json kept = newest ? newest->data.value(key, Json()) : Json();
  if (is_fresh(kept, step) && !version.with_audit) {
    version.data[key] = kept;
    return;
  }
  const auto unlabeled = unlabeled_rows(step);
  const size_t classes = project.classes.size();
  if (!unsaved_reason(step.labels.rows.size(), step.audit.rows.size(), unlabeled.size(), classes)
           .empty())
    return;
  if (const auto reason = too_dear_reason(*step.learner.card, step.view.features, classes);
      !reason.empty()) {
    version.data[key] = {{"learner", step.learner.card->name}, {"reason", reason}};
    return;
  }
  const double started = monotonic_seconds();
  const Way way = way_of(step);
  Json estimate = estimate_labels_saved(
      *step.learner.card, step.learner.params,
      {.features = step.view.features,
       .rows = way.trained.rows,
       .labels = way.trained.ids,
       .audit_before = way.audit_before,
       .audit_rows = way.audit.rows,
       .audit_labels = way.audit.ids,
       .unlabeled = unlabeled,
       .present = &step.plain,
       .classes = classes},
      mix_seed(static_cast<uint64_t>(project.settings.integer("seed")), 94), step.progress);
  estimate["learner"] = step.learner.card->name;
  version.data[key] = std::move(estimate);
  version.seconds += monotonic_seconds() - started;
}

static std::string reason_without(const Project& project) {
  if (!project.settings.flag(key)) return "the setting labels_saved is off";
  if (project.finalised) return "the project is finalised: its audit labels are trained on";
  if (project.settings.number("audit_share") <= 0 && project.counts.audit == 0)
    return "no audit labels are drawn: the setting audit_share is 0";
  const Counts& counts = project.counts;
  const auto reason = unsaved_reason(
      static_cast<size_t>(counts.labeled - counts.audit), static_cast<size_t>(counts.audit),
      static_cast<size_t>(counts.unlabeled + counts.leased), project.classes.size());
  return reason.empty() ? "it comes with the next training" : reason;
}

void report_labels_saved(const Project& project, const ModelVersion* newest, Json& report) {
  report[key] = nullptr;
  report["labels_saved_reason"] = nullptr;
  const Json kept = newest ? newest->data.value(key, Json()) : Json();
  if (!kept.is_object() || !project.settings.flag(key)) {
    report["labels_saved_reason"] = reason_without(project);
    return;
  }
  if (kept.contains("reason")) {
    report["labels_saved_reason"] = kept["reason"];
    return;
  }
  if (kept.at("ci_low").is_null() && kept.at("ci_high").is_null()) {
    report["labels_saved_reason"] = saved_sentence(kept);
    return;
  }
  report[key] = kept;
  report[key]["sentence"] = saved_sentence(kept);
  report[key]["back_test"]["sentence"] = saved_back_test_sentence(kept);
}

}  // namespace querist::loop
