// The card of a stopping rule: what it reads from a project's history, and the advice it gives in
// plain words.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/params.h"
#include "metrics/estimate.h"
#include "metrics/intervals.h"
#include "metrics/recall.h"

namespace querist::stopping {

// How far apart the posteriors of a model's weights and of the model's before it are: the
// Kullback-Leibler divergences in nats, both ways.
struct PosteriorStep {
  double before_from_after = 0;  // KL(before || after).
  double after_from_before = 0;
};

// One trained model: how many labels it learnt from, its classes for the stop set, and how it did
// on the audit labels that there were then. The stop set is a fixed sample of unlabelled examples
// (2,000 or more if there are as many), the same for all models of a project.
struct ModelRecord {
  size_t labels = 0;
  std::vector<int32_t> predictions;
  std::optional<double> entropy;           // Mean over the stop set, in nats.
  size_t classes = 0;                      // That the model chooses from; 0: not known.
  std::optional<metrics::Estimate> audit;  // The target metric on the audit labels.
  size_t audit_labels = 0;
  // From the model before; nothing where there is none or one of both has no posterior.
  std::optional<PosteriorStep> posterior_step = std::nullopt;
};

// A search for every example of one class, read in the order of a strategy except for the audit
// share, which is drawn uniformly.
struct Review {
  std::string relevant;                   // The class that is looked for.
  std::vector<metrics::AuditDraw> draws;  // In the order in which they left the pool.
  metrics::ReviewState now;
};

struct History {
  std::vector<ModelRecord> models;  // Oldest first.
  size_t batch_size = 20;
  std::optional<metrics::Estimate> audit;    // The target metric on randomly drawn audit labels.
  std::vector<metrics::Share> audit_shares;  // Whose mean it is: the accuracy, or a recall a class.
  size_t audit_labels = 0;
  std::string_view metric = "accuracy";  // The word of that metric, for sentences.
  double target = 0;                     // 0: none was set.
  size_t labels = 0;                     // Labels given so far.
  double audit_share = 0;  // Of labels to come that no model learns from, where its count has none.
  size_t budget = 0;       // Most labels to give; 0: no limit was set.
  size_t pool_left = 0;    // Examples that nobody has labelled yet.
  std::optional<double> seconds_per_label;
  double cost_per_hour = 0;  // 0: not known.
  double value_per_point =
      0;                      // Of one point of 100 of the metric, in the same money; 0: not known.
  std::string_view strategy;  // That chose the last batch, for sentences.
  // What the guard against worse than random says while it is raised.
  std::optional<std::string> guard;
  std::optional<Review> review;
};

enum class Verdict { stop, continue_, switch_, unknown };
std::string_view verdict_word(Verdict verdict);  // stop, continue, switch, unknown.

struct Advice {
  Verdict verdict = Verdict::unknown;
  std::string name;         // The rule's.
  std::optional<bool> met;  // Null while the rule cannot tell.
  std::string sentence;
  double value = 0;  // What the rule measured; 0 while it cannot tell.
};

// Whether a rule that is met ends the project: always, unless it is a review (whose aim is recall,
// which settled answers say nothing of), or never: it is shown as evidence beside the others.
enum class Decides { always, outside_reviews, never };

struct StoppingRule {
  std::string_view name;
  std::string_view summary;
  ParamSpecs params{};
  std::string_view source{};  // Author, year.
  Advice (*decide)(const History& history, const Params& params) = nullptr;
  Decides decides = Decides::outside_reviews;
  bool reads_posteriors = false;  // Its history needs each model's posterior_step, which is costly.
  bool reads_audit = false;       // It cannot tell without audit labels,
  bool reads_review = false;      // or without a review.
};

// Every rule of this folder, by wire name ascending.
const std::vector<StoppingRule>& all();
const StoppingRule& find(std::string_view name);

// Checks the history (label counts that do not fall, stop sets of one size) and asks the rule.
Advice decide(const StoppingRule& rule, const History& history, const Params& params);

// What all rules together say. Stop: a rule that decides is met. Switch: the answers have settled,
// or nothing more is gained, and yet the target is not reached, so that more labels chosen in this
// way would be wasted; or the guard is raised, since random labels teach more. Continue: go on,
// with the gain expected of the next 100 labels where the audit says it; also where the answers
// have settled while the audit lies below the target and the curve expects the gain of no_gain.
// Unknown: no rule can tell. settings may hold the Params of a rule by its name; others keep their
// fallbacks.
struct Verdicts {
  Verdict verdict = Verdict::unknown;
  std::string sentence;
  std::vector<Advice> evidence;  // One a rule, in the order of all().
};
Verdicts advise(const History& history, const std::map<std::string, Params>& settings = {});

#define ENTRY(function, wire_name) StoppingRule function();
#include "stopping.list"
#undef ENTRY

}  // namespace querist::stopping
