// Lazy greedy: candidates are looked at by falling bounds until none left can be the best.
#include "strategies/information/greedy_joint.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/interrupt.h"
#include "strategies/information/contenders.h"
#include "strategies/information/joint_labels.h"

namespace querist::strategies {

static constexpr size_t block = 128;  // Candidates looked at together.
static constexpr double slack = 2 * kernels::ExpectedEntropy::error;  // Of a difference of two.
static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
static constexpr double unbounded = std::numeric_limits<double>::infinity();

class LazyGreedy {
 public:
  LazyGreedy(const kernels::Committee& committee, std::span<const int64_t> rows,
             std::span<const double> costs, bool lazy)
      : committee_(committee),
        rows_(rows),
        costs_(costs),
        lazy_(lazy),
        known_(rows.size()),
        bounds_(rows.size(), unbounded),
        worths_(rows.size()) {
    kernels::mean_entropies(committee, rows, known_);
    left_.resize(rows.size());
    std::iota(left_.begin(), left_.end(), 0);
  }

  JointPick next(const JointLabels& joint) {
    const kernels::ExpectedEntropy entropy(joint.outcomes());
    look(entropy, lazy_ && joint.exact());
    JointPick best;
    double most = -1;
    for (const size_t i : contenders(worths_, costs_, slack, 1)) {
      const double gain =
          entropy.exact(committee_, rows_[i]) - kernels::mean_entropy(committee_, rows_[i]);
      const double worth = std::max(gain, 0.0) / costs_[i];
      if (worth <= most + tie / costs_[i]) continue;
      most = worth;
      best = {i, gain};
    }
    std::erase(left_, best.candidate);
    return best;
  }
  size_t evaluations() const { return evaluations_; }

 private:
  // Fills in the worths of all candidates left that may be the best; others stay unknown.
  void look(const kernels::ExpectedEntropy& entropy, bool by_bounds) {
    std::fill(worths_.begin(), worths_.end(), unknown);
    std::vector<size_t> order = left_;
    if (by_bounds) {
      std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
        const double x = bounds_[a] / costs_[a];
        const double y = bounds_[b] / costs_[b];
        return x != y ? x > y : a < b;
      });
    }
    double most = -1;  // What the best is worth for certain.
    std::vector<int64_t> rows;
    std::vector<double> entropies;
    for (size_t from = 0; from < order.size(); from += block) {
      if (by_bounds && bounds_[order[from]] / costs_[order[from]] < most) break;
      const size_t count = std::min(block, order.size() - from);
      rows.clear();
      for (size_t j = 0; j < count; ++j) rows.push_back(rows_[order[from + j]]);
      entropies.resize(count);
      entropy.approximate(committee_, rows, entropies);
      for (size_t j = 0; j < count; ++j) {
        const size_t i = order[from + j];
        const double gain = entropies[j] - known_[i];
        bounds_[i] = std::max(gain, 0.0) + 2 * slack;
        worths_[i] = std::max(gain, 0.0) / costs_[i];
        most = std::max(most, worths_[i] - 2 * slack / costs_[i]);
      }
      evaluations_ += count;
      check_interrupt();
    }
  }

  const kernels::Committee& committee_;
  std::span<const int64_t> rows_;
  std::span<const double> costs_;
  bool lazy_;
  std::vector<double> known_;   // What of a row's entropy no knowledge of the members takes away.
  std::vector<double> bounds_;  // Of gains; infinite at first.
  std::vector<double> worths_;  // Of the present pick: gain per cost, or unknown.
  std::vector<size_t> left_;    // Ascending.
  size_t evaluations_ = 0;
};

JointBatch greedy_joint(const kernels::Committee& committee, std::span<const int64_t> rows,
                        std::span<const double> costs, size_t batch_size, size_t samples, Rng& rng,
                        bool lazy) {
  LazyGreedy greedy(committee, rows, costs, lazy);
  JointLabels joint(committee.members, samples, rng);
  JointBatch batch;
  batch_size = std::min(batch_size, rows.size());
  std::vector<double> seen(committee.members * committee.classes);
  while (batch.picks.size() < batch_size) {
    batch.picks.push_back(greedy.next(joint));
    if (batch.picks.size() == batch_size) break;
    kernels::read_row(committee, static_cast<size_t>(rows[batch.picks.back().candidate]), seen);
    joint.add(seen);
  }
  batch.evaluations = greedy.evaluations();
  return batch;
}

}  // namespace querist::strategies
