// Kernels with the bfloat16 filter against themselves without it: the same numbers, bit for bit.
#include "kernels/bfloat16_filter.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <numeric>

#include "base/rng.h"
#include "base/threads.h"
#include "kernels/k_means.h"
#include "kernels/nearest_rows.h"
#include "kernels/neighbors.h"
#include "kernels/vectors.h"

namespace querist::kernels {

// The mode of a test, and the usual one after it.
class ModeScope {
 public:
  explicit ModeScope(Bfloat16Mode mode) { set_bfloat16_mode(mode); }
  ~ModeScope() { set_bfloat16_mode(Bfloat16Mode::where_fast); }
  ModeScope(const ModeScope&) = delete;
  ModeScope& operator=(const ModeScope&) = delete;
};

static std::vector<int64_t> all_rows(size_t n) {
  std::vector<int64_t> rows(n);
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

// Rows of every kind that a bound might miss.
static constexpr int kinds = 13;
static Matrix rows_of_kind(int kind, size_t n, size_t d, Rng& rng) {
  Matrix x(n, d);
  for (float& v : x.values) v = static_cast<float>(rng.normal());
  Rng same(77);
  std::vector<float> base(d);
  for (float& v : base) v = static_cast<float>(same.normal());
  const auto scale_row = [&](size_t i, double by) {
    for (float& v : x.row(i)) v = static_cast<float>(double{v} * by);
  };
  for (size_t i = 0; i < n; ++i) {
    switch (kind) {
      case 1:  // Duplicates and zero rows.
        if (i > 0 && rng.below(2) == 0) std::ranges::copy(x.row(rng.below(i)), x.row(i).begin());
        if (rng.below(6) == 0) scale_row(i, 0);
        break;
      case 2:  // Whole numbers: exact ties.
        for (float& v : x.row(i)) v = std::round(v);
        break;
      case 3:  // Lengths of very different sizes.
        scale_row(i, std::ldexp(1, static_cast<int>(rng.below(60)) - 30));
        break;
      case 4:  // Too long for the filter, some for float32.
        scale_row(i, std::ldexp(1, 50 + static_cast<int>(rng.below(70))));
        break;
      case 5:  // Products underflow.
        scale_row(i, std::ldexp(1, -55 - static_cast<int>(rng.below(20))));
        break;
      case 6:  // Denormals, beside a few ordinary rows.
        scale_row(i, rng.below(5) == 0 ? 1 : 0x1p-130);
        break;
      case 7:  // Far from the origin.
        for (float& v : x.row(i)) v = v * 0.01f + 1000;
        break;
      case 8:  // One number rules a row.
        x.row(i)[rng.below(d)] *= 1e6f;
        break;
      case 9:  // Near each other: the filter tells little apart.
        for (float& v : x.row(i)) v = 1 + v * 1e-6f;
        break;
      case 10:  // All the same.
        std::ranges::fill(x.row(i), 0.3f);
        break;
      case 11:  // bfloat16 numbers, and those half way between two.
        for (float& v : x.row(i)) v = std::round(v * 512) / 512;
        break;
      case 12:  // Two points, told apart from others by their last bits alone.
        for (size_t j = 0; j < d; ++j) {
          const float by = 1 + static_cast<float>(rng.below(3)) * 0x1p-23f;
          x.at(i, j) = base[j] * (i % 2 ? by : -by);
        }
        break;
      default:
        break;
    }
  }
  return x;
}

struct Nearest {
  std::vector<int32_t> which;
  std::vector<float> squared;

  Nearest(const Features& x, MatrixView centers, Bfloat16Mode mode)
      : which(x.rows, -1), squared(x.rows, -1) {
    const ModeScope scope(mode);
    nearest_centers(x, all_rows(x.rows), CenterPanels(centers), which, squared);
  }
};

// NaN, which overflow gives, is equal to itself here.
static bool same_bits(std::span<const float> a, std::span<const float> b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size_bytes()) == 0);
}

TEST(Bfloat16Filter, GivesTheNearestCentresOfTheFloat32Kernel) {
  for (const std::string_view vectors : supported_vectors()) {
    limit_vectors(vectors);
    Rng rng(1);
    for (int trial = 0; trial < 20 * kinds; ++trial) {
      const int kind = trial % kinds;
      const size_t d = 1 + rng.below(trial % 5 ? 90 : 1200);
      const Matrix x = rows_of_kind(kind, 1 + rng.below(220), d, rng);
      const bool is_drawn = trial % 3 == 0;  // Centres are rows: distances of 0.
      const Matrix centers =
          is_drawn ? dense_rows(x, rng.sample(x.rows, 1 + rng.below(x.rows)))
                   : rows_of_kind(rng.below(2) ? kind : 0, 1 + rng.below(200), d, rng);
      const Nearest plain(x, centers, Bfloat16Mode::never);
      const Nearest ours(x, centers, Bfloat16Mode::always);
      ASSERT_EQ(ours.which, plain.which) << vectors << " kind " << kind << " trial " << trial;
      ASSERT_TRUE(same_bits(ours.squared, plain.squared)) << vectors << " kind " << kind;
    }
  }
  limit_vectors("widest");
}

TEST(Bfloat16Filter, SettlesWhatOnlyTheOrderOfASumDecides) {
  // A few short centres in the direction of the rows differ in their last bits: their scores
  // differ by less than what float32 loses, and the kernel's own sums must decide.
  Rng rng(10);
  for (int trial = 0; trial < 60; ++trial) {
    const size_t d = 200 + rng.below(400);
    const Matrix x = rows_of_kind(12, 192, d, rng);
    Matrix centers = rows_of_kind(0, 60, d, rng);
    const Matrix close = rows_of_kind(12, 8, d, rng);
    for (float& v : centers.values) v *= 0x1p-14f;
    for (size_t j = 0; j < close.values.size(); ++j) {
      centers.values[3 * d + j] = close.values[j] * 0x1p-10f;
    }
    const Nearest plain(x, centers, Bfloat16Mode::never);
    const uint64_t before = bfloat16_filtered_rows();
    const Nearest ours(x, centers, Bfloat16Mode::always);
    ASSERT_EQ(ours.which, plain.which) << trial;
    ASSERT_TRUE(same_bits(ours.squared, plain.squared));
    EXPECT_EQ(bfloat16_filtered_rows(), before + 192);
  }
}

TEST(Bfloat16Filter, GivesTheNearestCentresOfManyPartsAndOfHalves) {
  Rng rng(2);
  Matrix x = rows_of_kind(0, 1500, 40, rng);
  std::vector<uint16_t> bits;
  for (float& v : x.values) {
    bits.push_back(float_to_half(v));
    v = half_to_float(bits.back());
  }
  const Matrix centers = rows_of_kind(0, 2300, 40, rng);
  const Features halves = Features::of_half(x.rows, x.cols, bits.data());
  const Nearest plain(x, centers, Bfloat16Mode::never);
  const Nearest ours(x, centers, Bfloat16Mode::always);
  EXPECT_EQ(ours.which, plain.which);
  EXPECT_EQ(ours.squared, plain.squared);
  set_threads(1);
  const Nearest alone(halves, centers, Bfloat16Mode::always);
  set_threads(0);
  EXPECT_EQ(alone.which, plain.which);
  EXPECT_EQ(alone.squared, plain.squared);
}

TEST(Bfloat16Filter, GivesTheNeighboursOfTheFloat32Kernel) {
  for (const std::string_view vectors : supported_vectors()) {
    limit_vectors(vectors);
    Rng rng(3);
    for (int trial = 0; trial < 12 * kinds; ++trial) {
      const int kind = trial % kinds;
      const size_t n = 1 + rng.below(trial < kinds ? 1300 : 250);
      const Matrix x = rows_of_kind(kind, n, 1 + rng.below(80), rng);
      const auto rows = rng.sample(n, 1 + rng.below(n));
      const size_t k = 1 + rng.below(trial % 4 ? 8 : 60);
      set_bfloat16_mode(Bfloat16Mode::never);
      const Matrix plain = neighbor_table(x, rows, k);
      const ModeScope scope(Bfloat16Mode::always);
      ASSERT_TRUE(same_bits(neighbor_table(x, rows, k).values, plain.values))
          << vectors << " kind " << kind << " trial " << trial;
    }
  }
  limit_vectors("widest");
}

TEST(Bfloat16Filter, GivesTheNearestRowsAndClustersOfTheFloat32Kernels) {
  Rng rng(4);
  for (int trial = 0; trial < 2 * kinds; ++trial) {
    const Matrix x = rows_of_kind(trial % kinds, 300, 33, rng);
    const auto others = rng.sample(300, 150);
    std::vector<int32_t> which[2];
    std::vector<float> squared[2];
    Clustering clusters[2];
    for (const int filter : {0, 1}) {
      const ModeScope scope(filter ? Bfloat16Mode::always : Bfloat16Mode::never);
      which[filter].resize(300);
      squared[filter].resize(300);
      nearest_rows(x, all_rows(300), others, which[filter], squared[filter]);
      if (trial % kinds == 4) continue;  // Overflows: not for k-means.
      Rng seeded(5);
      clusters[filter] =
          k_means(x, all_rows(300), {}, {.clusters = 20, .max_iterations = 8}, seeded);
    }
    EXPECT_EQ(which[1], which[0]);
    EXPECT_TRUE(same_bits(squared[1], squared[0]));
    EXPECT_EQ(clusters[1].cluster, clusters[0].cluster);
    EXPECT_EQ(clusters[1].centers.values, clusters[0].centers.values);
    EXPECT_EQ(clusters[1].iterations, clusters[0].iterations);
  }
}

TEST(Bfloat16Filter, BoundsEveryScore) {
  Rng rng(6);
  for (int trial = 0; trial < 10 * kinds; ++trial) {
    const int kind = trial % kinds;
    if (kind == 4) continue;  // Too long: no row is bounded.
    const size_t n = 1 + rng.below(96);
    const Matrix x = rows_of_kind(kind, n, 1 + rng.below(400), rng);
    const Matrix centers = rows_of_kind(rng.below(2) ? kind : 0, 2 + rng.below(100), x.cols, rng);
    const CenterPanels panels(centers);
    const Bfloat16Filter filter(panels, 96);
    Bfloat16Filter::Work work;
    Matrix block(96, x.cols);
    moved_rows(x, all_rows(n), panels, block.values);
    filter.nearest(block.values.data(), n, 1, Bfloat16Filter::no_selves, work);
    std::vector<float> scores(n * panels.padded());
    center_scores(x, all_rows(n), panels, scores);
    const size_t width = (panels.count() + 15) / 16 * 16;
    for (size_t i = 0; i < n; ++i) {
      const double reach = work.rows[i].reach;
      const auto bounds = filter.bounds(work.products.data() + i * width);
      for (size_t c = 0; c < panels.count(); ++c) {
        double product = 0, half_norm = 0;
        for (size_t j = 0; j < x.cols; ++j) {
          const double center = panels.moved().at(c, j);
          product += double{block.at(i, j)} * center;
          half_norm += center * center / 2;
        }
        const double low =
            double{bounds.lows[c]} - double{bounds.products[c]} - reach * double{bounds.lengths[c]};
        const double high = double{bounds.highs[c]} - double{bounds.products[c]} +
                            reach * double{bounds.lengths[c]};
        const double score = scores[i * panels.padded() + c];
        ASSERT_TRUE(low <= score && score <= high) << "kind " << kind << " trial " << trial;
        ASSERT_TRUE(low <= half_norm - product && half_norm - product <= high) << "kind " << kind;
      }
    }
  }
}

TEST(Bfloat16Filter, ReachIsWellBelowTheWorstCase) {
  // Measured errors are what makes it so: the worst case of two rounded numbers is 2^-7 + 2^-16.
  Rng rng(7);
  const Matrix x = rows_of_kind(0, 96, 384, rng);
  const CenterPanels panels(rows_of_kind(0, 64, 384, rng));
  const Bfloat16Filter filter(panels, 96);
  Bfloat16Filter::Work work;
  std::vector<float> block(x.values.size());
  moved_rows(x, all_rows(96), panels, block);
  filter.nearest(block.data(), 96, 1, Bfloat16Filter::no_selves, work);
  for (const Bfloat16Filter::Search& search : work.rows) {
    EXPECT_LT(search.reach, search.length * 0x1p-7f * 0.6f);
    EXPECT_GT(search.reach, search.length * 0x1p-7f * 0.2f);
    EXPECT_FALSE(search.is_open);
  }
}

TEST(Bfloat16Filter, IsRunWhereItIsAskedFor) {
  Rng rng(8);
  const Matrix x = rows_of_kind(0, 1500, 384, rng);
  const Matrix centers = rows_of_kind(0, 128, 384, rng);
  const uint64_t before = bfloat16_filtered_rows();
  const Nearest never(x, centers, Bfloat16Mode::never);
  EXPECT_EQ(bfloat16_filtered_rows(), before);
  const Nearest always(x, centers, Bfloat16Mode::always);
  EXPECT_EQ(bfloat16_filtered_rows(), before + 1500);
  const Nearest usual(x, centers, Bfloat16Mode::where_fast);
  EXPECT_EQ(bfloat16_filtered_rows(), before + (has_fast_bfloat16_products() ? 3000 : 1500));
}

TEST(Bfloat16Filter, GivesUpWhereItTellsNothingApart) {
  // Rows and centres share no column of weight: all products are within the error of 0.
  Rng rng(9);
  Matrix x = rows_of_kind(0, 2000, 64, rng);
  Matrix centers = rows_of_kind(0, 256, 64, rng);
  for (size_t i = 0; i < x.rows; ++i) {
    for (size_t j = 32; j < 64; ++j) x.at(i, j) *= 1e-6f;
  }
  for (size_t i = 0; i < centers.rows; ++i) {
    for (size_t j = 0; j < 32; ++j) centers.at(i, j) *= 1e-6f;
    for (size_t j = 32; j < 64; ++j) centers.at(i, j) *= 1e-3f;
  }
  const uint64_t before = bfloat16_filtered_rows();
  const Nearest plain(x, centers, Bfloat16Mode::never);
  const Nearest ours(x, centers, Bfloat16Mode::always);
  EXPECT_EQ(ours.which, plain.which);
  EXPECT_EQ(ours.squared, plain.squared);
  EXPECT_LT(bfloat16_filtered_rows() - before, 500u);
}

}  // namespace querist::kernels
