// Distances from two factors on every supported kind of processor against embeddings written out
// in double.
#include "kernels/gradient_distances.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/rng.h"
#include "kernels/every_target_fixture.h"

namespace querist::kernels {

static std::vector<double> embedding(const Matrix& x, const Matrix& p, int64_t row, bool bias) {
  const auto own = p.row(static_cast<size_t>(row));
  const auto likeliest = static_cast<size_t>(std::ranges::max_element(own) - own.begin());
  std::vector<double> g;
  for (size_t c = 0; c < own.size(); ++c) {
    const double error = double{own[c]} - (c == likeliest ? 1 : 0);
    for (const float v : x.row(static_cast<size_t>(row))) g.push_back(error * double{v});
    if (bias) g.push_back(error);
  }
  return g;
}

static double squared_gap(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t j = 0; j < a.size(); ++j) sum += (a[j] - b[j]) * (a[j] - b[j]);
  return sum;
}

static std::vector<double> nearest_of(const Gradients& g, std::span<const int64_t> rows,
                                      const GradientCenters& centers, size_t begin) {
  const auto terms = gradient_terms(g, rows);
  std::vector<double> nearest(rows.size(), std::numeric_limits<double>::infinity());
  gradient_update(g, rows, terms.norms, terms.likeliest, centers, begin, centers.count(), nearest);
  return nearest;
}

TEST(GradientDistances, EqualTheDefinitionOnEveryTarget) {
  Rng rng(2);
  const std::vector<int64_t> rows = {6, 0, 2, 4, 5, 1, 3};
  on_every_target([&] {
    for (const size_t cols : {1u, 16u, 33u, 130u}) {
      for (const size_t classes : {1u, 2u, 10u, 67u}) {
        const bool bias = cols % 2 == 1;
        Matrix x(20, cols), p(20, classes);
        std::vector<uint16_t> half;
        for (float& v : x.values) {
          half.push_back(float_to_half(static_cast<float>(rng.normal())));
          v = half_to_float(half.back());  // So that both kinds hold the same numbers.
        }
        for (size_t i = 0; i < 20; ++i) {
          double sum = 0;
          for (float& v : p.row(i)) sum += v = static_cast<float>(std::exp(rng.normal()));
          for (float& v : p.row(i)) v = static_cast<float>(v / sum);
        }
        const Gradients g = {x, p, bias};
        const Gradients narrow = {Features::of_half(20, cols, half.data()), p, bias};
        GradientCenters centers(g);
        std::vector<int64_t> chosen = {7, 9, 3, 12, 15, 8, 19};
        const auto terms = gradient_terms(g, chosen);
        for (size_t c = 0; c < chosen.size(); ++c)
          centers.add(g, chosen[c], terms.norms[c], terms.likeliest[c]);
        const auto found = nearest_of(g, rows, centers, 0);
        EXPECT_EQ(found, nearest_of(narrow, rows, centers, 0));
        EXPECT_EQ(found[6], 0);  // Row 3 is a centre.
        const std::vector<double> zero(classes * (cols + bias), 0);
        for (size_t i = 0; i < rows.size(); ++i) {
          // Alone it is the same bit for bit as in company.
          EXPECT_EQ(nearest_of(g, std::span(rows).subspan(i, 1), centers, 0)[0], found[i]);
          const auto own = embedding(x, p, rows[i], bias);
          double least = std::numeric_limits<double>::infinity(), most = squared_gap(own, zero);
          for (const int64_t c : chosen) {
            const auto other = embedding(x, p, c, bias);
            least = std::min(least, squared_gap(own, other));
            most = std::max(most, squared_gap(other, zero));
          }
          // Products of float sums of n terms, each within n + 2 roundings of 6e-8; an error q is
          // itself rounded, by no more than 6e-8 of 1.
          const double factor = 1 + std::ranges::max(gradient_terms(g, rows).norms);
          EXPECT_NEAR(found[i], least,
                      4e-7 * static_cast<double>(cols + classes + 2) * std::max(most, factor));
        }
      }
    }
  });
}

}  // namespace querist::kernels
