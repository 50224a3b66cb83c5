// MMC, maximum loss reduction with maximal confidence: ask about the examples whose predicted set
// of labels the model holds least firmly (Yang et al. 2009).
//
// With f_l = 2 p_l - 1 the utility is sum_l (1 - y_l f_l) / 2, where y_l is +1 for the k likeliest
// labels and -1 for the others: 1 - p over the former plus p over the latter. k is predicted by a
// multinomial logistic regression from the marginals sorted falling and divided by their sum,
// fitted on the labelled rows (at most 2000 of them, evenly spaced). Where all of these have
// equally many labels k is that number; where there are none it is the sum of the marginals,
// rounded.
#include <algorithm>
#include <cmath>
#include <functional>

#include "base/threads.h"
#include "kernels/multinomial_fit.h"
#include "strategies/strategy.h"

namespace querist::strategies {

static constexpr size_t most_rows = 2000;

static std::vector<double> falling(std::span<const float> marginals) {
  std::vector<double> sorted(marginals.begin(), marginals.end());
  std::sort(sorted.begin(), sorted.end(), std::greater());
  return sorted;
}

static double sum_of(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum;
}

static void share_out(std::span<double> sorted) {
  const double sum = sum_of(sorted);
  if (sum <= 0) return;
  for (double& value : sorted) value /= sum;
}

// How many labels an example has.
class Cardinality {
 public:
  explicit Cardinality(const Pool& pool) {
    const size_t all = pool.label_matrix.rows, rows = std::min(all, most_rows);
    std::vector<size_t> counts;
    std::vector<double> x;
    for (size_t i = 0; i < rows; ++i) {
      const size_t at = i * all / rows;
      const auto labels = pool.label_matrix.row(at);
      counts.push_back(static_cast<size_t>(std::count(labels.begin(), labels.end(), 1.0f)));
      auto row = falling(pool.probabilities.row(static_cast<size_t>(pool.labeled[at])));
      share_out(row);
      x.insert(x.end(), row.begin(), row.end());
    }
    seen_ = counts;
    std::sort(seen_.begin(), seen_.end());
    seen_.erase(std::unique(seen_.begin(), seen_.end()), seen_.end());
    if (seen_.size() < 2) return;
    std::vector<int32_t> targets;
    for (const size_t count : counts) {
      targets.push_back(static_cast<int32_t>(std::lower_bound(seen_.begin(), seen_.end(), count) -
                                             seen_.begin()));
    }
    model_ = kernels::fit_multinomial(x, pool.classes, targets, seen_.size());
  }

  size_t predict(std::span<const double> sorted) const {
    if (seen_.empty()) {
      const auto rounded = static_cast<size_t>(std::lround(sum_of(sorted)));
      return std::min(rounded, sorted.size());
    }
    if (seen_.size() == 1) return seen_[0];
    std::vector<double> shares(sorted.begin(), sorted.end());
    share_out(shares);
    return seen_[model_.predict(shares)];
  }

 private:
  std::vector<size_t> seen_;  // Numbers of labels, ascending.
  kernels::MultinomialModel model_;
};

static Selection select(const Pool& pool, size_t batch_size, const Params&, Rng&) {
  const Cardinality cardinality(pool);
  std::vector<double> utilities(pool.candidates.size());
  parallel_for(utilities.size(), 1024, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      const auto row = static_cast<size_t>(pool.candidates[i]);
      const std::vector<double> sorted = falling(pool.probabilities.row(row));
      const size_t positive = cardinality.predict(sorted);
      double utility = 0;
      for (size_t l = 0; l < sorted.size(); ++l)
        utility += l < positive ? 1 - sorted[l] : sorted[l];
      utilities[i] = utility;
    }
  });
  return top_k(pool, utilities, batch_size);
}

QueryStrategy mmc() {
  return {
      .name = "mmc",
      .summary =
          "Least firmly held set of labels: expected loss with the predicted number of labels.",
      .needs = Signal::probabilities | Signal::labels,
      .select = select,
      .source = "Yang, Sun, Wang and Chen 2009",
      .task = Task::multi_label,
      .family = "multi_label",
  };
}

}  // namespace querist::strategies
