// The mean distance to the k nearest training rows (after Sun et al. 2022, who take the k-th).
#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/interrupt.h"
#include "base/threads.h"
#include "kernels/row_distances.h"
#include "out_of_distribution/detector.h"

namespace querist::out_of_distribution {

static constexpr size_t block_rows = 128;

// float32 products lose what lies far from the origin: rows are moved by the mean first.
static Matrix moved_rows(const Features& x, std::span<const int64_t> rows,
                         std::span<const double> mean) {
  Matrix out = dense_rows(x, rows);
  for (size_t i = 0; i < out.rows; ++i) {
    for (size_t j = 0; j < out.cols; ++j)
      out.at(i, j) = static_cast<float>(double{out.at(i, j)} - mean[j]);
  }
  return out;
}

// The state: k, the mean (d), and at most `most_rows` rows, less that mean.
static State fit(const TrainingRows& training, const Params& params) {
  const Features& x = training.rows.embeddings;
  const auto kept = std::min(x.rows, static_cast<size_t>(params.integer("most_rows")));
  std::vector<int64_t> rows(kept);  // Evenly over all, which arrive in no order of meaning.
  for (size_t i = 0; i < kept; ++i) rows[i] = static_cast<int64_t>(i * x.rows / kept);
  State state;
  state.numbers.assign(1 + x.cols, 0);
  const Matrix plain = dense_rows(x, rows);
  for (size_t i = 0; i < kept; ++i) {
    for (size_t j = 0; j < x.cols; ++j)
      state.numbers[1 + j] += double{plain.at(i, j)} / static_cast<double>(kept);
  }
  state.numbers[0] = params.number("k");
  state.rows = moved_rows(x, rows, std::span(state.numbers).subspan(1));
  return state;
}

static double mean_distance(std::span<const float> row, const Matrix& others,
                            std::span<const float> squared, std::vector<size_t>& order, size_t k) {
  std::iota(order.begin(), order.end(), size_t{0});
  const auto nearer = [&](size_t a, size_t b) {
    return squared[a] != squared[b] ? squared[a] < squared[b] : a < b;
  };
  std::nth_element(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(k - 1), order.end(),
                   nearer);
  std::sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(k), nearer);
  double mean = 0;
  for (size_t n = 0; n < k; ++n) {  // Of the few that count, from their differences.
    double sum = 0;
    for (size_t j = 0; j < row.size(); ++j) {
      const double gap = double{row[j]} - double{others.at(order[n], j)};
      sum += gap * gap;
    }
    mean += std::sqrt(sum) / static_cast<double>(k);
  }
  return mean;
}

static void score(const State& state, const Rows& rows, std::span<double> scores) {
  const Matrix& others = state.rows;
  const auto mean = std::span(state.numbers).subspan(1);
  const size_t k = std::min(static_cast<size_t>(state.numbers[0]), others.rows);
  const std::vector<float> norms = kernels::row_norms(others);
  std::vector<float> squared(block_rows * others.rows);
  std::vector<int64_t> numbers;
  for (size_t begin = 0; begin < scores.size(); begin += block_rows) {
    check_interrupt();
    numbers.resize(std::min(block_rows, scores.size() - begin));
    std::iota(numbers.begin(), numbers.end(), static_cast<int64_t>(begin));
    const Matrix block = moved_rows(rows.embeddings, numbers, mean);
    kernels::row_distances({block, kernels::row_norms(block)}, {others, norms}, squared.data());
    parallel_for(block.rows, 8, [&](size_t from, size_t to) {
      std::vector<size_t> order(others.rows);
      for (size_t i = from; i < to; ++i) {
        const std::span<const float> own(squared.data() + i * others.rows, others.rows);
        scores[begin + i] = mean_distance(block.row(i), others, own, order, k);
      }
    });
  }
}

static bool fits(const State& state, size_t d) {
  return d > 0 && state.numbers.size() == 1 + d && state.numbers[0] >= 1 &&
         state.numbers[0] <= 1000 && state.numbers[0] == std::floor(state.numbers[0]) &&
         state.rows.cols == d && state.rows.rows > 0;
}

Detector k_nearest() {
  return {.name = "k_nearest",
          .summary = "How far the nearest training rows are, whatever their class.",
          .needs = Signal::embeddings,
          .params = {{.name = "k",
                      .fallback = 5,
                      .min = 1,
                      .max = 1000,
                      .whole = true,
                      .help = "Over how many nearest rows the distance is averaged."},
                     {.name = "most_rows",
                      .fallback = 10'000,
                      .min = 1,
                      .max = 1'000'000,
                      .whole = true,
                      .help = "Training rows that are kept at most, evenly over all."}},
          .fit = fit,
          .score = score,
          .fits = fits,
          .source = "Sun et al. 2022"};
}

}  // namespace querist::out_of_distribution
