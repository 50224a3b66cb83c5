// Scores blocks of rows over all threads; every row's result depends on that row alone.
#include "learners/rbf_svm/svm_model.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/interrupt.h"
#include "base/limits.h"
#include "base/threads.h"
#include "learners/rbf_svm/kernel_rows.h"

namespace querist::learners {

static constexpr size_t tile_rows = 32;
// Classes without a label share this much of one label as a pseudo count, as under the logistic
// regression.
static constexpr double unseen_count = 0.05;

struct SvmModel::Scratch {
  std::vector<double> wide;    // (tile_rows, features)
  std::vector<double> kernel;  // (tile_rows, stride)
  size_t stride = 0;
  std::vector<double> pairwise, coupled;
};

SvmModel::SvmModel(SvmParts parts) : parts_(std::move(parts)) {
  if (parts_.is_sparse) {
    norms_ = squared_norms(parts_.sparse);
  } else {
    std::vector<int64_t> all(parts_.dense.rows);
    std::iota(all.begin(), all.end(), 0);
    kernels::pack_rows(parts_.dense, all, packed_);
  }
}

static void widen(const Features& features, size_t begin, size_t end, std::vector<double>& out) {
  const size_t cols = features.cols;
  out.resize((end - begin) * cols);
  if (features.kind == Features::Kind::sparse) {
    std::fill(out.begin(), out.end(), 0);
    const CsrView& x = features.sparse;
    for (size_t i = begin; i < end; ++i) {
      for (int64_t at = x.offsets[i]; at < x.offsets[i + 1]; ++at)
        out[(i - begin) * cols + static_cast<size_t>(x.columns[at])] = double{x.values[at]};
    }
    return;
  }
  std::vector<int64_t> rows(end - begin);
  std::iota(rows.begin(), rows.end(), static_cast<int64_t>(begin));
  kernels::widen_rows(features, rows, out);
}

void SvmModel::kernel_rows(const Features& features, size_t begin, size_t end,
                           Scratch& scratch) const {
  widen(features, begin, end, scratch.wide);
  const size_t count = end - begin;
  for (size_t i = 0; i < scratch.wide.size(); ++i) {
    if (!std::isfinite(scratch.wide[i]))
      refuse("row {} holds a NaN or an infinite number", begin + i / features.cols);
  }
  if (!parts_.is_sparse) {
    scratch.stride = packed_.padded();
    scratch.kernel.resize(count * scratch.stride);
    kernels::rbf_kernel(scratch.wide.data(), count, packed_, parts_.gamma, scratch.kernel.data());
    return;
  }
  scratch.stride = parts_.sparse.rows();
  scratch.kernel.resize(count * scratch.stride);
  for (size_t i = 0; i < count; ++i) {
    const double* row = scratch.wide.data() + i * features.cols;
    double norm = 0;
    for (size_t j = 0; j < features.cols; ++j) norm += row[j] * row[j];
    sparse_rbf(row, norm, parts_.sparse, norms_, parts_.gamma,
               scratch.kernel.data() + i * scratch.stride);
  }
}

void SvmModel::decide(const Features& features, size_t begin, size_t end, Scratch& scratch,
                      double* out) const {
  kernel_rows(features, begin, end, scratch);
  const size_t pairs = parts_.pairs();
  for (size_t i = 0; i < end - begin; ++i) {
    const double* kernel = scratch.kernel.data() + i * scratch.stride;
    for (size_t p = 0; p < pairs; ++p) {
      double sum = parts_.biases[p];
      for (size_t at = parts_.starts[p]; at < parts_.starts[p + 1]; ++at)
        sum += parts_.betas[at] * kernel[parts_.rows[at]];
      out[i * pairs + p] = sum;
    }
  }
}

// Votes, and below them how clear they were: the order of classes is that of libsvm's votes with
// scikit-learn's one-vs-rest decision values to break ties.
static void squashed_votes(const double* decisions, size_t classes, std::span<double> out) {
  std::vector<double> votes(classes), sums(classes);
  size_t p = 0;
  for (size_t a = 0; a < classes; ++a) {
    for (size_t b = a + 1; b < classes; ++b, ++p) {
      votes[decisions[p] > 0 ? b : a] += 1;
      sums[a] -= decisions[p];
      sums[b] += decisions[p];
    }
  }
  double total = 0;
  for (size_t a = 0; a < classes; ++a) {
    out[a] =
        std::exp(votes[a] + sums[a] / (3 * (std::abs(sums[a]) + 1)) - static_cast<double>(classes));
    total += out[a];
  }
  for (double& value : out) value /= total;
}

void SvmModel::to_probabilities(const double* decisions, Scratch& scratch,
                                std::span<float> out) const {
  const size_t present = parts_.present.size();
  scratch.coupled.assign(present, 1);
  if (present > 2 && !parts_.fitted) {
    squashed_votes(decisions, present, scratch.coupled);
  } else if (present > 1) {
    scratch.pairwise.assign(present * present, 0);
    size_t p = 0;
    for (size_t a = 0; a < present; ++a) {
      for (size_t b = a + 1; b < present; ++b, ++p) {
        // Bounded away from 0 and 1 as in libsvm, so that the coupling is well defined.
        const double high = std::clamp(
            probability({parts_.slopes[p], parts_.offsets[p]}, decisions[p]), 1e-7, 1 - 1e-7);
        scratch.pairwise[b * present + a] = high;
        scratch.pairwise[a * present + b] = 1 - high;
      }
    }
    if (present == 2) {
      scratch.coupled = {scratch.pairwise[1], scratch.pairwise[2]};
    } else {
      couple(scratch.pairwise, present, scratch.coupled);
    }
  }
  const double unseen = static_cast<double>(parts_.classes - present);
  const double share = unseen > 0 ? unseen_count / static_cast<double>(parts_.trained_rows) : 0;
  std::fill(out.begin(), out.end(), unseen > 0 ? static_cast<float>(share / unseen) : 0);
  for (size_t a = 0; a < present; ++a) {
    out[static_cast<size_t>(parts_.present[a])] =
        static_cast<float>((1 - share) * scratch.coupled[a]);
  }
}

static void check_columns(const Features& features, size_t expected) {
  if (features.cols != expected)
    refuse("the model expects {} columns of features, not {}", expected, features.cols);
}

std::vector<double> SvmModel::decisions(const Features& features) const {
  check_columns(features, parts_.features);
  const size_t pairs = parts_.pairs();
  std::vector<double> out(features.rows * pairs);
  parallel_for(features.rows, tile_rows, [&](size_t begin, size_t end) {
    Scratch scratch;
    for (size_t from = begin; from < end; from += tile_rows) {
      decide(features, from, std::min(end, from + tile_rows), scratch, out.data() + from * pairs);
      check_interrupt();
    }
  });
  return out;
}

void SvmModel::probabilities(const Features& features, Matrix& out) const {
  check_columns(features, parts_.features);
  out.rows = features.rows;
  out.cols = parts_.classes;
  out.values.resize(out.rows * out.cols);
  const size_t pairs = parts_.pairs();
  parallel_for(features.rows, tile_rows, [&](size_t begin, size_t end) {
    Scratch scratch;
    std::vector<double> decided(tile_rows * pairs);
    for (size_t from = begin; from < end; from += tile_rows) {
      const size_t to = std::min(end, from + tile_rows);
      decide(features, from, to, scratch, decided.data());
      for (size_t i = from; i < to; ++i)
        to_probabilities(decided.data() + (i - from) * pairs, scratch, out.row(i));
      check_interrupt();
    }
  });
}

}  // namespace querist::learners
