// Expected losses and normal log densities against plain loops on every kind of processor.
#include "kernels/expected_loss.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/rng.h"
#include "kernels/every_target_fixture.h"
#include "kernels/normal_classes.h"

namespace querist::kernels {

static double loss_of(std::vector<double> p, Loss loss) {
  double sum = 0, most = 0, entropy = 0;
  for (const double v : p) sum += v;
  for (double& v : p) v = sum > 0 ? v / sum : 1 / static_cast<double>(p.size());
  for (const double v : p) {
    most = std::max(most, v);
    if (v > 0) entropy -= v * std::log(v);
  }
  return loss == Loss::log ? entropy : 1 - most;
}

// Numbers of `rows` rows, class by class with room between, and the chances of the new row.
struct Rows {
  size_t rows, classes, stride;
  std::vector<double> values, replaced, added, predicted, chances;

  Rows(size_t row_count, size_t class_count, Rng& rng)
      : rows(row_count), classes(class_count), stride(row_count + 3) {
    values.assign(stride * classes, 1e9);  // What lies between is never read.
    replaced = values;
    double sum = 0;
    for (size_t c = 0; c < classes; ++c) {
      for (size_t u = 0; u < rows; ++u) {
        values[c * stride + u] = rng.below(5) ? 4 * rng.uniform() : 0;
        replaced[c * stride + u] = 4 * rng.uniform();
      }
      predicted.push_back(rng.uniform());
      chances.push_back(rng.uniform());
      sum += chances.back();
    }
    for (size_t c = 0; c < classes && rng.below(3) == 0; ++c)
      values[c * stride] = 0;  // A row without a vote at all.
    for (double& v : chances) v /= sum;
    for (size_t u = 0; u < rows; ++u) added.push_back(rng.below(4) ? rng.uniform() : 0);
  }
  double at(size_t c, size_t u) const { return values[c * stride + u]; }

  // What `changed(y, c, u)` makes of class c's number of row u once the new row is of class y.
  template <class Changed>
  double plain(Loss loss, Changed changed) const {
    double total = 0;
    for (size_t u = 0; u < rows; ++u) {
      for (size_t y = 0; y < classes; ++y) {
        std::vector<double> p;
        for (size_t c = 0; c < classes; ++c) p.push_back(changed(y, c, u));
        total += chances[y] * loss_of(p, loss);
      }
    }
    return total;
  }
};

TEST(ExpectedLoss, IsTheMeanOverTheNewRowsClassesOnEveryTarget) {
  Rng rng(1);
  for (size_t trial = 0; trial < 200; ++trial) {
    const Rows one(1 + rng.below(40), 1 + rng.below(6), rng);
    const Loss loss = trial % 2 ? Loss::log : Loss::misclassification;
    const double votes = one.plain(
        loss, [&](size_t y, size_t c, size_t u) { return one.at(c, u) + (c == y) * one.added[u]; });
    const double scores = one.plain(loss, [&](size_t y, size_t c, size_t u) {
      return std::max(0.0, one.at(c, u) + one.added[u] * ((c == y) - one.predicted[c]));
    });
    const double logits = one.plain(loss, [&](size_t y, size_t c, size_t u) {
      return std::exp(c == y ? one.replaced[c * one.stride + u] : one.at(c, u));
    });
    on_every_target([&] {
      const double* values = one.values.data();
      // Sums of up to 240 losses of at most ln 6, each right to a few roundings of double.
      EXPECT_NEAR(expected_vote_loss(values, one.stride, one.rows, one.added.data(),
                                     one.chances.data(), one.classes, loss),
                  votes, 1e-11);
      EXPECT_NEAR(expected_score_loss(values, one.stride, one.rows, one.added.data(),
                                      one.predicted.data(), one.chances.data(), one.classes, loss),
                  scores, 1e-11);
      EXPECT_NEAR(expected_logit_loss(values, one.replaced.data(), one.stride, one.rows,
                                      one.chances.data(), one.classes, loss),
                  logits, 1e-11);
    });
    if (HasFailure()) FAIL() << "trial " << trial;
  }
}

// Two scores that sum to 1, some of them outside of [0, 1].
TEST(ExpectedLoss, OfTwoClassesNeedsNoDivisionOnEveryTarget) {
  Rng rng(3);
  for (size_t trial = 0; trial < 100; ++trial) {
    const size_t rows = 1 + rng.below(40);
    std::vector<double> scores, added, moves;
    const double factor = rng.uniform();
    for (size_t u = 0; u < rows; ++u) {
      scores.push_back(1.4 * rng.uniform() - 0.2);
      added.push_back(2 * rng.uniform() - 1);
      moves.push_back(added.back() * factor);
    }
    for (size_t u = 0; u < rows; ++u) scores.push_back(1 - scores[u]);
    const double f = 1.4 * rng.uniform() - 0.2, chance = rng.uniform();
    const std::vector<double> predicted = {f, 1 - f}, chances = {chance, 1 - chance};
    on_every_target([&] {
      // Sums of up to 40 losses of at most a half.
      EXPECT_NEAR(expected_two_class_loss(scores.data(), rows, added.data(), factor, f, chance),
                  expected_score_loss(scores.data(), rows, rows, moves.data(), predicted.data(),
                                      chances.data(), 2, Loss::misclassification),
                  1e-13);
    });
  }
}

TEST(NormalClasses, LogDensitiesAreAsWrittenOnEveryTarget) {
  Rng rng(2);
  for (size_t trial = 0; trial < 60; ++trial) {
    Matrix x(1 + rng.below(40), 1 + rng.below(20));
    std::vector<uint16_t> half;
    for (float& v : x.values) {
      half.push_back(float_to_half(static_cast<float>(rng.normal())));
      v = half_to_float(half.back());
    }
    std::vector<int64_t> chosen;
    for (size_t i = 0; i < x.rows; ++i) chosen.push_back(static_cast<int64_t>(rng.below(x.rows)));
    NormalClasses classes(1 + rng.below(11), x.cols);
    for (double& v : classes.means) v = rng.normal();
    for (double& v : classes.weights) v = std::exp(4 * rng.normal());
    for (size_t c = 1; c < classes.classes; ++c) classes.offsets[c] = rng.normal();
    std::fill_n(classes.weights.begin(), x.cols, 0.0);  // Class 0 does not exist.
    on_every_target([&] {
      PackedRows rows, narrow;
      pack_rows(x, chosen, rows);
      pack_rows(Features::of_half(x.rows, x.cols, half.data()), chosen, narrow);
      EXPECT_EQ(rows.values, narrow.values);
      const size_t stride = rows.padded() + 16;
      std::vector<double> found(stride * classes.classes);
      log_densities(rows, classes, stride, found.data());
      for (size_t u = 0; u < chosen.size(); ++u) {
        EXPECT_EQ(found[u], no_class);
        for (size_t c = 1; c < classes.classes; ++c) {
          double expected = classes.offsets[c], size = std::abs(expected);
          for (size_t j = 0; j < x.cols; ++j) {
            const double gap =
                double{x.at(static_cast<size_t>(chosen[u]), j)} - classes.means[c * x.cols + j];
            expected -= classes.weights[c * x.cols + j] * gap * gap;
            size += classes.weights[c * x.cols + j] * gap * gap;
          }
          // At most 23 roundings of 1.1e-16 of the sum of sizes.
          ASSERT_NEAR(found[c * stride + u], expected, 5e-15 * size);
        }
      }
    });
  }
}

}  // namespace querist::kernels
