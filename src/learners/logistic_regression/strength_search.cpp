// Rows are put in order of their fold once; a fold then trains by giving its own rows no weight,
// without copies.
#include "learners/logistic_regression/strength_search.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/threads.h"
#include "learners/cross_validation.h"
#include "learners/logistic_regression/training_rows.h"
#include "metrics/stratified_folds.h"

namespace querist::learners {

static constexpr int lowest = -4;
static constexpr int highest = 8;

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
  double total = 0;
  for (const double weight : fold.problem.weights) total += weight;
  LbfgsOptions options;
  options.max_iterations = 60;
  options.remaining = 1e-4 * strength * total;  // The ranking of strengths needs no more.
  minimise(softmax_objective(fold.problem, strength), curvature(fold.problem, strength), options,
           progress, fold.point);
  const size_t heads = fold.problem.heads();
  const Matrix scores = head_scores(fold.problem.features, fold.begin, fold.end, heads, fold.point);
  const size_t count = fold.end - fold.begin;
  return softmax_loss(scores.values, std::span(rows.problem.labels).subspan(fold.begin, count),
                      std::span(rows.problem.weights).subspan(fold.begin, count), heads, {});
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

double choose_strength(const Problem& problem, std::optional<double> near, uint64_t seed,
                       const Progress& progress) {
  std::vector<size_t> sizes;
  const TrainingRows rows =
      order_by_fold(problem, problem.labels.size() < 1000 ? 5 : 3, seed, sizes);
  if (rows.problem.labels.size() < 10 || rows.problem.classes < 2) return 1;
  const double scale = mean_square_norm(rows.problem);
  if (!(scale > 0)) return 1;
  std::vector<Fold> folds = make_folds(rows, sizes);
  const auto strength_at = [&](int k) { return std::pow(10.0, 0.5 * k) / scale; };
  std::map<int, double> losses;
  const auto loss_at = [&](int k) {
    if (const auto known = losses.find(k); known != losses.end()) return known->second;
    std::vector<double> parts(folds.size());
    parallel_for(folds.size(), 1, [&](size_t begin, size_t end) {
      for (size_t f = begin; f < end; ++f) {
        parts[f] = held_out_loss(folds[f], rows, strength_at(k), progress);
      }
    });
    double sum = 0;
    for (const double part : parts) sum += part;
    return losses[k] = sum;
  };
  int best = 2;
  if (near) best = static_cast<int>(std::lround(2 * std::log10(*near * scale)));
  best = std::clamp(best, lowest, highest);
  for (const int step : {1, -1}) {  // The loss has one valley in C; a fall of under 0.2 % is none.
    while (best + step >= lowest && best + step <= highest &&
           loss_at(best + step) < 0.998 * loss_at(best)) {
      best += step;
    }
  }
  return strength_at(best);
}

}  // namespace querist::learners
