// Expected losses of a Parzen window classifier: a new label adds one kernel value to one vote of
// every row, so that nothing is ever refitted.
#include <numeric>

#include "base/threads.h"
#include "kernels/parzen.h"
#include "kernels/rbf.h"
#include "strategies/error_reduction/error_reduction.h"

namespace querist::strategies {

static std::vector<double> votes_of(const ErrorReduction& task, std::span<const int64_t> rows) {
  const Pool& pool = task.pool;
  std::vector<double> votes(rows.size() * pool.classes);
  kernels::parzen_frequencies({pool.embeddings, rows}, {pool.embeddings, pool.labeled}, pool.labels,
                              pool.classes, task.params.number("gamma"), votes);
  return votes;
}

static void to_chances(std::span<double> votes) {
  const double sum = std::accumulate(votes.begin(), votes.end(), 0.0);
  for (double& v : votes)
    v = sum < kernels::least_votes ? 1 / static_cast<double>(votes.size()) : v / sum;
}

ExpectedLosses parzen_losses(const ErrorReduction& task) {
  const Pool& pool = task.pool;
  const size_t classes = pool.classes;
  const size_t n = task.targets.size();
  const double gamma = kernels::rbf_gamma(task.params.number("gamma"), pool.embeddings.cols);
  std::vector<double> chances = votes_of(task, task.candidates);
  each_block(chances.size(), classes, [&](size_t from, size_t count) {
    to_chances({chances.data() + from, count});
  });
  std::vector<double> votes(n * classes);  // Class by class.
  const std::vector<double> by_row = votes_of(task, task.targets);
  for (size_t u = 0; u < n; ++u) {
    for (size_t c = 0; c < classes; ++c) votes[c * n + u] = by_row[u * classes + c];
  }
  ExpectedLosses out;
  const std::vector<double> nothing(n, 0.0);
  const std::vector<double> even(classes, 1 / static_cast<double>(classes));
  out.current = kernels::expected_vote_loss(votes.data(), n, n, nothing.data(), even.data(),
                                            classes, task.loss);
  out.of_candidates.resize(task.candidates.size());
  parallel_for(task.candidates.size(), candidate_block, [&](size_t begin, size_t end) {
    std::vector<double> wide;
    kernels::PackedRows panel;
    std::vector<double> kernel(candidate_block * target_block);
    for (size_t first = begin; first < end; first += candidate_block) {
      const auto rows = task.candidates.subspan(first, std::min(candidate_block, end - first));
      kernels::widen_rows(pool.embeddings, rows, wide);
      each_block(n, target_block, [&](size_t from, size_t count) {
        kernels::pack_rows(pool.embeddings, task.targets.subspan(from, count), panel);
        kernels::rbf_kernel(wide.data(), rows.size(), panel, gamma, kernel.data());
        for (size_t i = 0; i < rows.size(); ++i) {
          out.of_candidates[first + i] += kernels::expected_vote_loss(
              votes.data() + from, n, count, kernel.data() + i * panel.padded(),
              chances.data() + (first + i) * classes, classes, task.loss);
        }
      });
    }
  });
  return out;
}

}  // namespace querist::strategies
