// Posteriors against second differences of the loss they are Laplace's approximation of, and their
// divergences against dense matrices and an integral.
#include "learners/posterior_step.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "base/error.h"
#include "base/rng.h"
#include "learners/logistic_regression/linear_model.h"
#include "learners/posterior_step/kronecker_normal.h"

namespace querist::learners {

using Square = std::vector<std::vector<double>>;

struct Gaussian {
  std::vector<double> mean;
  Square precision;
};

// Gauss-Jordan with pivots: the inverse, and the logarithm of the determinant.
static Square inverse(Square a, double& log_determinant) {
  const size_t n = a.size();
  Square out(n, std::vector<double>(n));
  for (size_t i = 0; i < n; ++i) out[i][i] = 1;
  log_determinant = 0;
  for (size_t i = 0; i < n; ++i) {
    size_t pivot = i;
    for (size_t r = i; r < n; ++r) {
      if (std::abs(a[r][i]) > std::abs(a[pivot][i])) pivot = r;
    }
    std::swap(a[i], a[pivot]);
    std::swap(out[i], out[pivot]);
    const double scale = a[i][i];
    log_determinant += std::log(std::abs(scale));
    for (size_t j = 0; j < n; ++j) a[i][j] /= scale, out[i][j] /= scale;
    for (size_t r = 0; r < n; ++r) {
      const double times = r == i ? 0 : a[r][i];
      for (size_t j = 0; j < n; ++j) a[r][j] -= times * a[i][j], out[r][j] -= times * out[i][j];
    }
  }
  return out;
}

// KL(p || q) by the textbook, with dense matrices.
static double dense_divergence(const Gaussian& p, const Gaussian& q) {
  double log_p = 0, log_q = 0;
  const Square covariance = inverse(p.precision, log_p);
  inverse(q.precision, log_q);
  double twice = log_p - log_q - static_cast<double>(p.mean.size());
  for (size_t i = 0; i < p.mean.size(); ++i) {
    for (size_t j = 0; j < p.mean.size(); ++j) {
      twice += q.precision[i][j] *
               (covariance[j][i] + (p.mean[i] - q.mean[i]) * (p.mean[j] - q.mean[j]));
    }
  }
  return twice / 2;
}

static Matrix random_rows(Rng& rng, size_t rows, size_t cols) {
  Matrix x(rows, cols);
  for (float& value : x.values) value = static_cast<float>(rng.normal());
  return x;
}

// A head whose scores sum to zero, as training leaves them.
static LinearModel random_head(Rng& rng, size_t classes, size_t cols, double strength,
                               double spread) {
  LinearHead head{.classes = classes, .features = cols, .strength = strength};
  head.weights.resize(classes * cols);
  head.bias.resize(classes);
  for (size_t j = 0; j <= cols; ++j) {
    double mean = 0;
    std::vector<double> values(classes);
    for (double& value : values) {
      value = (j == cols ? 1 : spread) * rng.normal();
      mean += value / static_cast<double>(classes);
    }
    for (size_t k = 0; k < classes; ++k) {
      (j == cols ? head.bias[k] : head.weights[k * cols + j]) =
          static_cast<float>(values[k] - mean);
    }
  }
  return LinearModel(std::move(head));
}

// Orthonormal directions in which the classes' scores sum to zero, by Gram and Schmidt.
static Square directions(size_t classes) {
  Square out;
  for (size_t j = 0; j + 1 < classes; ++j) {
    std::vector<double> axis(classes, -1.0 / static_cast<double>(classes));
    axis[j] += 1;
    for (const auto& other : out) {
      double along = 0;
      for (size_t k = 0; k < classes; ++k) along += axis[k] * other[k];
      for (size_t k = 0; k < classes; ++k) axis[k] -= along * other[k];
    }
    double square = 0;
    for (const double value : axis) square += value * value;
    for (double& value : axis) value /= std::sqrt(square);
    out.push_back(axis);
  }
  return out;
}

// One direction's coordinate of the head's weights of one column, or of its biases.
static double coordinate(const LinearHead& head, const std::vector<double>& axis, size_t column) {
  double sum = 0;
  for (size_t k = 0; k < head.classes; ++k) {
    sum += axis[k] * static_cast<double>(column < head.features
                                             ? head.weights[k * head.features + column]
                                             : head.bias[k]);
  }
  return sum;
}

struct Case {
  Matrix x;
  std::vector<int32_t> labels;
  std::vector<double> weights;  // As they count in the loss.
  double ridge = 1;
};

// What training minimises, divided by C: the weighted log loss and the penalty, the biases under it
// too, at the point given in the directions' coordinates.
static double objective(const Case& data, const Square& axes, const std::vector<double>& point) {
  const size_t classes = axes.size() + 1, width = data.x.cols + 1;
  double sum = 0;
  for (size_t i = 0; i < data.x.rows; ++i) {
    if (data.weights[i] == 0) continue;
    std::vector<double> scores(classes);
    double exponentials = 0;
    for (size_t k = 0; k < classes; ++k) {
      for (size_t a = 0; a < axes.size(); ++a) {
        for (size_t j = 0; j < width; ++j) {
          const double value = j < data.x.cols ? static_cast<double>(data.x.at(i, j)) : 1.0;
          scores[k] += axes[a][k] * point[a * width + j] * value;
        }
      }
      exponentials += std::exp(scores[k]);
    }
    sum += data.weights[i] * (std::log(exponentials) - scores[static_cast<size_t>(data.labels[i])]);
  }
  for (const double value : point) sum += data.ridge * value * value / 2;
  return sum;
}

// The normal around the head whose precision is the objective's second differences.
static Gaussian laplace_by_differences(const Case& data, const LinearModel& model) {
  const Square axes = directions(model.classes());
  const size_t width = data.x.cols + 1, n = axes.size() * width;
  Gaussian out{std::vector<double>(n), Square(n, std::vector<double>(n))};
  for (size_t a = 0; a < axes.size(); ++a) {
    for (size_t j = 0; j < width; ++j)
      out.mean[a * width + j] = coordinate(model.head(), axes[a], j);
  }
  const double h = 1e-3;
  const auto moved = [&](size_t i, double by, size_t j, double by_too) {
    std::vector<double> point = out.mean;
    point[i] += by;
    point[j] += by_too;
    return objective(data, axes, point);
  };
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) {
      out.precision[i][j] =
          (moved(i, h, j, h) - moved(i, h, j, -h) - moved(i, -h, j, h) + moved(i, -h, j, -h)) /
          (4 * h * h);
    }
  }
  return out;
}

static std::vector<int32_t> random_labels(Rng& rng, size_t rows, size_t classes, size_t trained) {
  std::vector<int32_t> labels(rows, -1);
  for (size_t i = 0; i < trained; ++i)
    labels[i] = static_cast<int32_t>(i < classes ? i : rng.below(classes));
  return labels;
}

static std::vector<double> weights_of(const std::vector<int32_t>& labels, size_t classes,
                                      bool balanced) {
  std::vector<double> counts(classes), weights;
  double total = 0;
  for (const int32_t label : labels) {
    if (label < 0) continue;
    ++counts[static_cast<size_t>(label)];
    ++total;
  }
  for (const int32_t label : labels) {
    weights.push_back(
        label < 0   ? 0
        : !balanced ? 1
                    : total / (static_cast<double>(classes) * counts[static_cast<size_t>(label)]));
  }
  return weights;
}

// Two classes, and more with the same answer for every row, are Laplace's approximation itself:
// many shapes, also with fewer rows than columns. The tolerance is of the second differences, some
// 1e-6 of each entry, and of the models' float answers.
TEST(PosteriorStep, IsThatOfTheLossSecondDifferences) {
  Rng rng(5);
  for (int round = 0; round < 40; ++round) {
    const bool balanced = round % 3 == 0;
    const size_t classes = 2 + (round % 2 ? rng.below(3) : 0);
    const size_t cols = 1 + rng.below(5), rows = classes + 1 + rng.below(8);
    const double spread = classes == 2 ? 1 : 0;
    const Matrix x = random_rows(rng, rows, cols);
    const LinearModel models[2] = {random_head(rng, classes, cols, std::exp(rng.normal()), spread),
                                   random_head(rng, classes, cols, std::exp(rng.normal()), spread)};
    const std::vector<int32_t> labels[2] = {random_labels(rng, rows, classes, rows - 1),
                                            random_labels(rng, rows, classes, rows)};
    Gaussian normals[2];
    for (size_t t = 0; t < 2; ++t) {
      const double ridge = (classes == 2 ? 2 : 1) / models[1].head().strength;  // The later one's.
      normals[t] = laplace_by_differences(
          {x, labels[t], weights_of(labels[t], classes, balanced), ridge}, models[t]);
    }
    const auto step =
        posterior_step(x, {models[0], labels[0], balanced}, {models[1], labels[1], balanced});
    ASSERT_TRUE(step.has_value());
    const double before = dense_divergence(normals[0], normals[1]);
    const double after = dense_divergence(normals[1], normals[0]);
    EXPECT_NEAR(step->before_from_after, before, 1e-4 * (1 + before)) << round;
    EXPECT_NEAR(step->after_from_before, after, 1e-4 * (1 + after)) << round;
  }
}

// More classes whose answers differ from row to row: the Kronecker product of the definitions,
// written out densely.
TEST(PosteriorStep, IsTheKroneckerProductForMoreClasses) {
  Rng rng(6);
  for (int round = 0; round < 20; ++round) {
    const size_t classes = 3 + rng.below(3), cols = 1 + rng.below(7), rows = 6 + rng.below(5);
    const Matrix x = random_rows(rng, rows, cols);
    const LinearModel models[2] = {random_head(rng, classes, cols, 0.7, 1),
                                   random_head(rng, classes, cols, 1.9, 1)};
    const std::vector<int32_t> labels[2] = {random_labels(rng, rows, classes, rows - 1),
                                            random_labels(rng, rows, classes, rows)};
    const Square axes = directions(classes);
    const size_t width = cols + 1, n = axes.size() * width;
    Gaussian normals[2];
    for (size_t t = 0; t < 2; ++t) {
      Matrix p;
      models[t].probabilities(x, p);
      Square a(width, std::vector<double>(width)), b(axes.size(), std::vector<double>(axes.size()));
      double total = 0;
      for (size_t i = 0; i < rows; ++i) {
        if (labels[t][i] < 0) continue;
        ++total;
        const auto value = [&](size_t j) {
          return j < cols ? static_cast<double>(x.at(i, j)) : 1.0;
        };
        for (size_t j = 0; j < width; ++j) {
          for (size_t l = 0; l < width; ++l) a[j][l] += value(j) * value(l);
        }
        for (size_t u = 0; u < axes.size(); ++u) {
          for (size_t v = 0; v < axes.size(); ++v) {
            double own = 0, along_u = 0, along_v = 0;
            for (size_t k = 0; k < classes; ++k) {
              const auto share = static_cast<double>(p.at(i, k));
              own += share * axes[u][k] * axes[v][k];
              along_u += share * axes[u][k];
              along_v += share * axes[v][k];
            }
            b[u][v] += own - along_u * along_v;
          }
        }
      }
      normals[t] = {std::vector<double>(n), Square(n, std::vector<double>(n))};
      for (size_t u = 0; u < axes.size(); ++u) {
        for (size_t j = 0; j < width; ++j) {
          normals[t].mean[u * width + j] = coordinate(models[t].head(), axes[u], j);
          normals[t].precision[u * width + j][u * width + j] = 1 / models[1].head().strength;
          for (size_t v = 0; v < axes.size(); ++v) {
            for (size_t l = 0; l < width; ++l)
              normals[t].precision[u * width + j][v * width + l] += a[j][l] * b[u][v] / total;
          }
        }
      }
    }
    const auto step = posterior_step(x, {models[0], labels[0]}, {models[1], labels[1]});
    ASSERT_TRUE(step.has_value());
    const double before = dense_divergence(normals[0], normals[1]);
    const double after = dense_divergence(normals[1], normals[0]);
    // The models answer in float.
    EXPECT_NEAR(step->before_from_after, before, 1e-5 * (1 + before));
    EXPECT_NEAR(step->after_from_before, after, 1e-5 * (1 + after));
  }
}

// Sparse rows have the diagonal, class by class; two classes one diagonal of their difference.
TEST(PosteriorStep, IsTheDiagonalForSparseRows) {
  Rng rng(7);
  for (const size_t classes : {2, 3, 5}) {
    const size_t cols = 9, rows = 12;
    Matrix x = random_rows(rng, rows, cols);
    Csr sparse;
    sparse.cols = cols;
    for (size_t i = 0; i < rows; ++i) {
      for (size_t j = 0; j < cols; ++j) {
        if (rng.uniform() < 0.6) x.at(i, j) = 0;
        if (x.at(i, j) == 0) continue;
        sparse.columns.push_back(static_cast<int32_t>(j));
        sparse.values.push_back(x.at(i, j));
      }
      sparse.offsets.push_back(static_cast<int64_t>(sparse.columns.size()));
    }
    const LinearModel models[2] = {random_head(rng, classes, cols, 2, 1),
                                   random_head(rng, classes, cols, 3, 1)};
    const std::vector<int32_t> labels[2] = {random_labels(rng, rows, classes, rows - 2),
                                            random_labels(rng, rows, classes, rows)};
    Matrix p[2];
    for (size_t t = 0; t < 2; ++t) models[t].probabilities(x, p[t]);
    double expected[2] = {0, 0};
    for (size_t k = classes == 2 ? 1 : 0; k < classes; ++k) {
      for (size_t j = 0; j <= cols; ++j) {
        double precision[2], mean[2];
        for (size_t t = 0; t < 2; ++t) {
          const LinearHead& head = models[t].head();
          // Of two classes the log odds w: mean w1 - w0, curvature p (1 - p), penalty 1 / C.
          precision[t] = 1 / models[1].head().strength;
          for (size_t i = 0; i < rows; ++i) {
            const double value = j < cols ? static_cast<double>(x.at(i, j)) : 1;
            const auto share = static_cast<double>(p[t].at(i, k));
            if (labels[t][i] >= 0) precision[t] += share * (1 - share) * value * value;
          }
          const auto weight = [&](size_t cls) {
            return static_cast<double>(j < cols ? head.weights[cls * cols + j] : head.bias[cls]);
          };
          mean[t] = classes == 2 ? weight(1) - weight(0) : weight(k);
        }
        for (size_t t = 0; t < 2; ++t) {
          const double ratio = precision[1 - t] / precision[t], apart = mean[0] - mean[1];
          expected[t] += (ratio - 1 - std::log(ratio) + precision[1 - t] * apart * apart) / 2;
        }
      }
    }
    const auto step = posterior_step(sparse, {models[0], labels[0]}, {models[1], labels[1]});
    ASSERT_TRUE(step.has_value());
    EXPECT_NEAR(step->before_from_after, expected[0], 1e-5 * (1 + expected[0])) << classes;
    EXPECT_NEAR(step->after_from_before, expected[1], 1e-5 * (1 + expected[1])) << classes;
  }
}

// ∫ p ln(p / q) by the midpoint rule, exact to far below the tolerance for normals.
TEST(KroneckerNormal, DivergesAsTheIntegralInOneDimension) {
  Rng rng(8);
  for (int round = 0; round < 50; ++round) {
    const double apart = rng.normal();
    const double ridge = 0.2 + rng.uniform();
    const auto normal = [&] {
      const double inputs = 2 * rng.uniform(), outputs = rng.uniform();
      return kronecker_normal({inputs}, 1, {outputs}, 1, ridge);
    };
    const KroneckerNormal p = normal(), q = normal();
    const auto precision = [](const KroneckerNormal& one) {
      return one.input_moments[0] * one.output_moments[0] + one.ridge;
    };
    const auto log_density = [](double x, double mean, double precision_) {
      return (std::log(precision_ / (2 * std::numbers::pi)) -
              precision_ * (x - mean) * (x - mean)) /
             2;
    };
    double integral = 0;
    const double step = 1e-3;
    for (double x = -40 + step / 2; x < 40; x += step) {
      const double log_p = log_density(x, apart, precision(p));
      integral += step * std::exp(log_p) * (log_p - log_density(x, 0, precision(q)));
    }
    EXPECT_NEAR(divergence(p, q, {{apart}, 0}), integral, 1e-9);
  }
}

TEST(PosteriorStep, IsNothingWhereNothingMovedAndGrowsWithTheDistance) {
  Rng rng(9);
  const Matrix x = random_rows(rng, 30, 4);
  const auto labels = random_labels(rng, 30, 3, 30);
  const LinearModel model = random_head(rng, 3, 4, 1, 1);
  const auto none = posterior_step(x, {model, labels}, {model, labels});
  EXPECT_NEAR(none->before_from_after, 0, 1e-9);
  EXPECT_NEAR(none->after_from_before, 0, 1e-9);
  double last = 0;
  for (const float by : {0.01f, 0.1f, 1.0f}) {
    LinearHead head = model.head();
    head.weights[0] += by;
    const auto step = posterior_step(x, {model, labels}, {LinearModel(head), labels});
    EXPECT_GT(step->before_from_after, last);
    last = step->before_from_after;
  }
}

TEST(PosteriorStep, NeedsTwoHeadsOfTheSameClassesAndColumns) {
  Rng rng(10);
  const Matrix x = random_rows(rng, 8, 3);
  const auto two = random_labels(rng, 8, 2, 8), three = random_labels(rng, 8, 3, 8);
  const LinearModel model = random_head(rng, 2, 3, 1, 1);
  EXPECT_FALSE(posterior_step(x, {model, two}, {random_head(rng, 3, 3, 1, 1), three}));
  EXPECT_FALSE(posterior_step(x, {model, two}, {random_head(rng, 2, 4, 1, 1), two}));
  const Learner& other = find("naive_bayes");
  const auto bayes = train(other, {x, two, {}, 2}, Params(other.params), nullptr, 0, Progress());
  EXPECT_FALSE(posterior_step(x, {*bayes, two}, {*bayes, two}));

  const std::vector<int32_t> few(7, 0), none(8, -1), unknown(8, 2);
  EXPECT_THROW(posterior_step(x, {model, two}, {model, few}), Error);
  EXPECT_THROW(posterior_step(x, {model, none}, {model, two}), Error);
  EXPECT_THROW(posterior_step(x, {model, unknown}, {model, two}), Error);
}

// A model trained on more rows of the same source lies nearer to the one before it the more rows
// there are: what the rule that reads this hopes for.
TEST(PosteriorStep, ShrinksAsTrainedModelsGrow) {
  Rng rng(11);
  const Matrix x = random_rows(rng, 660, 5);
  std::vector<int32_t> labels(660);
  for (size_t i = 0; i < 660; ++i)
    labels[i] = static_cast<double>(x.at(i, 0)) + 0.7 * rng.normal() > 0;
  const Learner& learner = find("logistic_regression");
  Params params(learner.params);
  params.set("strength", 1.0);
  const auto step_at = [&](size_t rows) {
    std::unique_ptr<Model> models[2];
    std::vector<int32_t> trained[2];
    for (size_t t = 0; t < 2; ++t) {
      const size_t count = rows + 20 * t;
      const Matrix part = [&] {
        Matrix head(count, 5);
        std::copy_n(x.values.begin(), head.values.size(), head.values.begin());
        return head;
      }();
      const std::vector<int32_t> own(labels.begin(), labels.begin() + static_cast<long>(count));
      models[t] = train(learner, {part, own, {}, 2}, params, nullptr, 0, Progress());
      trained[t] = labels;
      std::fill(trained[t].begin() + static_cast<long>(count), trained[t].end(), -1);
    }
    return posterior_step(x, {*models[0], trained[0]}, {*models[1], trained[1]})->after_from_before;
  };
  const double few = step_at(40), many = step_at(640);
  EXPECT_LT(many, few / 5);
  EXPECT_GT(many, 0);
}

}  // namespace querist::learners
