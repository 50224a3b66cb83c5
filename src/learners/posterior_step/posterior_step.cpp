// The two heads' Hessians over the same rows, and the divergences of the normals they make.
#include "learners/posterior_step.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "kernels/cholesky.h"
#include "learners/logistic_regression/linear_model.h"
#include "learners/posterior_step/head_rows.h"
#include "learners/posterior_step/kronecker_normal.h"

namespace querist::learners {

static constexpr size_t block_rows = 512;

// What a head's posterior is made of, beside the rows.
struct Head {
  const LinearModel& model;
  std::vector<double> weights;  // One a row; 0: not trained on.
  Matrix probabilities;
  size_t present = 0;  // Classes that have a row.
};

static Head head_of(const Features& rows, const TrainedHead& trained, const LinearModel& model) {
  if (trained.labels.size() != rows.rows) {
    refuse("{} rows need a label each (-1: not trained on), not {}", rows.rows,
           trained.labels.size());
  }
  std::vector<double> counts(model.classes());
  double total = 0;
  for (const int32_t label : trained.labels) {
    if (label < -1 || label >= static_cast<int32_t>(counts.size()))
      refuse("label {} is none of the model's {} classes", label, counts.size());
    if (label < 0) continue;
    ++counts[static_cast<size_t>(label)];
    ++total;
  }
  if (total == 0) refuse("a posterior needs at least one row that the model was trained on");
  const auto present = counts.size() - static_cast<size_t>(std::ranges::count(counts, 0.0));
  Head head{.model = model, .weights = {}, .probabilities = {}, .present = present};
  for (const int32_t label : trained.labels) {
    const double own = label < 0 ? 0 : counts[static_cast<size_t>(label)];
    const bool weighed = trained.balanced && label >= 0;
    head.weights.push_back(weighed      ? total / (static_cast<double>(present) * own)
                           : label >= 0 ? 1.0
                                        : 0.0);
  }
  model.probabilities(rows, head.probabilities);
  return head;
}

// Precision of the prior that the head's penalty is, on weights whose scores sum to zero over the
// classes. Two classes are trained as one vector w, its half on each: |w|² is twice the weights'
// square.
static double ridge_of(const Head& head) {
  return (head.present == 2 ? 2 : 1) / head.model.head().strength;
}

// Orthonormal vectors that sum to zero, (classes - 1, classes): scores moved alike have no part in
// them.
static std::vector<double> contrasts(size_t classes) {
  std::vector<double> basis((classes - 1) * classes);
  for (size_t j = 0; j + 1 < classes; ++j) {
    const auto count = static_cast<double>(j + 1);
    const double length = std::sqrt(count * (count + 1));
    for (size_t k = 0; k <= j; ++k) basis[j * classes + k] = -1 / length;
    basis[j * classes + j + 1] = count / length;
  }
  return basis;
}

// A weight, or the bias after the last column.
static double value_of(const Head& head, size_t cls, size_t column) {
  return static_cast<double>(column < head.model.features()
                                 ? head.model.weight(cls, static_cast<int32_t>(column))
                                 : head.model.head().bias[cls]);
}

// (outputs, columns + 1): the contrasts of the two heads' weights and biases, before minus after.
static std::vector<double> head_difference(const Head& before, const Head& after,
                                           const std::vector<double>& basis) {
  const size_t classes = before.model.classes(), columns = before.model.features();
  const size_t outputs = basis.size() / classes;
  std::vector<double> out(outputs * (columns + 1)), apart(classes);
  for (size_t j = 0; j <= columns; ++j) {
    for (size_t k = 0; k < classes; ++k) apart[k] = value_of(before, k, j) - value_of(after, k, j);
    for (size_t o = 0; o < outputs; ++o) {
      for (size_t k = 0; k < classes; ++k)
        out[o * (columns + 1) + j] += basis[o * classes + k] * apart[k];
    }
  }
  return out;
}

static void mirror_lower(std::vector<double>& matrix, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < i; ++j) matrix[j * n + i] = matrix[i * n + j];
  }
}

// Σ weight_i row_i row_iᵀ; two classes: the whole Hessian, each row also weighed by its own.
static std::vector<double> input_moments(const HeadRows& rows, const Head& head) {
  const size_t width = rows.width(), count = head.weights.size();
  std::vector<double> moments(width * width);
  for (size_t begin = 0; begin < count; begin += block_rows) {
    const size_t end = std::min(count, begin + block_rows);
    std::vector<double> block = rows.block(begin, end);
    for (size_t i = begin; i < end; ++i) {
      const auto p = head.probabilities.row(i);
      const double own =
          p.size() == 2 ? 2 * static_cast<double>(p[0]) * static_cast<double>(p[1]) : 1;
      const double scale = std::sqrt(head.weights[i] * own);
      for (size_t j = 0; j < width; ++j) block[(i - begin) * width + j] *= scale;
    }
    kernels::add_gram(block.data(), end - begin, width, moments.data());
  }
  mirror_lower(moments, width);
  return moments;
}

// The weighted mean of diag(p) - p pᵀ in the contrasts; two classes have it in the rows already.
static std::vector<double> output_moments(const Head& head, const std::vector<double>& basis) {
  const size_t classes = head.probabilities.cols, outputs = classes - 1;
  if (classes == 2) return {1};
  std::vector<double> scaled, squares(classes * classes), mean(classes);
  double total = 0;
  for (size_t i = 0; i < head.weights.size(); ++i) {
    if (head.weights[i] == 0) continue;
    total += head.weights[i];
    for (size_t k = 0; k < classes; ++k) {
      const auto p = static_cast<double>(head.probabilities.at(i, k));
      mean[k] += head.weights[i] * p;
      scaled.push_back(std::sqrt(head.weights[i]) * p);
    }
  }
  kernels::add_gram(scaled.data(), scaled.size() / classes, classes, squares.data());
  mirror_lower(squares, classes);
  for (size_t k = 0; k < classes; ++k) {
    for (size_t l = 0; l < classes; ++l) {
      double& value = squares[k * classes + l];
      value = ((k == l ? mean[k] : 0) - value) / total;
    }
  }
  std::vector<double> turned(outputs * classes), out(outputs * outputs);
  kernels::multiply_rows(basis.data(), outputs, squares.data(), classes, classes, turned.data());
  kernels::multiply_rows(turned.data(), outputs, basis.data(), outputs, classes, out.data());
  return out;
}

static PosteriorStep joint_step(const Features& features, const Head& before, const Head& after) {
  const size_t classes = before.model.classes(), outputs = classes - 1;
  const std::vector<double> basis = contrasts(classes);
  const HeadRows rows(features, head_difference(before, after, basis), outputs);
  const auto normal = [&](const Head& head) {
    return kronecker_normal(input_moments(rows, head), rows.width(), output_moments(head, basis),
                            outputs, ridge_of(after));
  };
  const KroneckerNormal p = normal(before), q = normal(after);
  const MeanDifference apart{rows.difference(), rows.beyond_square()};
  return {divergence(p, q, apart), divergence(q, p, apart)};
}

// Adds value² · weight of each of the row's columns, the 1 of the bias last.
static void add_squares(const Features& features, size_t row, double weight,
                        std::vector<double>& out) {
  out.back() += weight;
  if (features.kind == Features::Kind::sparse) {
    const CsrView& x = features.sparse;
    for (int64_t at = x.offsets[row]; at < x.offsets[row + 1]; ++at) {
      const auto value = static_cast<double>(x.values[at]);
      out[static_cast<size_t>(x.columns[at])] += weight * value * value;
    }
    return;
  }
  for (size_t j = 0; j < features.cols; ++j) {
    const size_t at = row * features.cols + j;
    const auto value =
        static_cast<double>(features.kind == Features::Kind::half ? half_to_float(features.half[at])
                                                                  : features.dense[at]);
    out[j] += weight * value * value;
  }
}

// The Hessian's diagonal for one class, or for the contrast of two; the ridge with it.
static std::vector<double> diagonal(const Features& features, const Head& head, size_t cls,
                                    double ridge) {
  std::vector<double> out(features.cols + 1, ridge);
  for (size_t i = 0; i < features.rows; ++i) {
    if (head.weights[i] == 0) continue;
    const auto p = static_cast<double>(head.probabilities.at(i, cls));
    const double own = head.probabilities.cols == 2 ? 2 * p * (1 - p) : p * (1 - p);
    if (own > 0) add_squares(features, i, head.weights[i] * own, out);
  }
  return out;
}

static PosteriorStep diagonal_step(const Features& features, const Head& before,
                                   const Head& after) {
  const size_t classes = before.model.classes(), columns = features.cols;
  // The contrast of two classes is sqrt(2) times the second one's weights, which sum to zero.
  const bool is_contrast = classes == 2;
  PosteriorStep step;
  for (size_t cls = is_contrast ? 1 : 0; cls < classes; ++cls) {
    const std::vector<double> p = diagonal(features, before, cls, ridge_of(after));
    const std::vector<double> q = diagonal(features, after, cls, ridge_of(after));
    for (size_t j = 0; j <= columns; ++j) {
      const double apart = value_of(before, cls, j) - value_of(after, cls, j);
      const double square = (is_contrast ? 2 : 1) * apart * apart;
      const double log_ratio = std::log(q[j] / p[j]);
      step.before_from_after += (q[j] / p[j] - 1 - log_ratio + q[j] * square) / 2;
      step.after_from_before += (p[j] / q[j] - 1 + log_ratio + p[j] * square) / 2;
    }
  }
  step.before_from_after = std::max(0.0, step.before_from_after);
  step.after_from_before = std::max(0.0, step.after_from_before);
  return step;
}

std::optional<PosteriorStep> posterior_step(const Features& rows, const TrainedHead& before,
                                            const TrainedHead& after) {
  const auto* first = dynamic_cast<const LinearModel*>(&before.model);
  const auto* second = dynamic_cast<const LinearModel*>(&after.model);
  if (!first || !second || first->task() != Task::classification ||
      second->task() != Task::classification || first->classes() != second->classes() ||
      first->features() != second->features() || first->classes() < 2) {
    return std::nullopt;
  }
  const Head p = head_of(rows, before, *first), q = head_of(rows, after, *second);
  const bool joint = rows.kind != Features::Kind::sparse && rows.cols <= most_joint_columns &&
                     first->classes() <= most_joint_classes;
  return joint ? joint_step(rows, p, q) : diagonal_step(rows, p, q);
}

}  // namespace querist::learners
