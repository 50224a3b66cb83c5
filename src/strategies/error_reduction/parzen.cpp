// Expected losses of a Parzen window classifier: a new label adds one kernel value to one vote of
// every row, so that nothing is ever refitted. In pools of up to some 7,000 rows the kernel stays.
#include <numeric>

#include "base/threads.h"
#include "kernels/parzen.h"
#include "kernels/rbf.h"
#include "strategies/error_reduction/error_reduction.h"
#include "strategies/error_reduction/parzen_memory.h"

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

namespace {

// What a task needs of its windows, wherever it comes from.
struct Windows {
  std::vector<double> chances;    // Of each class for each candidate, (candidates, classes).
  std::span<const double> votes;  // Of the targets, (classes, targets).
};

}  // namespace

static ExpectedLosses current_losses(const ErrorReduction& task, const Windows& windows) {
  const size_t n = task.targets.size();
  const size_t classes = task.pool.classes;
  const std::vector<double> nothing(n, 0.0);
  const std::vector<double> even(classes, 1 / static_cast<double>(classes));
  ExpectedLosses out;
  out.current = kernels::expected_vote_loss(windows.votes.data(), n, n, nothing.data(), even.data(),
                                            classes, task.loss);
  out.of_candidates.resize(task.candidates.size());
  return out;
}

// Kernel values are computed where they are needed and forgotten.
static ExpectedLosses passing_losses(const ErrorReduction& task, double gamma) {
  const Pool& pool = task.pool;
  const size_t classes = pool.classes;
  const size_t n = task.targets.size();
  Windows windows{votes_of(task, task.candidates), {}};
  each_block(windows.chances.size(), classes, [&](size_t from, size_t count) {
    to_chances({windows.chances.data() + from, count});
  });
  std::vector<double> votes(n * classes);
  const std::vector<double> by_row = votes_of(task, task.targets);
  for (size_t u = 0; u < n; ++u) {
    for (size_t c = 0; c < classes; ++c) votes[c * n + u] = by_row[u * classes + c];
  }
  windows.votes = votes;
  ExpectedLosses out = current_losses(task, windows);
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
              windows.chances.data() + (first + i) * classes, classes, task.loss);
        }
      });
    }
  });
  return out;
}

// The kernel of the whole pool is there.
static ExpectedLosses kept_losses(const ErrorReduction& task, double gamma, ParzenMemory& memory) {
  const size_t classes = task.pool.classes;
  const size_t n = task.targets.size();
  memory.look_at(task.pool, gamma);
  Windows windows{{}, memory.votes()};
  windows.chances.resize(task.candidates.size() * classes);
  for (size_t i = 0; i < task.candidates.size(); ++i) {
    const std::span<double> own(windows.chances.data() + i * classes, classes);
    for (size_t c = 0; c < classes; ++c)
      own[c] = windows.votes[c * n + static_cast<size_t>(task.candidates[i])];
    to_chances(own);
  }
  ExpectedLosses out = current_losses(task, windows);
  parallel_for(task.candidates.size(), candidate_block, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      out.of_candidates[i] = kernels::expected_vote_loss(
          windows.votes.data(), n, n, memory.kernel_row(task.candidates[i]),
          windows.chances.data() + i * classes, classes, task.loss);
      if (i % candidate_block == 0) check_interrupt();
    }
  });
  return out;
}

// Depends on the pool and the parameters alone, never on what is kept: the two ways round
// differently.
static bool is_kept(const ErrorReduction& task) {
  const Pool& pool = task.pool;
  return task.targets.size() == pool.size && ParzenMemory::fits(pool.size, pool.classes) &&
         2 * (task.candidates.size() + pool.labeled.size()) >= pool.size;
}

ExpectedLosses parzen_losses(const ErrorReduction& task) {
  const Pool& pool = task.pool;
  const double gamma = kernels::rbf_gamma(task.params.number("gamma"), pool.embeddings.cols);
  if (!is_kept(task)) return passing_losses(task, gamma);
  std::any own;
  std::any& place = pool.memory ? *pool.memory : own;
  auto* memory = std::any_cast<ParzenMemory>(&place);
  return kept_losses(task, gamma, memory ? *memory : place.emplace<ParzenMemory>());
}

}  // namespace querist::strategies
