// Blocks of products, what is made of them and what is summed from that, against plain loops in
// double on every kind of processor.
#include "kernels/pair_blocks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/rng.h"
#include "kernels/every_target_fixture.h"
#include "kernels/similarity.h"

namespace querist::kernels {

// Rows of both kinds that hold the same numbers, and which of them meet.
struct Block {
  Matrix x;
  std::vector<uint16_t> half;
  std::vector<int64_t> rows, others;

  Block(size_t n, size_t width, size_t cols, Rng& rng) : x(n + 3, cols) {
    for (float& v : x.values) {
      half.push_back(float_to_half(static_cast<float>(rng.normal())));
      v = half_to_float(half.back());
    }
    for (size_t i = 0; i < n; ++i) rows.push_back(static_cast<int64_t>(rng.below(x.rows)));
    for (size_t j = 0; j < width; ++j) others.push_back(static_cast<int64_t>(rng.below(x.rows)));
    others[0] = rows[0];
  }
  Features halves() const { return Features::of_half(x.rows, x.cols, half.data()); }
  double value(int64_t row, size_t j) const { return double{x.at(static_cast<size_t>(row), j)}; }
  double product(size_t i, size_t j) const {
    double sum = 0;
    for (size_t k = 0; k < x.cols; ++k) sum += value(rows[i], k) * value(others[j], k);
    return sum;
  }
  double squared(size_t i, size_t j) const {
    double sum = 0;
    for (size_t k = 0; k < x.cols; ++k) sum += std::pow(value(rows[i], k) - value(others[j], k), 2);
    return sum;
  }
  double length(int64_t row) const {
    double sum = 0;
    for (size_t k = 0; k < x.cols; ++k) sum += value(row, k) * value(row, k);
    return std::sqrt(sum);
  }
};

// The block through the kernels: products where no kernel is named, else similarities.
static std::vector<float> through(const Block& block, const Features& x, size_t width,
                                  const Kernel* kernel = nullptr) {
  RowReader own(x, block_rows), other(x, width);
  std::vector<float> panel(block.x.cols * width), out(block_rows * width);
  pack_panel(other.read(block.others), block.others.size(), block.x.cols, width, panel.data());
  const float* const* rows = own.read(block.rows);
  panel_products(rows, block.rows.size(), panel.data(), width, block.x.cols, out.data());
  if (kernel) {
    const auto norms = kernel_norms(*kernel, x, block.rows);
    auto across = kernel_norms(*kernel, x, block.others);
    across.resize(width, across.back());
    similarities(
        *kernel,
        {rows, norms.data(), block.rows.size(), panel.data(), across.data(), width, block.x.cols},
        out.data());
  }
  out.resize(block.rows.size() * width);
  return out;
}

static double similarity_of(Kernel kernel, const Block& block, size_t i, size_t j) {
  const double lengths = block.length(block.rows[i]) * block.length(block.others[j]);
  const double distance = std::sqrt(block.squared(i, j));
  switch (kernel.similarity) {
    case Similarity::gaussian:
      return std::exp(-double{kernel.value} * block.squared(i, j));
    case Similarity::ball:
      return distance <= double{kernel.value} ? 1 : 0;
    case Similarity::cosine:
      return lengths > 0 ? (1 + block.product(i, j) / lengths) / 2 : 0.5;
    case Similarity::negative_distance:
      return std::max(0.0, double{kernel.value} - distance);
    case Similarity::inverse_distance:
      return 1 / (1 + distance);
  }
  return 0;
}

TEST(PairBlocks, AreProductsOfRowsOnEveryTarget) {
  Rng rng(1);
  for (const size_t cols : {1u, 5u, 16u, 33u, 130u}) {
    for (const size_t n : {1u, 6u, 7u, 48u}) {
      on_every_target([&] {
        for (const size_t width : {narrow_panel(), wide_panel()}) {
          const Block block(n, 1 + rng.below(width), cols, rng);
          const auto found = through(block, block.x, width);
          EXPECT_EQ(found, through(block, block.halves(), width));
          for (size_t i = 0; i < n; ++i) {
            for (size_t j = 0; j < width; ++j) {
              const size_t other =
                  std::min(j, block.others.size() - 1);  // The last fills the rest.
              // A chain of n multiply-adds is within n roundings of 6e-8 of the sum of sizes, which
              // is at most the product of the lengths.
              const double size =
                  block.length(block.rows[i]) * block.length(block.others[other]) + 1e-30;
              EXPECT_NEAR(found[i * width + j], block.product(i, other),
                          6e-8 * static_cast<double>(cols) * size);
            }
          }
        }
        const Block block(n, n, cols, rng);
        const auto norms = chain_norms(block.x, block.rows);
        EXPECT_EQ(norms, chain_norms(block.halves(), block.rows));
        for (size_t i = 0; i < n; ++i) {
          const double norm = std::pow(block.length(block.rows[i]), 2);
          EXPECT_NEAR(norms[i], norm, 6e-8 * static_cast<double>(cols) * norm);
        }
      });
    }
  }
}

TEST(Similarities, EqualTheirDefinitionsOnEveryTarget) {
  Rng rng(2);
  for (const Kernel kernel :
       {Kernel{Similarity::gaussian, 0.05f}, Kernel{Similarity::ball, 6.5f},
        Kernel{Similarity::cosine, 0}, Kernel{Similarity::ball, 0},
        Kernel{Similarity::negative_distance, 9}, Kernel{Similarity::inverse_distance, 0}}) {
    for (const size_t cols : {1u, 7u, 33u}) {
      on_every_target([&] {
        const size_t width = wide_panel();
        const Block block(1 + rng.below(block_rows), width, cols, rng);
        const auto found = through(block, block.x, width, &kernel);
        EXPECT_EQ(found, through(block, block.halves(), width, &kernel));
        for (size_t i = 0; i < block.rows.size(); ++i) {
          for (size_t j = 0; j < width; ++j) {
            // Squared distances of some 2 · cols lose up to cols · 6e-8 of that: 1e-4 of 66, and
            // its root where the distance is small. A ball is decided in double, so exactly.
            double tolerance = 3e-3;
            if (kernel.similarity == Similarity::ball) tolerance = 0;
            if (kernel.similarity == Similarity::gaussian) tolerance = 2e-5;
            if (kernel.similarity == Similarity::cosine) tolerance = 2e-5;
            ASSERT_NEAR(found[i * width + j], similarity_of(kernel, block, i, j), tolerance);
          }
        }
      });
    }
  }
}

TEST(Similarities, AreSummedAsWrittenOnEveryTarget) {
  Rng rng(3);
  for (const size_t n : {1u, 5u, 6u, 13u, 48u}) {
    on_every_target([&] {
      const size_t width = wide_panel();
      const auto draw = [&](size_t count) {
        std::vector<float> out(count);
        for (float& v : out) v = static_cast<float>(rng.uniform());
        return out;
      };
      const auto values = draw(n * width), weights = draw(std::max(n, width)),
                 before = draw(std::max(n, width));
      auto after = before;
      for (float& v : after) v += 0.5f * static_cast<float>(rng.uniform());
      std::vector<double> growth(width, 1), shrinkage(width, 1), across(n, 1);
      auto best = before;
      add_growth(values.data(), n, width, weights.data(), before.data(), growth.data());
      add_shrinkage(values.data(), n, width, weights.data(), before.data(), after.data(),
                    shrinkage.data());
      add_growth_across(values.data(), n, width, weights.data(), before.data(), across.data());
      raise_best(values.data(), n, width, best.data());
      const auto above = [](double value, double bar) { return std::max(0.0, value - bar); };
      for (size_t j = 0; j < width; ++j) {
        double grown = 1, shrunk = 1;
        for (size_t i = 0; i < n; ++i) {
          const double v = double{values[i * width + j]}, w = double{weights[i]};
          grown += w * above(v, double{before[i]});
          shrunk += w * (above(v, double{before[i]}) - above(v, double{after[i]}));
        }
        // Six float terms below 1 are added before they are widened.
        EXPECT_NEAR(growth[j], grown, 1e-6 * static_cast<double>(n));
        EXPECT_NEAR(shrinkage[j], shrunk, 1e-6 * static_cast<double>(n));
      }
      for (size_t i = 0; i < n; ++i) {
        double grown = 1;
        float most = before[i];
        for (size_t j = 0; j < width; ++j) {
          grown += double{weights[j]} * above(double{values[i * width + j]}, double{before[j]});
          most = std::max(most, values[i * width + j]);
        }
        EXPECT_NEAR(across[i], grown, 1e-6 * static_cast<double>(width));
        EXPECT_EQ(best[i], most);
      }
    });
  }
}

}  // namespace querist::kernels
