// A fold trains by giving its own rows no weight, without copies.
#include "learners/logistic_regression/strength_search.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "base/threads.h"
#include "kernels/softmax_line.h"
#include "learners/cross_validation.h"
#include "learners/logistic_regression/column_fit.h"
#include "learners/logistic_regression/strength_walk.h"
#include "learners/logistic_regression/training_rows.h"
#include "metrics/stratified_folds.h"

namespace querist::learners {

static constexpr int lowest = -4;
static constexpr int highest = 8;
// Columns are of unlike units where the typical one varies by this share of the mean square.
static constexpr double unlike = 1e-2;
static constexpr size_t most_unlike_columns = 256;
static constexpr int widest = 12;  // Most strengths that are added for such.
// A fold's fit ends when a small share of its objective is left to gain.
static constexpr FitOptions search_options{.max_iterations = 200, .remaining_share = 1e-5};

struct Fold {
  Problem problem;  // All rows, those of this fold with weight 0.
  size_t begin = 0;
  size_t end = 0;
  std::vector<double> point;  // Where the last solve ended: the next one starts there.
};

// The search's own rows: those of classes with at least two, in the order of their folds.
static TrainingRows order_by_fold(const Problem& problem, size_t folds, uint64_t seed,
                                  std::vector<size_t>& sizes) {
  std::vector<size_t> counts(problem.classes);
  for (const int32_t label : problem.labels) ++counts[static_cast<size_t>(label)];
  const auto fold = metrics::stratified_folds(problem.labels, problem.classes, folds, seed);
  std::vector<int64_t> order;
  for (size_t f = 0; f < folds; ++f) {
    const size_t before = order.size();
    for (size_t i = 0; i < fold.size(); ++i) {
      if (fold[i] == f && counts[static_cast<size_t>(problem.labels[i])] >= 2) {
        order.push_back(static_cast<int64_t>(i));
      }
    }
    sizes.push_back(order.size() - before);
  }
  return choose_rows(problem, order);
}

static double mean_square_norm(const Problem& problem) {
  const Features& x = problem.features;
  double sum = 0;
  if (x.kind == Features::Kind::sparse) {
    const CsrView& m = x.sparse;
    for (int64_t at = m.offsets[0]; at < m.offsets[m.rows]; ++at) {
      sum += static_cast<double>(m.values[at]) * static_cast<double>(m.values[at]);
    }
  } else {
    for (size_t i = 0; i < x.rows * x.cols; ++i) {
      sum += static_cast<double>(x.dense[i]) * static_cast<double>(x.dense[i]);
    }
  }
  return sum / static_cast<double>(x.rows);
}

// Trains on the other folds and returns the weighted loss on this one.
static double held_out_loss(Fold& fold, const TrainingRows& rows, double strength,
                            const Progress& progress) {
  fit_columns(fold.problem, strength, search_options, progress, fold.point);
  const size_t heads = fold.problem.heads();
  const size_t count = fold.end - fold.begin;
  const std::vector<float> narrow(fold.point.begin(), fold.point.end());
  std::vector<float> scores(count * heads);
  head_scores(fold.problem.features, fold.begin, fold.end, heads, narrow, scores.data());
  return softmax_loss(scores, std::span(rows.problem.labels).subspan(fold.begin, count),
                      std::span(rows.problem.weights).subspan(fold.begin, count), heads);
}

static std::vector<Fold> make_folds(const TrainingRows& rows, const std::vector<size_t>& sizes) {
  std::vector<Fold> folds;
  size_t begin = 0;
  for (const size_t size : sizes) {
    Fold fold{rows.problem, begin, begin + size, std::vector<double>(rows.problem.size())};
    std::fill_n(fold.problem.weights.begin() + static_cast<std::ptrdiff_t>(begin), size, 0.0);
    begin += size;
    if (size > 0) folds.push_back(std::move(fold));
  }
  return folds;
}

static size_t folds_of(const Problem& problem) { return problem.labels.size() < 1000 ? 5 : 3; }

static double strength_at(int k, double scale) { return std::pow(10.0, 0.5 * k) / scale; }

static int start_of(std::optional<double> near, double scale) {
  return near ? static_cast<int>(std::lround(2 * std::log10(*near * scale))) : 2;
}

int added_strengths(const Problem& problem) {
  const Features& x = problem.features;
  if (x.kind != Features::Kind::dense || x.cols > most_unlike_columns) return 0;
  std::vector<double> varying = column_moments(problem).variances;
  std::erase_if(varying, [](double variance) { return !(variance > 0); });
  if (varying.empty()) return 0;
  const auto middle = varying.begin() + static_cast<std::ptrdiff_t>(varying.size() / 2);
  std::nth_element(varying.begin(), middle, varying.end());
  const double typical = *middle / (mean_square_norm(problem) / static_cast<double>(x.cols));
  if (typical >= unlike) return 0;
  return std::min(widest, static_cast<int>(std::ceil(-2 * std::log10(typical))));
}

// The least of the strengths that come within the walk's threshold of the best, from every other.
static int best_of_grid(int last, size_t folds,
                        const std::function<void(int, size_t, std::span<double>)>& losses) {
  std::vector<double> sums;
  std::vector<double> found(folds);
  for (int k = lowest; k <= last; k += 2) {
    losses(k, 0, found);
    sums.push_back(std::accumulate(found.begin(), found.end(), 0.0));
  }
  const double enough = *std::min_element(sums.begin(), sums.end()) * 1.002;
  const auto best = std::find_if(sums.begin(), sums.end(), [&](double s) { return s <= enough; });
  return lowest + 2 * static_cast<int>(best - sums.begin());
}

double choose_strength(const Problem& problem, std::optional<double> near, uint64_t seed,
                       const Progress& progress) {
  std::vector<size_t> sizes;
  const TrainingRows rows = order_by_fold(problem, folds_of(problem), seed, sizes);
  if (rows.problem.labels.size() < 10 || rows.problem.classes < 2) return 1;
  const double scale = mean_square_norm(rows.problem);
  if (!(scale > 0)) return 1;
  std::vector<Fold> folds = make_folds(rows, sizes);
  const auto losses = [&](int k, size_t first, std::span<double> out) {
    parallel_for(out.size(), 1, [&](size_t begin, size_t end) {
      for (size_t f = begin; f < end; ++f)
        out[f] = held_out_loss(folds[first + f], rows, strength_at(k, scale), progress);
    });
  };
  const int added = added_strengths(rows.problem);
  const int last = highest + added;
  const int start =
      added > 0 && !near ? best_of_grid(last, folds.size(), losses) : start_of(near, scale);
  return strength_at(walk_strengths(start, lowest, last, folds.size(), losses), scale);
}

namespace {

// The search's task on all rows; those of classes with a single row weigh nothing.
struct Whole {
  RowTask task;
  size_t rows = 0;
  bool complete = true;  // All classes take part.

  Whole(const RowSpace& space, const Problem& problem) {
    std::vector<size_t> counts(problem.classes);
    for (const int32_t label : problem.labels) ++counts[static_cast<size_t>(label)];
    std::vector<size_t> number(problem.classes);
    for (size_t k = 0; k < counts.size(); ++k) {
      number[k] = task.classes;
      if (counts[k] >= 2) ++task.classes;
    }
    complete = task.classes == problem.classes;
    task.labels.resize(space.stride());
    task.weights.resize(space.stride());
    for (size_t i = 0; i < problem.labels.size(); ++i) {
      const auto label = static_cast<size_t>(problem.labels[i]);
      if (counts[label] < 2) continue;
      ++rows;
      task.labels[i] = static_cast<double>(number[label]);
      task.weights[i] = problem.weights[i];
    }
  }
};

// One fold: trains without its rows, at one strength after another.
class RowFold {
 public:
  RowFold(const RowSpace& space, const Whole& whole, const std::vector<size_t>& fold, size_t held)
      : space_(space), task_(whole.task), own_weights_(whole.task.weights) {
    for (size_t i = 0; i < fold.size(); ++i)
      (fold[i] == held ? task_.weights : own_weights_)[i] = 0;
  }

  // Starts where it was at the last strength; at first from a fit of all rows, of which it leaves
  // out what that took from the fold's own.
  double held_out_loss(double strength, const RowPoint& whole, const Progress& progress) {
    const size_t heads = task_.heads();
    if (point_.coefficients.empty()) {
      point_ = whole;
      point_.scores.clear();
      for (size_t k = 0; k < heads; ++k) {
        for (size_t i = 0; i < space_.stride(); ++i)
          if (task_.weights[i] == 0) point_.coefficients[k * space_.stride() + i] = 0;
      }
    }
    task_.strength = strength;
    fit_rows(space_, task_, search_options, progress, point_);
    const std::vector<double> still(point_.scores.size());
    const std::vector<double> no_bias(heads);
    std::vector<double> residuals(point_.scores.size()), sums(heads);
    return kernels::softmax_line({space_.stride(), heads, task_.labels.data(), own_weights_.data()},
                                 point_.scores.data(), still.data(), point_.biases.data(),
                                 no_bias.data(), 0, residuals.data(), sums.data())
        .loss;
  }

 private:
  const RowSpace& space_;
  RowTask task_;
  std::vector<double> own_weights_;  // Of the rows held out.
  RowPoint point_;
};

}  // namespace

double choose_strength(const RowSpace& space, const Problem& problem, std::optional<double> near,
                       uint64_t seed, const Progress& progress, RowPoint& point) {
  Whole whole(space, problem);
  const double scale = space.mean_square_norm();
  if (whole.rows < 10 || whole.task.classes < 2 || !(scale > 0)) return 1;
  const size_t count = folds_of(problem);
  const auto fold = metrics::stratified_folds(problem.labels, problem.classes, count, seed);
  std::vector<RowFold> folds;
  for (size_t f = 0; f < count; ++f) folds.emplace_back(space, whole, fold, f);
  const int start = std::clamp(start_of(near, scale), lowest, highest);
  whole.task.strength = strength_at(start, scale);
  fit_rows(space, whole.task, search_options, progress, point);
  const auto losses = [&](int k, size_t first, std::span<double> out) {
    parallel_for(out.size(), 1, [&](size_t begin, size_t end) {
      for (size_t f = begin; f < end; ++f)
        out[f] = folds[first + f].held_out_loss(strength_at(k, scale), point, progress);
    });
  };
  const int best = walk_strengths(start, lowest, highest, count, losses);
  if (!whole.complete) point = {};
  return strength_at(best, scale);
}

}  // namespace querist::learners
