// QUIRE: ask about the example whose worst-case label disturbs a kernel ridge classifier least
// (Huang, Jin and Zhou 2010).
//
// The paper minimises yᵀ(K + λI)⁻¹y over the unlabelled labels as real numbers, which is a Schur
// complement: what remains is the same form over the labelled rows and the candidate alone, and the
// unlabelled rows drop out exactly. With S = K_LL + λI, f the ridge prediction of the candidate s
// and v = λ + k(s,s) - k_sᵀ S⁻¹ k_s it is yᵀS⁻¹y + (1 - f)²/v, maximised over one-versus-rest
// labelings y. So no matrix over the whole pool is ever inverted or kept.
#include <algorithm>
#include <cmath>
#include <optional>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/threads.h"
#include "kernels/cholesky.h"
#include "kernels/rbf.h"
#include "strategies/kept/best_row.h"
#include "strategies/quire/kept_rows.h"
#include "strategies/strategy.h"

namespace querist::strategies {

namespace {

// Everything of the labelled rows, whitened by the factor R of S = R Rᵀ.
struct Labelled {
  kernels::PackedRows rows;
  double lmbda;
  double gamma;
  std::vector<double> factor;   // R, (L, L).
  std::vector<double> targets;  // R⁻¹ y of each different labeling, (labelings, L).
  std::vector<double> norms;    // yᵀ S⁻¹ y of each.

  size_t count() const { return rows.rows; }
  size_t labelings() const { return norms.size(); }
};

}  // namespace

// A class against the rest, for every class that was seen, and for all that were not the one
// labeling that they share.
static std::vector<double> labelings_of(const Pool& pool) {
  std::vector<bool> seen(pool.classes, false);
  for (const int32_t label : pool.labels) seen[static_cast<size_t>(label)] = true;
  std::vector<double> targets;
  bool has_unseen = false;
  for (size_t c = 0; c < pool.classes; ++c) {
    if (!seen[c] && has_unseen) continue;
    has_unseen = has_unseen || !seen[c];
    for (const int32_t label : pool.labels)
      targets.push_back(static_cast<size_t>(label) == c ? 1 : -1);
  }
  return targets;
}

static Labelled whiten(const Pool& pool, const Params& params) {
  Labelled out;
  const size_t n = pool.labeled.size();
  out.lmbda = params.number("lmbda");
  out.gamma = kernels::rbf_gamma(params.number("gamma"), pool.embeddings.cols);
  kernels::pack_rows(pool.embeddings, pool.labeled, out.rows);
  out.factor = kernels::rbf_block(pool.embeddings, pool.labeled, out.rows, out.gamma);
  for (size_t i = 0; i < n; ++i) out.factor[i * n + i] += out.lmbda;
  if (!kernels::cholesky(out.factor, n))
    refuse("quire cannot factorise the kernel of the labelled rows: raise lmbda above {}",
           out.lmbda);
  out.targets = labelings_of(pool);
  const size_t labelings = n ? out.targets.size() / n : 1;
  kernels::solve_lower(out.factor, n, out.targets.data(), labelings);
  for (size_t c = 0; c < labelings; ++c) {
    double sum = 0;
    for (size_t j = 0; j < n; ++j) sum += out.targets[c * n + j] * out.targets[c * n + j];
    out.norms.push_back(sum);
  }
  return out;
}

static void score_block(const Pool& pool, const Labelled& labelled, std::span<const int64_t> rows,
                        double* utilities) {
  const size_t n = labelled.count();
  auto kernel = kernels::rbf_block(pool.embeddings, rows, labelled.rows, labelled.gamma);
  kernels::solve_lower(labelled.factor, n, kernel.data(), rows.size());
  std::vector<double> predicted(rows.size() * labelled.labelings());
  kernels::multiply_rows(kernel.data(), rows.size(), labelled.targets.data(), labelled.labelings(),
                         n, predicted.data());
  for (size_t i = 0; i < rows.size(); ++i) {
    double explained = 0;
    for (size_t j = 0; j < n; ++j) explained += kernel[i * n + j] * kernel[i * n + j];
    utilities[i] = quire_utility(labelled.norms, predicted.data() + i * labelled.labelings(),
                                 explained, labelled.lmbda);
  }
}

static std::vector<double> full_utilities(const Pool& pool, const Params& params) {
  const Labelled labelled = whiten(pool, params);
  std::vector<double> utilities(pool.candidates.size());
  constexpr size_t block = 256;  // Always the same rows together: BLAS's last bits depend on that.
  parallel_for((utilities.size() + block - 1) / block, 1, [&](size_t begin, size_t end) {
    const size_t last = std::min(end * block, utilities.size());
    for (size_t from = begin * block; from < last; from += block) {
      score_block(pool, labelled, pool.candidates.subspan(from, std::min(block, last - from)),
                  utilities.data() + from);
      check_interrupt();
    }
  });
  return utilities;
}

// One pick from what was kept of the calls before, where it certainly is the pick of a full
// scoring.
static std::optional<Selection> quick_pick(const Pool& pool, const Params& params) {
  if (!pool.memory) return std::nullopt;
  auto* memory = std::any_cast<QuireMemory>(pool.memory);
  if (!memory) memory = &pool.memory->emplace<QuireMemory>();
  const double lmbda = params.number("lmbda");
  const double gamma = kernels::rbf_gamma(params.number("gamma"), pool.embeddings.cols);
  if (!memory->look_at(pool, lmbda, gamma)) return std::nullopt;
  const BestRow best = lowest_of_best(pool, memory->utilities(pool.candidates), memory->rounding());
  if (!best.is_clear) return std::nullopt;
  return best.pick;
}

static Selection select(const Pool& pool, size_t batch_size, const Params& params, Rng&) {
  if (pool.candidates.empty()) return {};
  const size_t n = pool.labeled.size();
  const auto most = static_cast<size_t>(params.integer("max_labeled"));
  if (n > most) {
    refuse("quire factorises a kernel of {} labelled rows, {} MB; max_labeled allows {}", n,
           n * n * 8 >> 20, most);
  }
  if (batch_size != 1 || !pool.costs.empty())
    return top_k(pool, full_utilities(pool, params), batch_size);
  if (auto pick = quick_pick(pool, params)) return *pick;
  return lowest_of_best(pool, full_utilities(pool, params), 0).pick;
}

QueryStrategy quire() {
  return {
      .name = "quire",
      .summary =
          "Informative and representative under a kernel ridge classifier, in the worst case"
          " of labels; a batch is the best of one scoring, and without labels all tie.",
      .needs = Signal::embeddings | Signal::labels,
      .params = {{.name = "lmbda",
                  .fallback = 1,
                  .min = 1e-9,
                  .max = 1e9,
                  .help = "Ridge: higher asks for informative examples, lower for representative."},
                 {.name = "gamma",
                  .fallback = 0,
                  .min = 0,
                  .max = 1e12,
                  .help = "Width of the Gaussian kernel; 0 means one by the number of features.",
                  .automatic = true},
                 {.name = "max_labeled",
                  .fallback = 10000,
                  .min = 1,
                  .max = 40000,
                  .whole = true,
                  .help = "Labelled rows above which it refuses: memory is 8 bytes a pair."}},
      .select = select,
      .source = "Huang, Jin and Zhou 2010",
      .handles_no_model = true,
      .task = Task::classification,
      .family = "hybrid",
  };
}

}  // namespace querist::strategies
