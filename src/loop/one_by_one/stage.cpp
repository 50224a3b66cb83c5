// Draws, standardises and computes the kernel in blocks.
#include "loop/one_by_one/stage.h"

#include <charconv>
#include <cmath>
#include <numeric>

#include "base/interrupt.h"
#include "base/rng.h"
#include "base/threads.h"
#include "kernels/rbf.h"

namespace querist::loop {

static constexpr size_t most_kernel_bytes = size_t{4} << 30;

static float number_of(const std::string& cell, int64_t row, const std::string& column) {
  double number = 0;
  const char* end = cell.data() + cell.size();
  const auto read = std::from_chars(cell.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end || !std::isfinite(static_cast<float>(number))) {
    refuse("the protocol needs numbers, but row {} has \"{}\" in column {}", row,
           cell.substr(0, 40), column);
  }
  return static_cast<float>(number);
}

Matrix numbers_of(const Table& table) {
  if (table.payload != PayloadKind::columns && table.payload != PayloadKind::embedding)
    refuse("the protocol needs columns of numbers, but the data has {}",
           payload_word(table.payload));
  const bool cells = table.payload == PayloadKind::columns;
  const size_t cols = cells                    ? table.columns.size()
                      : table.payloads.empty() ? 0
                                               : table.payloads[0].embedding.size();
  Matrix out(table.payloads.size(), cols);
  for (size_t i = 0; i < out.rows; ++i) {
    const Payload& payload = table.payloads[i];
    for (size_t j = 0; j < cols; ++j) {
      out.at(i, j) = cells ? number_of(payload.cells[j], table.source_rows[i], table.columns[j])
                           : payload.embedding[j];
    }
  }
  return out;
}

static bool draw(const Table& table, double test_fraction, size_t initial, uint64_t seed,
                 OneByOneStage& stage) {
  std::vector<int64_t> rows;
  for (size_t i = 0; i < table.labels.size(); ++i) {
    if (table.labels[i] >= 0) rows.push_back(static_cast<int64_t>(i));
  }
  Rng rng(seed);
  rng.shuffle(rows);
  const auto pool =
      static_cast<std::ptrdiff_t>(static_cast<double>(rows.size()) * (1 - test_fraction));
  stage.pool.assign(rows.begin(), rows.begin() + pool);
  stage.test.assign(rows.begin() + pool, rows.end());
  stage.initial = rng.sample(stage.pool.size(), initial);
  bool seen[2] = {false, false};
  for (const int64_t i : stage.initial) {
    const auto row = static_cast<size_t>(stage.pool[static_cast<size_t>(i)]);
    seen[table.labels[row]] = true;
  }
  return seen[0] && seen[1];
}

// By the pool's mean and deviation (that of all, not of a sample); a constant column is centred.
static void standardise(const Matrix& numbers, OneByOneStage& stage) {
  const size_t cols = numbers.cols;
  stage.features = Matrix(stage.pool.size() + stage.test.size(), cols);
  for (size_t j = 0; j < cols; ++j) {
    double mean = 0;
    double squares = 0;
    const auto count = static_cast<double>(stage.pool.size());
    for (const int64_t row : stage.pool)
      mean += double{numbers.at(static_cast<size_t>(row), j)} / count;
    for (const int64_t row : stage.pool) {
      const double gap = double{numbers.at(static_cast<size_t>(row), j)} - mean;
      squares += gap * gap / count;
    }
    const double deviation = std::sqrt(squares);
    // Sums of equal numbers leave a trace of rounding.
    const double scale = deviation > 1e-12 * std::abs(mean) ? 1 / deviation : 1;
    for (size_t i = 0; i < stage.features.rows; ++i) {
      const int64_t row = i < stage.pool.size() ? stage.pool[i] : stage.test[i - stage.pool.size()];
      const double value = double{numbers.at(static_cast<size_t>(row), j)};
      stage.features.at(i, j) = static_cast<float>((value - mean) * scale);
    }
  }
}

static void compute_kernel(OneByOneStage& stage) {
  const size_t rows = stage.features.rows;
  std::vector<int64_t> all(rows);
  std::iota(all.begin(), all.end(), 0);
  kernels::PackedRows packed;
  kernels::pack_rows(stage.features, all, packed);
  std::vector<double> wide;
  kernels::widen_rows(stage.features, std::span(all).first(stage.pool.size()), wide);
  const double gamma = kernels::rbf_gamma(0, stage.features.cols);
  stage.kernel.resize(stage.pool.size() * rows);
  parallel_for(stage.pool.size(), 4, [&](size_t begin, size_t end) {
    std::vector<double> block(4 * packed.padded());
    for (size_t from = begin; from < end; from += 4) {
      const size_t count = std::min<size_t>(4, end - from);
      kernels::rbf_kernel(wide.data() + from * packed.cols, count, packed, gamma, block.data());
      for (size_t i = 0; i < count; ++i) {
        for (size_t j = 0; j < rows; ++j)
          stage.kernel[(from + i) * rows + j] = static_cast<float>(block[i * packed.padded() + j]);
      }
      check_interrupt();
    }
  });
}

OneByOneStage one_by_one_stage(const Table& table, const Matrix& numbers, double test_fraction,
                               size_t initial, uint64_t seed) {
  OneByOneStage stage;
  size_t attempt = 0;
  while (!draw(table, test_fraction, initial, mix_seed(mix_seed(seed, 1), attempt), stage)) {
    if (++attempt == 1000) refuse("1000 draws of {} first labels never held both classes", initial);
  }
  if (stage.pool.size() <= initial || stage.test.empty()) {
    refuse("the protocol needs more rows: of the {} in the pool {} are labelled at the start",
           stage.pool.size(), initial);
  }
  const size_t bytes = stage.pool.size() * (stage.pool.size() + stage.test.size()) * sizeof(float);
  if (bytes > most_kernel_bytes) {
    refuse("the protocol keeps a kernel of {} MB; at most {} are allowed", bytes >> 20,
           most_kernel_bytes >> 20);
  }
  for (const int64_t row : stage.pool)
    stage.pool_labels.push_back(table.labels[static_cast<size_t>(row)]);
  for (const int64_t row : stage.test)
    stage.test_labels.push_back(table.labels[static_cast<size_t>(row)]);
  standardise(numbers, stage);
  compute_kernel(stage);
  return stage;
}

}  // namespace querist::loop
