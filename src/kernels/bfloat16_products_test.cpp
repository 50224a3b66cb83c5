// Products of bfloat16 rows against double precision, by every way there is to make them.
#include "kernels/bfloat16_products.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "base/rng.h"
#include "kernels/vectors.h"

namespace querist::kernels {

static double widened(uint16_t bits) {
  const auto value = std::bit_cast<float>(uint32_t{bits} << 16);
  return std::abs(value) < 0x1p-126f ? 0 : double{value};
}

// Rows of numbers whose exponents spread over `spread` around `middle`, some of them 0.
static std::vector<uint16_t> bfloat16_rows(size_t rows, size_t cols, int middle, int spread,
                                           Rng& rng) {
  std::vector<uint16_t> out(rows * bfloat16_cols(cols));
  for (size_t i = 0; i < rows; ++i) {
    const bool is_zero = rng.below(8) == 0;
    for (size_t j = 0; j < cols && !is_zero; ++j) {
      const int exponent = middle + static_cast<int>(rng.below(static_cast<size_t>(spread)));
      const auto value = static_cast<float>(std::ldexp(rng.normal(), exponent));
      out[i * bfloat16_cols(cols) + j] =
          static_cast<uint16_t>(std::bit_cast<uint32_t>(value) >> 16);
    }
  }
  return out;
}

static void expect_bound(size_t block, size_t count, size_t cols, int middle, int spread,
                         Rng& rng) {
  const size_t narrow = bfloat16_cols(cols);
  const auto a = bfloat16_rows(block, cols, middle, spread, rng);
  const auto b = bfloat16_rows(count, cols, middle, spread, rng);
  const Bfloat16Rows rows(b, count, cols, block);
  std::vector<float> out(block * count, NAN);
  Bfloat16Rows::Scratch scratch;
  rows.products(a.data(), out.data(), scratch);
  const double relative = static_cast<double>(narrow + 4) * 0x1p-22;
  const double absolute = static_cast<double>(narrow) * 0x1p-124;
  for (size_t i = 0; i < block; ++i) {
    for (size_t c = 0; c < count; ++c) {
      double sum = 0, left = 0, right = 0;
      for (size_t j = 0; j < narrow; ++j) {
        const double x = widened(a[i * narrow + j]);
        const double y = widened(b[c * narrow + j]);
        sum += x * y;
        left += x * x;
        right += y * y;
      }
      ASSERT_LE(std::abs(double{out[i * count + c]} - sum),
                relative * std::sqrt(left) * std::sqrt(right) + absolute)
          << block << " x " << count << " x " << cols << " at " << middle;
    }
  }
}

static void expect_bounds(Rng& rng) {
  for (int trial = 0; trial < 60; ++trial) {
    const size_t block = trial % 2 ? 96 : 1 + rng.below(24);
    const size_t count = 1 + rng.below(150);
    const size_t cols = 1 + rng.below(300);
    expect_bound(block, count, cols, 0, 1, rng);
    expect_bound(block, count, cols, -20, 40, rng);
    expect_bound(block, count, cols, 40, 15, rng);
    expect_bound(block, count, cols, -75, 25, rng);   // Products underflow.
    expect_bound(block, count, cols, -135, 20, rng);  // Numbers do.
  }
}

TEST(Bfloat16Products, KeepTheirBoundByTheProcessor) {
  if (!has_fast_bfloat16_products()) GTEST_SKIP() << "no processor or no library for bfloat16";
  Rng rng(1);
  expect_bounds(rng);
}

TEST(Bfloat16Products, KeepTheirBoundByThePlainLoop) {
  limit_vectors("sse4");
  EXPECT_FALSE(has_fast_bfloat16_products());
  Rng rng(2);
  expect_bounds(rng);
  limit_vectors("widest");
}

TEST(Bfloat16Products, OfSmallWholeNumbersAreExact) {
  // A laying out that mixed up columns or rows would show here.
  const size_t block = 24, count = 37, cols = 45, narrow = bfloat16_cols(cols);
  Rng rng(3);
  std::vector<uint16_t> a(block * narrow), b(count * narrow);
  const auto fill = [&](std::vector<uint16_t>& rows) {
    for (size_t i = 0; i < rows.size(); ++i) {
      if (i % narrow >= cols) continue;
      const auto value = static_cast<float>(rng.below(17)) - 8;
      rows[i] = static_cast<uint16_t>(std::bit_cast<uint32_t>(value) >> 16);
    }
  };
  fill(a);
  fill(b);
  std::vector<float> out(block * count);
  Bfloat16Rows::Scratch scratch;
  Bfloat16Rows(b, count, cols, block).products(a.data(), out.data(), scratch);
  for (size_t i = 0; i < block; ++i) {
    for (size_t c = 0; c < count; ++c) {
      double sum = 0;
      for (size_t j = 0; j < narrow; ++j) {
        sum += widened(a[i * narrow + j]) * widened(b[c * narrow + j]);
      }
      EXPECT_EQ(out[i * count + c], sum);
    }
  }
}

}  // namespace querist::kernels
