// Where stopping rules would have ended a simulated loop, and what that would have cost.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "loop/posterior_steps.h"
#include "stopping/stopping.h"

namespace querist::loop {

// A rule on one run: the first point of the curve at which it was met.
struct StopPoint {
  std::string rule;              // As planned, its parameters with it.
  std::optional<double> labels;  // Spent then; nothing: it was never met.
  double accuracy = 0;           // On the test set then; of the last model where it was never met.
};

// A rule by its expression, such as "stabilizing_predictions(kappa=0.98)". Throws not_found for a
// name that is none and invalid_argument for a parameter that the rule does not have.
struct ChosenRule {
  const stopping::StoppingRule* card = nullptr;
  Params params;
};
ChosenRule parse_rule(std::string_view expression);

// The same, refusing a rule that could never be met in a simulation of this audit share and cost a
// label (0: not counted), with what it needs.
ChosenRule watched_rule(std::string_view expression, double audit_share, double cost_per_label);

// Asks the rules after every model, as a project would: on a stop set of up to 2,000 rows of the
// pool, fixed by the seed, and on the audit labels where the simulation draws some. The loop itself
// goes on.
class StopPoints {
 public:
  // rules: expressions; empty: nothing is done. pool: outlives this. budget: of the run.
  StopPoints(const std::vector<std::string>& rules, Features pool, size_t batch_size, size_t budget,
             uint64_t seed);

  // One trained model, and the audit labels so far.
  struct Step {
    const TrainedRows& trained;
    size_t labels = 0;  // Spent, audit labels included.
    double cost = 0;    // Of them all; 0: not counted.
    size_t pool_left = 0;
    double accuracy = 0;
    const std::vector<int64_t>& audit_rows;
    const std::vector<int32_t>& audit_labels;
  };
  void observe(const Step& step);

  std::vector<StopPoint> take() { return std::move(points_); }

 private:
  Features pool_;
  std::vector<ChosenRule> rules_;
  std::vector<StopPoint> points_;
  std::vector<int64_t> stop_rows_;
  OwnedFeatures stop_set_;
  stopping::History history_;
  bool reads_posteriors_ = false;  // They cost more than the rest of an observation.
  TrainedRows before_;
};

}  // namespace querist::loop
