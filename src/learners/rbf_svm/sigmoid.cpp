// Newton's method on two numbers, and coordinate sweeps on the coupled probabilities.
#include "learners/rbf_svm/sigmoid.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace querist::learners {

double probability(const Sigmoid& sigmoid, double decision) {
  const double at = sigmoid.slope * decision + sigmoid.offset;
  return at >= 0 ? std::exp(-at) / (1 + std::exp(-at)) : 1 / (1 + std::exp(at));
}

namespace {

struct SigmoidFit {
  std::span<const double> decisions;
  std::span<const double> weights;
  std::vector<double> targets;

  double loss(const Sigmoid& at) const {
    double sum = 0;
    for (size_t i = 0; i < decisions.size(); ++i) {
      const double x = at.slope * decisions[i] + at.offset;
      const double part = x >= 0 ? targets[i] * x + std::log1p(std::exp(-x))
                                 : (targets[i] - 1) * x + std::log1p(std::exp(x));
      sum += weights[i] * part;
    }
    return sum;
  }
};

// The gradient, and the Hessian with a trace that keeps it invertible.
struct Slopes {
  double h11 = 1e-12, h22 = 1e-12, h21 = 0, g1 = 0, g2 = 0;
};

}  // namespace

static Slopes slopes_at(const SigmoidFit& fit, const Sigmoid& at) {
  Slopes s;
  for (size_t i = 0; i < fit.decisions.size(); ++i) {
    const double f = fit.decisions[i];
    const double p = probability(at, f);
    const double curvature = fit.weights[i] * p * (1 - p);
    s.h11 += f * f * curvature;
    s.h22 += curvature;
    s.h21 += f * curvature;
    const double error = fit.weights[i] * (fit.targets[i] - p);
    s.g1 += f * error;
    s.g2 += error;
  }
  return s;
}

Sigmoid fit_sigmoid(std::span<const double> decisions, std::span<const char> positive,
                    std::span<const double> weights) {
  double plus = 0;
  double minus = 0;
  for (size_t i = 0; i < weights.size(); ++i) (positive[i] ? plus : minus) += weights[i];
  SigmoidFit fit{decisions, weights, {}};
  for (const char is_positive : positive)
    fit.targets.push_back(is_positive ? (plus + 1) / (plus + 2) : 1 / (minus + 2));
  Sigmoid at{.slope = 0, .offset = std::log((minus + 1) / (plus + 1))};
  double loss = fit.loss(at);
  for (int round = 0; round < 100; ++round) {
    const Slopes s = slopes_at(fit, at);
    if (std::abs(s.g1) < 1e-7 && std::abs(s.g2) < 1e-7) break;
    const double determinant = s.h11 * s.h22 - s.h21 * s.h21;
    const double d_slope = -(s.h22 * s.g1 - s.h21 * s.g2) / determinant;
    const double d_offset = -(s.h11 * s.g2 - s.h21 * s.g1) / determinant;
    const double descent = s.g1 * d_slope + s.g2 * d_offset;
    double step = 1;
    for (; step >= 1e-10; step /= 2) {
      const Sigmoid next{at.slope + step * d_slope, at.offset + step * d_offset};
      const double next_loss = fit.loss(next);
      if (!(next_loss < loss + 1e-4 * step * descent)) continue;
      at = next;
      loss = next_loss;
      break;
    }
    if (step < 1e-10) break;
  }
  return at;
}

void couple(std::span<const double> pairwise, size_t classes, std::span<double> out) {
  std::vector<double> q(classes * classes);
  for (size_t a = 0; a < classes; ++a) {
    for (size_t b = 0; b < classes; ++b) {
      if (a == b) continue;
      const double against = pairwise[b * classes + a];
      q[a * classes + a] += against * against;
      q[a * classes + b] = -against * pairwise[a * classes + b];
    }
  }
  std::fill(out.begin(), out.end(), 1 / static_cast<double>(classes));
  std::vector<double> qp(classes);
  const double tolerance = 1e-7 / static_cast<double>(classes);
  const int rounds = std::max(100, static_cast<int>(4 * classes));
  for (int round = 0; round < rounds; ++round) {
    double pqp = 0;
    for (size_t a = 0; a < classes; ++a) {
      qp[a] = 0;
      for (size_t b = 0; b < classes; ++b) qp[a] += q[a * classes + b] * out[b];
      pqp += out[a] * qp[a];
    }
    double worst = 0;
    for (const double value : qp) worst = std::max(worst, std::abs(value - pqp));
    if (worst < tolerance) break;
    for (size_t a = 0; a < classes; ++a) {
      const double change = (pqp - qp[a]) / q[a * classes + a];
      out[a] += change;
      const double whole = 1 + change;
      pqp = (pqp + change * (change * q[a * classes + a] + 2 * qp[a])) / whole / whole;
      for (size_t b = 0; b < classes; ++b) {
        qp[b] = (qp[b] + change * q[a * classes + b]) / whole;
        out[b] /= whole;
      }
    }
  }
}

}  // namespace querist::learners
