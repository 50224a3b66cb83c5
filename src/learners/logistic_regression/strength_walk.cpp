// Folds are asked about in their order, so the walk is the same on any number of threads.
#include "learners/logistic_regression/strength_walk.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <vector>

namespace querist::learners {

static constexpr size_t first_look = 3;
static constexpr double enough = 0.998;
static constexpr double patience = 2;  // Standard errors.

static double sum_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

// Whether the folds seen so far leave no hope that the strength beats the best.
static bool is_hopeless(std::span<const double> seen, std::span<const double> best) {
  const auto count = static_cast<double>(seen.size());
  double mean = 0;
  for (size_t f = 0; f < seen.size(); ++f) mean += (seen[f] - enough * best[f]) / count;
  double squares = 0;
  for (size_t f = 0; f < seen.size(); ++f)
    squares += std::pow(seen[f] - enough * best[f] - mean, 2);
  return mean > patience * std::sqrt(squares / (count - 1) / count);
}

int walk_strengths(int start, int lowest, int highest, size_t folds,
                   const std::function<void(int, size_t, std::span<double>)>& losses) {
  std::map<int, std::vector<double>> seen;  // Those of a strength given up are incomplete.
  const auto look = [&](int k, size_t count) {
    std::vector<double>& known = seen[k];
    const size_t before = known.size();
    known.resize(std::max(before, count));
    if (known.size() > before) losses(k, before, std::span(known).subspan(before));
  };
  int best = std::clamp(start, lowest, highest);
  look(best, folds);
  const auto beats_best = [&](int k) {
    const std::vector<double>& rival = seen.at(best);
    look(k, std::min(first_look, folds));
    if (seen.at(k).size() < folds &&
        is_hopeless(seen.at(k), std::span(rival).first(seen.at(k).size())))
      return false;
    look(k, folds);
    return sum_of(seen.at(k)) < enough * sum_of(rival);
  };
  for (const int step : {1, -1}) {
    while (best + step >= lowest && best + step <= highest && beats_best(best + step)) best += step;
  }
  return best;
}

}  // namespace querist::learners
