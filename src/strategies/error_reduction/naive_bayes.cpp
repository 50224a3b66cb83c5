// Expected losses of Gaussian naive Bayes: a new row moves the mean and the variance of its own
// class (Welford 1962), and, through the smoothing that all share, every variance a little.
#include <algorithm>
#include <cmath>

#include "base/threads.h"
#include "kernels/normal_classes.h"
#include "strategies/error_reduction/error_reduction.h"

namespace querist::strategies {

// Added to every variance: this share of the largest variance of a feature over all training rows,
// as in scikit-learn; where they are all equal it is least_smoothing, so that nothing is divided
// by zero.
static constexpr double smoothing_share = 1e-9;
static constexpr double least_smoothing = 1e-30;

namespace {

// Count, means and sums of squared deviations of some rows.
struct Moments {
  double count = 0;
  std::vector<double> means;
  std::vector<double> squares;
};

struct NaiveBayes {
  size_t cols = 0;
  std::vector<Moments> classes;
  Moments whole;
};

}  // namespace

// Means in a first pass over the labelled rows, deviations from them in a second.
static NaiveBayes fit(const Pool& pool) {
  NaiveBayes out;
  out.cols = pool.embeddings.cols;
  const std::vector<double> zeros(out.cols, 0.0);
  out.classes.assign(pool.classes, {0, zeros, zeros});
  out.whole = {0, zeros, zeros};
  std::vector<double> wide;
  const auto each_row = [&](auto body) {
    each_block(pool.labeled.size(), target_block, [&](size_t from, size_t count) {
      kernels::widen_rows(pool.embeddings, pool.labeled.subspan(from, count), wide);
      for (size_t i = 0; i < count; ++i) {
        const double* row = wide.data() + i * out.cols;
        body(out.classes[static_cast<size_t>(pool.labels[from + i])], row);
        body(out.whole, row);
      }
    });
  };
  each_row([&](Moments& own, const double* row) {
    ++own.count;
    for (size_t j = 0; j < out.cols; ++j) own.means[j] += row[j];
  });
  const auto divide = [](Moments& own) {
    if (own.count == 0) return;
    for (double& mean : own.means) mean /= own.count;
  };
  for (Moments& own : out.classes) divide(own);
  divide(out.whole);
  each_row([&](Moments& own, const double* row) {
    for (size_t j = 0; j < out.cols; ++j)
      own.squares[j] += (row[j] - own.means[j]) * (row[j] - own.means[j]);
  });
  return out;
}

static void add_row(Moments& moments, const double* row) {
  ++moments.count;
  for (size_t j = 0; j < moments.means.size(); ++j) {
    const double before = row[j] - moments.means[j];
    moments.means[j] += before / moments.count;
    moments.squares[j] += before * (row[j] - moments.means[j]);
  }
}

static double smoothing_of(const Moments& whole) {
  double most = 0;
  for (const double square : whole.squares) most = std::max(most, square);
  return whole.count > 0 ? std::max(least_smoothing, smoothing_share * most / whole.count)
                         : least_smoothing;
}

// Class c as its moments say; the prior is the share of its rows, and what all classes have in
// common is left out.
static void set_class(kernels::NormalClasses& out, size_t c, const Moments& moments,
                      double smoothing) {
  if (moments.count == 0) return;
  double logs = 0;
  for (size_t j = 0; j < out.cols; ++j) {
    const double variance = moments.squares[j] / moments.count + smoothing;
    out.means[c * out.cols + j] = moments.means[j];
    out.weights[c * out.cols + j] = 0.5 / variance;
    logs += std::log(variance);
  }
  out.offsets[c] = std::log(moments.count) - logs / 2;
}

static kernels::NormalClasses model_of(const NaiveBayes& fitted, double smoothing) {
  kernels::NormalClasses out(fitted.classes.size(), fitted.cols);
  for (size_t c = 0; c < out.classes; ++c) set_class(out, c, fitted.classes[c], smoothing);
  return out;
}

namespace {

// A candidate: how likely its classes are, and the classes as they would be: all others once it is
// in, and each once it is its own.
struct Trial {
  std::vector<double> chances;
  kernels::NormalClasses others;
  kernels::NormalClasses own;
};

}  // namespace

static Trial trial_of(const NaiveBayes& fitted, const kernels::NormalClasses& current,
                      const double* row) {
  const size_t classes = fitted.classes.size();
  Moments whole = fitted.whole;
  add_row(whole, row);
  const double smoothing = smoothing_of(whole);
  Trial out{std::vector<double>(classes), model_of(fitted, smoothing), {classes, fitted.cols}};
  Moments more;
  for (size_t c = 0; c < classes; ++c) {
    more = fitted.classes[c];
    add_row(more, row);
    set_class(out.own, c, more, smoothing);
    double& logit = out.chances[c];
    logit = current.offsets[c];
    for (size_t j = 0; j < fitted.cols; ++j) {
      const double gap = row[j] - current.means[c * fitted.cols + j];
      logit -= current.weights[c * fitted.cols + j] * gap * gap;
    }
  }
  const double most = *std::max_element(out.chances.begin(), out.chances.end());
  double sum = 0;
  for (double& chance : out.chances) sum += chance = std::exp(chance - most);
  for (double& chance : out.chances) chance /= sum;
  return out;
}

// Calls body(packed rows, how many) over blocks of the targets.
template <class Body>
static void each_target_block(const ErrorReduction& task, Body body) {
  kernels::PackedRows packed;
  each_block(task.targets.size(), target_block, [&](size_t from, size_t count) {
    kernels::pack_rows(task.pool.embeddings, task.targets.subspan(from, count), packed);
    body(packed, count);
  });
}

ExpectedLosses naive_bayes_losses(const ErrorReduction& task) {
  const size_t classes = task.pool.classes;
  const NaiveBayes fitted = fit(task.pool);
  const kernels::NormalClasses current = model_of(fitted, smoothing_of(fitted.whole));
  ExpectedLosses out;
  const std::vector<double> even(classes, 1 / static_cast<double>(classes));
  std::vector<double> logits(classes * target_block);
  each_target_block(task, [&](const kernels::PackedRows& rows, size_t count) {
    kernels::log_densities(rows, current, target_block, logits.data());
    out.current += kernels::expected_logit_loss(logits.data(), logits.data(), target_block, count,
                                                even.data(), classes, task.loss);
  });
  out.of_candidates.resize(task.candidates.size());
  // So many candidates at a time that their classes take about 4 MB.
  const size_t numbers = 4 * classes * std::max<size_t>(1, fitted.cols);
  const size_t together = std::clamp<size_t>((size_t{1} << 19) / numbers, 1, candidate_block);
  const size_t blocks = (task.candidates.size() + together - 1) / together;
  parallel_for(blocks, 1, [&](size_t begin, size_t end) {
    std::vector<double> before(classes * target_block);
    std::vector<double> after(classes * target_block);
    std::vector<double> wide;
    for (size_t first = begin * together; first < std::min(end * together, task.candidates.size());
         first += together) {
      const size_t count = std::min(together, task.candidates.size() - first);
      kernels::widen_rows(task.pool.embeddings, task.candidates.subspan(first, count), wide);
      std::vector<Trial> trials;
      for (size_t i = 0; i < count; ++i)
        trials.push_back(trial_of(fitted, current, wide.data() + i * fitted.cols));
      each_target_block(task, [&](const kernels::PackedRows& rows, size_t n) {
        for (size_t i = 0; i < count; ++i) {
          kernels::log_densities(rows, trials[i].others, target_block, before.data());
          kernels::log_densities(rows, trials[i].own, target_block, after.data());
          out.of_candidates[first + i] +=
              kernels::expected_logit_loss(before.data(), after.data(), target_block, n,
                                           trials[i].chances.data(), classes, task.loss);
        }
      });
    }
  });
  return out;
}

}  // namespace querist::strategies
