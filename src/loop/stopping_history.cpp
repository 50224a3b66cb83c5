// Reads models, labels and selections into a stopping::History.
#include "loop/stopping_history.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "loop/audit.h"
#include "loop/project_posterior_step.h"
#include "storage/annotations.h"
#include "storage/models.h"
#include "storage/selections.h"
#include "strategies/door/expression.h"

namespace querist::loop {

static std::optional<metrics::Estimate> audit_of(const ModelVersion& model,
                                                 const std::string& metric) {
  if (!model.metrics.is_object() || !model.metrics[metric].is_object()) return std::nullopt;
  const Json& estimate = model.metrics[metric];
  return metrics::Estimate{estimate["value"], estimate["ci_low"], estimate["ci_high"], "audit"};
}

// The shares whose mean the metric is: hits of all audit labels, or of each class's.
static std::vector<metrics::Share> shares_of(const ModelVersion& model, const std::string& metric) {
  const Json& confusion = model.metrics["confusion"];  // Rows are labels.
  std::vector<metrics::Share> shares;
  for (size_t c = 0; c < confusion.size(); ++c) {
    const auto row = confusion[c].get<std::vector<int64_t>>();
    shares.push_back({row.at(c), std::accumulate(row.begin(), row.end(), int64_t{0})});
  }
  if (metric != "accuracy") return shares;
  metrics::Share all;
  for (const metrics::Share& share : shares) {
    all.successes += share.successes;
    all.trials += share.trials;
  }
  return {all};
}

static void read_models(stopping::History& history, const std::vector<ModelVersion>& models,
                        const std::string& metric) {
  for (const ModelVersion& model : models) {
    // A label taken back can leave a later model with fewer labels; rules read only the growing
    // ones.
    const auto labels = static_cast<size_t>(model.labels);
    if (!history.models.empty() && labels < history.models.back().labels) continue;
    stopping::ModelRecord record;
    record.labels = labels;
    record.predictions = model.data.at("stop_set").get<std::vector<int32_t>>();
    record.classes = model.classes.size();
    // Models of older versions have none.
    if (model.data.contains("stop_entropy")) record.entropy = model.data["stop_entropy"];
    record.audit = audit_of(model, metric);
    if (record.audit) record.audit_labels = model.metrics["audit_labels"].get<size_t>();
    record.posterior_step = posterior_step_of(model);
    history.models.push_back(std::move(record));
  }
  if (models.empty()) return;
  const ModelVersion& newest = models.back();
  history.audit = audit_of(newest, metric);
  if (!history.audit) return;
  history.audit_shares = shares_of(newest, metric);
  history.audit_labels = newest.metrics["audit_labels"].get<size_t>();
}

// The project's own number, or the mean of the measured ones.
static std::optional<double> seconds_per_label(storage::Store& store, const Project& project) {
  const double given = project.settings.number("seconds_per_label");
  if (given > 0) return given;
  const auto seconds = storage::answer_seconds(store, project.id);
  if (seconds.empty()) return std::nullopt;
  return metrics::mean(seconds);
}

stopping::History stopping_history(storage::Store& store, const Project& project,
                                   const std::vector<ModelVersion>& models) {
  stopping::History history;
  const std::string& metric = project.settings.text("target_metric");
  history.batch_size = static_cast<size_t>(project.settings.integer("batch_size"));
  history.metric = metric;
  history.target = project.settings.number("target");
  history.labels = static_cast<size_t>(project.counts.labeled);
  history.audit_share =
      audit_share_now(project.settings.number("audit_share"), project.counts.audit);
  history.budget = static_cast<size_t>(project.settings.integer("budget"));
  history.pool_left = static_cast<size_t>(project.counts.unlabeled + project.counts.leased);
  history.cost_per_hour = project.settings.number("cost_per_hour");
  history.value_per_point = project.settings.number("value_per_point");
  if (history.value_per_point > 0) history.seconds_per_label = seconds_per_label(store, project);
  history.strategy = project.settings.text("strategy");
  read_models(history, models, metric);
  history.review = review_of(store, project);
  return history;
}

std::map<std::string, Params> stopping_settings(const Project& project) {
  Params settled(stopping::find("stabilizing_predictions").params);
  settled.set("kappa", project.settings.number("stopping_kappa"));
  std::map<std::string, Params> settings = {{"stabilizing_predictions", std::move(settled)}};
  for (const char* rule : {"recall_interval", "hypergeometric_recall"}) {
    Params params(stopping::find(rule).params);
    params.set("recall", project.settings.number("target_recall"));
    settings.emplace(rule, std::move(params));
  }
  return settings;
}

// The class that a review looks for; nothing where the project is no review.
static std::optional<std::string> relevant_class(const Project& project) {
  if (project.classes.size() != 2) return std::nullopt;
  const auto chosen = strategies::parse_strategy(project.settings.text("strategy"));
  if (chosen.card->name != "certainty") return std::nullopt;
  const int64_t positive = chosen.params.integer("positive_class");
  if (positive >= 2) return std::nullopt;
  return project.classes[positive < 0 ? 1 : static_cast<size_t>(positive)];
}

// The labels of a review by when their examples left the pool: with their selection, or as they
// were answered unasked.
struct Departures {
  struct Batch {
    int64_t relevant = 0;
    std::vector<bool> audit;  // The audit draws' answers: relevant or not.
  };
  std::map<int64_t, Batch> batches;  // By selection.
  std::vector<int64_t> unasked;      // Events by which relevant examples were found so, ascending.
};

static Departures departures(const std::vector<storage::AcquiredLabel>& labels,
                             const std::string& wanted) {
  Departures out;
  for (const storage::AcquiredLabel& label : labels) {
    const bool relevant = label.label == wanted;
    if (!label.selection_id) {
      if (relevant) out.unasked.push_back(label.sequence);
      continue;
    }
    Departures::Batch& batch = out.batches[*label.selection_id];
    batch.relevant += relevant;
    if (label.audit) batch.audit.push_back(relevant);
  }
  return out;
}

// Whether the draw can come after those before it; not where labels were taken back meanwhile.
static bool follows(const metrics::AuditDraw& draw, const std::vector<metrics::AuditDraw>& before) {
  return before.empty() || (draw.known >= before.back().known + before.back().relevant &&
                            draw.remaining < before.back().remaining);
}

std::optional<stopping::Review> review_of(storage::Store& store, const Project& project) {
  const auto relevant = relevant_class(project);
  if (!relevant) return std::nullopt;
  const Departures gone = departures(storage::labels_in_order(store, project.id), *relevant);
  stopping::Review review;
  review.relevant = *relevant;
  review.now.unread = project.counts.unlabeled + project.counts.leased;
  review.now.found = static_cast<int64_t>(gone.unasked.size());
  for (const auto& [id, batch] : gone.batches) review.now.found += batch.relevant;
  int64_t asked = 0;  // Relevant ones of the selections before this one.
  for (const StoredSelection& selection : storage::selection_heads(store, project.id)) {
    const auto batch = gone.batches.find(selection.id);
    const bool of_this_pool = selection.data.contains("rows") &&
                              selection.data["rows"].get<int64_t>() == project.counts.examples;
    if (of_this_pool && batch != gone.batches.end()) {
      const auto unasked =
          std::upper_bound(gone.unasked.begin(), gone.unasked.end(), selection.through_event) -
          gone.unasked.begin();
      // Audit examples are drawn before any other of a batch, from the pool_size that were left.
      // Skipped ones are left out, which takes the pool for a little larger, and so the recall for
      // a little lower, than it is.
      metrics::AuditDraw draw{asked + unasked, selection.pool_size, false};
      for (const bool answer : batch->second.audit) {
        draw.relevant = answer;
        if (!follows(draw, review.draws)) review.draws.clear();
        review.draws.push_back(draw);
        draw.known += answer;
        --draw.remaining;
      }
    }
    if (batch != gone.batches.end()) asked += batch->second.relevant;
    if (selection.remaining > 0) break;
  }
  const metrics::AuditDraw now{review.now.found, review.now.unread, false};
  if (!follows(now, review.draws)) review.draws.clear();
  return review;
}

}  // namespace querist::loop
