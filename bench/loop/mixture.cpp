// Rows are made in blocks, each from a seed of its own, so that threads do not change the data.
#include "mixture.h"

#include <algorithm>
#include <cmath>

#include "base/rng.h"
#include "base/threads.h"

namespace querist::bench {

static constexpr size_t block_rows = 65'536;
// Distances of a class from the middle and of a mode from its class, in lengths of noise.
static constexpr float spread = 0.2f;
static constexpr float mode_spread = 1.0f;

// Nearly normal with variance 1, from four draws of 16 bits (Irwin and Hall 1927).
static float nearly_normal(uint64_t bits) {
  uint32_t sum = 0;
  for (int shift = 0; shift < 64; shift += 16) sum += (bits >> shift) & 0xffff;
  return (static_cast<float>(sum) / 65'536.0f - 2.0f) * 1.7320508f;
}

// The row's noise around the middles of its class and, where a class has several, of its mode.
static void fill_row(std::span<float> row, std::span<const float> middle,
                     std::span<const float> mode, Rng& rng) {
  const float scale = 1 / std::sqrt(static_cast<float>(row.size()));
  float squares = 0;
  for (size_t j = 0; j < row.size(); ++j) {
    row[j] = spread * middle[j] + scale * nearly_normal(rng.next64());
    if (!mode.empty()) row[j] += mode_spread * mode[j];
    squares += row[j] * row[j];
  }
  for (float& value : row) value /= std::sqrt(squares);
}

// Rows of length near 1.
static Matrix random_middles(size_t count, size_t features, Rng& rng) {
  Matrix middles(count, features);
  for (float& value : middles.values) {
    value = static_cast<float>(rng.normal()) / std::sqrt(static_cast<float>(features));
  }
  return middles;
}

Mixture make_mixture(const std::filesystem::path& folder, size_t rows, const MixtureShape& wanted,
                     uint64_t seed) {
  Rng rng(seed);
  const Matrix middles = random_middles(wanted.classes, wanted.features, rng);
  const bool has_modes = wanted.modes > 1;
  const Matrix modes =
      random_middles(has_modes ? wanted.classes * wanted.modes : 0, wanted.features, rng);
  storage::FeatureShape shape;
  shape.kind = Features::Kind::half;
  shape.cols = wanted.features;
  shape.tag = "bench mixture";
  storage::FeatureFiles::recreate(folder, shape);
  storage::FeatureFiles files(folder, shape);
  Mixture mixture;
  mixture.truth.resize(rows);
  Matrix block(std::min(block_rows, rows), wanted.features);
  for (size_t first = 0; first < rows; first += block.rows) {
    block.rows = std::min(block_rows, rows - first);
    parallel_for(block.rows, 256, [&](size_t begin, size_t end) {
      for (size_t i = begin; i < end; ++i) {
        Rng own(mix_seed(seed, first + i));
        const auto cls = own.below(wanted.classes);
        mixture.truth[first + i] = static_cast<int32_t>(cls);
        std::span<const float> mode;
        if (has_modes) {
          const double u = own.uniform();  // Its square: low numbers come more often.
          const auto m = static_cast<size_t>(u * u * static_cast<double>(wanted.modes));
          mode = modes.row(cls * wanted.modes + std::min(m, wanted.modes - 1));
        }
        fill_row(block.row(i), middles.row(cls), mode, own);
      }
    });
    files.append(first, block, nullptr);
  }
  mixture.view = files.view();
  return mixture;
}

}  // namespace querist::bench
