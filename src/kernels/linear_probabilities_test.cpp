// The fused head on every supported kind of processor against a double-precision softmax.
#include "kernels/linear_probabilities.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "kernels/every_target_fixture.h"

namespace querist::kernels {

struct Head {
  Matrix x, weights;
  std::vector<uint16_t> half;
  std::vector<float> bias;

  Head(size_t rows, size_t cols, size_t classes)
      : x(rows, cols), weights(classes, cols), bias(classes) {
    Rng rng(rows * 31 + cols * 7 + classes);
    half.resize(x.values.size());
    for (size_t i = 0; i < half.size(); ++i) {
      half[i] = float_to_half(static_cast<float>(rng.normal()));
      x.values[i] = half_to_float(half[i]);
    }
    for (float& w : weights.values) w = static_cast<float>(rng.normal());
    for (float& b : bias) b = static_cast<float>(rng.normal());
  }

  double expected(size_t i, size_t c) const {
    std::vector<double> logits(weights.rows);
    for (size_t k = 0; k < logits.size(); ++k) {
      logits[k] = bias[k];
      for (size_t j = 0; j < x.cols; ++j) logits[k] += double{x.at(i, j)} * weights.at(k, j);
    }
    const double top = *std::max_element(logits.begin(), logits.end());
    double sum = 0;
    for (const double l : logits) sum += std::exp(l - top);
    return std::exp(logits[c] - top) / sum;
  }
};

TEST(LinearProbabilities, EqualTheSoftmaxOnEveryTargetAndShape) {
  for (const auto& [rows, cols, classes] : {std::tuple{1, 1, 1},
                                            {3, 5, 2},
                                            {7, 16, 3},
                                            {2, 33, 7},
                                            {1025, 24, 10},
                                            {4, 384, 150},
                                            {819, 7, 2},
                                            {819, 7, 3},
                                            {819, 40, 4}}) {
    const Head head(rows, cols, classes);
    on_every_target([&] {
      std::vector<float> dense(head.x.rows * head.weights.rows), narrow(dense.size());
      linear_probabilities(head.x, head.weights, head.bias, dense);
      linear_probabilities(Features::of_half(head.x.rows, head.x.cols, head.half.data()),
                           head.weights, head.bias, narrow);
      for (size_t i = 0; i < head.x.rows; i += 101) {
        for (size_t c = 0; c < head.weights.rows; ++c) {
          // Logits reach about 4·sqrt(cols); their float rounding moves a probability by at most
          // that times 1e-6.
          EXPECT_NEAR(dense[i * head.weights.rows + c], head.expected(i, c), 5e-5);
          EXPECT_EQ(dense[i * head.weights.rows + c], narrow[i * head.weights.rows + c]);
        }
      }
    });
  }
}

TEST(LinearProbabilities, OfARowDoNotDependOnTheOthers) {
  for (const size_t classes : {2, 3, 4, 5}) {
    const Head head(37, 40, classes);
    on_every_target([&] {
      std::vector<float> all(37 * classes), one(classes);
      linear_probabilities(head.x, head.weights, head.bias, all);
      for (size_t i = 0; i < 37; ++i) {
        linear_probabilities(Features(MatrixView(1, 40, head.x.row(i).data())), head.weights,
                             head.bias, one);
        const auto row = all.begin() + static_cast<std::ptrdiff_t>(i * classes);
        EXPECT_TRUE(std::equal(one.begin(), one.end(), row)) << i;
      }
    });
  }
}

TEST(LinearProbabilities, SurviveHugeLogits) {
  Matrix x(1, 1), weights(2, 1);
  x.values = {1e4f};
  weights.values = {1e4f, -1e4f};
  std::vector<float> out(2);
  linear_probabilities(x, weights, std::vector<float>{0, 0}, out);
  EXPECT_FLOAT_EQ(out[0], 1);
  EXPECT_LT(out[1], 1e-30f);
}

TEST(LinearProbabilities, SayWhichRowIsNotFinite) {
  for (const size_t classes : {2, 3, 4, 7}) {
    Head head(600, 24, classes);
    head.x.at(513, 3) = std::nanf("");
    head.x.at(514, 23) = INFINITY;
    std::vector<float> out(600 * classes);
    EXPECT_FALSE(linear_probabilities(head.x, head.weights, head.bias, out));
    for (size_t i = 0; i < 600; ++i) {
      EXPECT_EQ(std::isnan(out[i * classes]), i == 513 || i == 514) << i;
    }
  }
}

}  // namespace querist::kernels
