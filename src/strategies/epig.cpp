// EPIG: ask about the examples whose label says most about the labels of the others, rather than
// about the model (Bickford Smith et al. 2023).
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/interrupt.h"
#include "base/threads.h"
#include "strategies/information/contenders.h"
#include "strategies/prices.h"
#include "strategies/strategy.h"

namespace querist::strategies {

static constexpr size_t most_outcomes = 65'536;  // Held at a time; 12 bytes a member each.

// Rows without a label, in an order that depends on the pool's size alone: mostly the same ones
// from label to label.
static std::vector<int64_t> target_rows(const Pool& pool, size_t count) {
  std::vector<int64_t> targets;
  for (const int64_t row : Rng(mix_seed(pool.size, 4)).sample(pool.size, pool.size)) {
    if (targets.size() == count) break;
    if (!std::binary_search(pool.labeled.begin(), pool.labeled.end(), row)) targets.push_back(row);
  }
  std::sort(targets.begin(), targets.end());
  return targets;
}

// The labels that some targets may get, each target weighing `weight`.
static kernels::Outcomes labels_of(const kernels::Committee& committee,
                                   std::span<const int64_t> targets, double weight) {
  const size_t members = committee.members;
  kernels::Outcomes outcomes{members, {}, {}};
  std::vector<double> seen(members * committee.classes);
  for (const int64_t target : targets) {
    kernels::read_row(committee, static_cast<size_t>(target), seen);
    for (size_t c = 0; c < committee.classes; ++c) {
      double sum = 0;
      for (size_t k = 0; k < members; ++k) sum += seen[k * committee.classes + c];
      outcomes.weights.push_back(weight * sum / static_cast<double>(members));
      for (size_t k = 0; k < members; ++k)
        outcomes.posteriors.push_back(seen[k * committee.classes + c] / sum);
    }
  }
  return outcomes;
}

// Calls visit with the outcomes of some targets at a time.
template <class Visit>
static void each_part(const kernels::Committee& committee, std::span<const int64_t> targets,
                      Visit visit) {
  const size_t step = std::max<size_t>(1, most_outcomes / std::max<size_t>(committee.classes, 1));
  for (size_t from = 0; from < targets.size(); from += step) {
    const auto part = targets.subspan(from, std::min(step, targets.size() - from));
    const auto outcomes = labels_of(committee, part, 1 / static_cast<double>(targets.size()));
    visit(kernels::ExpectedEntropy(outcomes));
    check_interrupt();
  }
}

// The mean over targets of I(y; y*) = H(y) - H(y | y*), one a candidate: candidates · targets ·
// classes² · members multiply-adds and candidates · targets · classes² logarithms.
static std::vector<double> approximate_gains(const kernels::Committee& committee,
                                             std::span<const int64_t> rows,
                                             std::span<const int64_t> targets) {
  const auto nothing = kernels::no_outcomes(committee.members);
  std::vector<double> gains(rows.size());
  kernels::ExpectedEntropy(nothing).approximate(committee, rows, gains);
  std::vector<double> remaining(rows.size());
  each_part(committee, targets, [&](const kernels::ExpectedEntropy& entropy) {
    entropy.approximate(committee, rows, remaining);
    for (size_t i = 0; i < gains.size(); ++i) gains[i] -= remaining[i];
  });
  return gains;
}

// The same in double, of the candidates that may be among the best; the others become NaN.
static void settle(const kernels::Committee& committee, std::span<const int64_t> rows,
                   std::span<const int64_t> targets, std::span<const size_t> chosen,
                   std::vector<double>& gains) {
  const auto nothing = kernels::no_outcomes(committee.members);
  std::fill(gains.begin(), gains.end(), std::numeric_limits<double>::quiet_NaN());
  const kernels::ExpectedEntropy prior(nothing);
  for (const size_t i : chosen) gains[i] = prior.exact(committee, rows[i]);
  each_part(committee, targets, [&](const kernels::ExpectedEntropy& entropy) {
    parallel_for(chosen.size(), 1, [&](size_t begin, size_t end) {
      for (size_t j = begin; j < end; ++j) {
        check_interrupt();
        gains[chosen[j]] -= entropy.exact(committee, rows[chosen[j]]);
      }
    });
  });
  // Rounding must not part what is equal.
  for (const size_t i : chosen) gains[i] = std::max(0.0, std::round(gains[i] / tie) * tie);
}

static Selection select(const Pool& pool, size_t batch_size, const Params& params, Rng&) {
  if (pool.candidates.empty()) return {};
  const auto committee = committee_of(pool);
  const auto targets = target_rows(pool, static_cast<size_t>(params.integer("max_targets")));
  auto gains = approximate_gains(committee, pool.candidates, targets);
  const auto costs = candidate_prices(pool);
  auto worths = gains;
  for (size_t i = 0; i < worths.size(); ++i) worths[i] = std::max(0.0, gains[i]) / costs[i];
  constexpr double slack = 2 * kernels::ExpectedEntropy::error;  // Of a difference of two.
  settle(committee, pool.candidates, targets, contenders(worths, costs, slack, batch_size), gains);
  return top_k(pool, gains, batch_size);
}

QueryStrategy epig() {
  return {
      .name = "epig",
      .summary = "Most information about the labels of the other examples; ignores outliers.",
      .needs = Signal::member_probabilities,
      .params = {{.name = "max_targets",
                  .fallback = 500,
                  .min = 10,
                  .max = 20'000,
                  .whole = true,
                  .help = "Sampled examples about whose labels the batch should inform."}},
      .select = select,
      .source = "Bickford Smith et al. 2023",
      .task = Task::classification,
      .family = "committee",
  };
}

}  // namespace querist::strategies
