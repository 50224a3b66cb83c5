// BAIT: ask about the examples that together leave the model least unsure over the whole pool, by
// its Fisher information (Ash, Goel, Krishnamurthy and Kakade 2021).
#include <algorithm>
#include <cmath>

#include "base/interrupt.h"
#include "kernels/gemm.h"
#include "kernels/svd.h"
#include "kernels/trace_design.h"
#include "strategies/prices.h"
#include "strategies/strategy.h"

namespace querist::strategies {

// p(1 - p) of each class: the diagonal blocks of the Fisher information of a softmax head, whose
// other blocks are left out. The blocks of two classes are equal, so that one stands for both. 1
// where there are no probabilities (regression) or only one class.
static Matrix fisher_weights(const Pool& pool) {
  const size_t classes = pool.probabilities.rows ? pool.classes : 1;
  Matrix weights(pool.size, classes > 2 ? classes : 1);
  if (classes < 2) {
    std::fill(weights.values.begin(), weights.values.end(), 1.0f);
    return weights;
  }
  for (size_t i = 0; i < pool.size; ++i) {
    for (size_t c = 0; c < weights.cols; ++c) {
      const float p = pool.probabilities.row(i)[c];
      weights.at(i, c) = std::max(p * (1 - p), 0.0f);
    }
  }
  return weights;
}

// All rows along the first principal components, a block of them widened at a time.
static Matrix projected(const Features& x, size_t dimensions) {
  const auto pca = kernels::principal_components(x, dimensions, 0);
  Matrix out(x.rows, pca.axes.rows);
  constexpr size_t block = 4096;
  for (size_t from = 0; from < x.rows; from += block) {
    std::vector<int64_t> rows;
    for (size_t i = from; i < std::min(from + block, x.rows); ++i)
      rows.push_back(static_cast<int64_t>(i));
    Matrix wide = dense_rows(x, rows);
    for (size_t i = 0; i < wide.rows; ++i)
      for (size_t j = 0; j < wide.cols; ++j) wide.at(i, j) -= pca.mean[j];
    Matrix part(wide.rows, pca.axes.rows);
    kernels::gemm(kernels::Op::plain, kernels::Op::transposed, 1, wide, pca.axes, 0, part);
    std::copy(part.values.begin(), part.values.end(),
              out.values.begin() + static_cast<std::ptrdiff_t>(from * out.cols));
    check_interrupt();
  }
  return out;
}

struct DesignPick {
  size_t candidate;
  double gain;
};

// The largest gain per cost again and again; ties go to the lower row.
static std::vector<DesignPick> forward(const Pool& pool, kernels::TraceDesign& design,
                                       size_t count) {
  std::vector<DesignPick> picks;
  std::vector<char> taken(pool.candidates.size(), 0);
  while (picks.size() < count) {
    DesignPick best{0, 0};
    double most = -1;
    for (size_t i = 0; i < taken.size(); ++i) {
      if (taken[i]) continue;
      const double gain = design.gain(i);
      if (gain / price(pool, pool.candidates[i]) <= most) continue;
      most = gain / price(pool, pool.candidates[i]);
      best = {i, gain};
    }
    taken[best.candidate] = 1;
    picks.push_back(best);
    design.choose(best.candidate);
    check_interrupt();
  }
  return picks;
}

// Gives back what is missed least per cost until `count` are left; ties go back latest first.
static void backward(const Pool& pool, kernels::TraceDesign& design, size_t count,
                     std::vector<DesignPick>& picks) {
  while (picks.size() > count) {
    std::vector<size_t> left;
    for (const DesignPick& pick : picks) left.push_back(pick.candidate);
    design.watch(left);
    size_t least = 0;
    double worth = 0;
    for (size_t j = 0; j < left.size(); ++j) {
      const double loss = design.loss(left[j]) / price(pool, pool.candidates[left[j]]);
      if (j > 0 && loss > worth) continue;
      worth = loss;
      least = j;
    }
    design.give_back(left[least]);
    picks.erase(picks.begin() + static_cast<std::ptrdiff_t>(least));
    check_interrupt();
  }
}

static Selection select(const Pool& pool, size_t batch_size, const Params& params, Rng&) {
  if (pool.candidates.empty()) return {};
  const auto most = static_cast<size_t>(params.integer("max_dimensions"));
  const Matrix weights = fisher_weights(pool);
  Matrix reduced;
  Features x = pool.embeddings;
  if (x.cols > most) {
    reduced = projected(x, most);
    x = reduced;
  }
  kernels::TraceDesign design(x, weights, pool.labeled, pool.candidates,
                              params.number("regularization"));
  const double ahead = params.number("oversample") * static_cast<double>(batch_size);
  auto picks = forward(pool, design,
                       std::min(pool.candidates.size(), static_cast<size_t>(std::ceil(ahead))));
  backward(pool, design, batch_size, picks);
  Selection selection;
  for (const DesignPick& pick : picks) {
    selection.rows.push_back(pool.candidates[pick.candidate]);
    selection.utilities.push_back(pick.gain);
  }
  return selection;
}

QueryStrategy bait() {
  return {
      .name = "bait",
      .summary = "Least variance over the pool by Fisher information; regression or few classes.",
      .needs = Signal::embeddings,
      .params =
          {
              {.name = "regularization",
               .fallback = 1.0,
               .min = 1e-6,
               .max = 1e6,
               .help = "What is known of every weight beforehand: the ridge on the information."},
              {.name = "oversample",
               .fallback = 2.0,
               .min = 1,
               .max = 10,
               .help = "Picks this many times the batch and gives the least missed back; 1: "
                       "picks the batch alone."},
              {.name = "max_dimensions",
               .fallback = 128,
               .min = 1,
               .max = 512,
               .whole = true,
               .help = "Principal components used where the embeddings are wider."},
          },
      .select = select,
      .source = "Ash, Goel, Krishnamurthy and Kakade 2021",
      .handles_no_model = true,
      .family = "hybrid",
      .reads = Signal::probabilities,
  };
}

}  // namespace querist::strategies
