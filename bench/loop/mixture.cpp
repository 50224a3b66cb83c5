// Rows are made in blocks, each from a seed of its own, so that threads do not change the data.
#include "mixture.h"

#include <algorithm>
#include <cmath>

#include "base/rng.h"
#include "base/threads.h"

namespace querist::bench {

static constexpr size_t block_rows = 65'536;
static constexpr float spread = 0.2f;  // Distance of a class from the middle, in lengths of noise.

// Nearly normal with variance 1, from four draws of 16 bits (Irwin and Hall 1927).
static float nearly_normal(uint64_t bits) {
  uint32_t sum = 0;
  for (int shift = 0; shift < 64; shift += 16) sum += (bits >> shift) & 0xffff;
  return (static_cast<float>(sum) / 65'536.0f - 2.0f) * 1.7320508f;
}

static void fill_row(std::span<float> row, std::span<const float> middle, Rng& rng) {
  const float scale = 1 / std::sqrt(static_cast<float>(row.size()));
  float squares = 0;
  for (size_t j = 0; j < row.size(); ++j) {
    row[j] = spread * middle[j] + scale * nearly_normal(rng.next64());
    squares += row[j] * row[j];
  }
  for (float& value : row) value /= std::sqrt(squares);
}

Mixture make_mixture(const std::filesystem::path& folder, size_t rows, uint64_t seed) {
  Matrix middles(classes, features);
  Rng rng(seed);
  for (float& value : middles.values) {
    value = static_cast<float>(rng.normal()) / std::sqrt(static_cast<float>(features));
  }
  storage::FeatureShape shape;
  shape.kind = Features::Kind::half;
  shape.cols = features;
  shape.tag = "bench mixture";
  storage::FeatureFiles::recreate(folder, shape);
  storage::FeatureFiles files(folder, shape);
  Mixture mixture;
  mixture.truth.resize(rows);
  for (size_t first = 0; first < rows; first += block_rows) {
    Matrix block(std::min(block_rows, rows - first), features);
    parallel_for(block.rows, 256, [&](size_t begin, size_t end) {
      for (size_t i = begin; i < end; ++i) {
        Rng own(mix_seed(seed, first + i));
        const auto cls = own.below(classes);
        mixture.truth[first + i] = static_cast<int32_t>(cls);
        fill_row(block.row(i), middles.row(cls), own);
      }
    });
    files.append(first, block, nullptr);
  }
  mixture.view = files.view();
  return mixture;
}

}  // namespace querist::bench
