// A stack of pieces; a new one that lies lower is merged into the one before it.
#include "calibrators/parts/pool_adjacent.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"

namespace querist::calibrators {

struct Piece {
  double sum;
  double weight;
  size_t points;
  double mean() const { return sum / weight; }
};

// Points of equal x as one.
struct Points {
  std::vector<double> x;
  std::vector<Piece> pieces;
};

static Points distinct(std::span<const double> x, std::span<const double> y,
                       std::span<const double> weights) {
  std::vector<size_t> order(x.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return x[a] < x[b]; });
  Points points;
  for (const size_t row : order) {
    if (points.x.empty() || x[row] != points.x.back()) {
      points.x.push_back(x[row]);
      points.pieces.push_back({0, 0, 1});
    }
    points.pieces.back().sum += weights[row] * y[row];
    points.pieces.back().weight += weights[row];
  }
  return points;
}

RisingCurve pool_adjacent(std::span<const double> x, std::span<const double> y,
                          std::span<const double> weights) {
  QUERIST_CHECK(!x.empty() && x.size() == y.size() && x.size() == weights.size());
  const Points points = distinct(x, y, weights);
  std::vector<Piece> stack;
  for (const Piece& point : points.pieces) {
    stack.push_back(point);
    while (stack.size() > 1 && stack[stack.size() - 2].mean() >= stack.back().mean()) {
      Piece& before = stack[stack.size() - 2];
      before.sum += stack.back().sum;
      before.weight += stack.back().weight;
      before.points += stack.back().points;
      stack.pop_back();
    }
  }
  RisingCurve curve;
  size_t at = 0;
  for (const Piece& piece : stack) {
    for (const size_t knot : {at, at + piece.points - 1}) {
      if (!curve.x.empty() && curve.x.back() == points.x[knot]) continue;
      curve.x.push_back(points.x[knot]);
      curve.y.push_back(std::clamp(piece.mean(), 0.0, 1.0));
    }
    at += piece.points;
  }
  return curve;
}

double RisingCurve::at(double point) const {
  const auto above = std::lower_bound(x.begin(), x.end(), point);
  if (above == x.begin()) return y.front();
  if (above == x.end()) return y.back();
  const auto i = static_cast<size_t>(above - x.begin());
  if (x[i] == point) return y[i];
  return y[i - 1] + (y[i] - y[i - 1]) * ((point - x[i - 1]) / (x[i] - x[i - 1]));
}

}  // namespace querist::calibrators
