// Sublinear counts times inverse document frequencies (Salton and Buckley 1988), and their latent
// directions.
#include "featurizers/tfidf/rows.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace querist::featurizers {

static float sublinear(uint32_t count) {
  static const auto small = [] {
    std::array<float, 64> table{};
    for (size_t i = 1; i < table.size(); ++i)
      table[i] = static_cast<float>(1 + std::log(static_cast<double>(i)));
    return table;
  }();
  return count < small.size() ? small[count]
                              : static_cast<float>(1 + std::log(static_cast<double>(count)));
}

static double squares(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) sum += double{value} * value;
  return sum;
}

static void scale(std::span<float> values, double factor) {
  for (float& value : values) value = static_cast<float>(value * factor);
}

void append_row(const TfidfModel& model, std::string_view text, NgramScratch& scratch,
                std::vector<int32_t>& columns, std::vector<float>& values) {
  hash_ngrams(text, model.settings.ngrams, scratch);
  std::vector<uint32_t>& found = scratch.numbers;
  size_t known = 0;
  for (const uint32_t number : found) {
    const int32_t column = model.column_of[number];
    found[known] = static_cast<uint32_t>(column);
    known += column >= 0;
  }
  found.resize(known);
  std::sort(found.begin(), found.end());
  const size_t start = values.size();
  size_t words_end = start;
  for (size_t i = 0; i < known;) {
    const uint32_t column = found[i];
    size_t next = i + 1;
    while (next < known && found[next] == column) ++next;
    columns.push_back(static_cast<int32_t>(column));
    values.push_back(sublinear(static_cast<uint32_t>(next - i)) * model.idf[column]);
    if (column < model.word_columns) words_end = values.size();
    i = next;
  }
  const std::span<float> words(values.data() + start, words_end - start);
  const std::span<float> characters(values.data() + words_end, values.size() - words_end);
  const double share = words.empty() || characters.empty() ? 1 : std::sqrt(0.5);
  if (!words.empty()) scale(words, share / std::sqrt(squares(words)));
  if (!characters.empty()) scale(characters, share / std::sqrt(squares(characters)));
}

static void add_scaled_bfloat(float value, const uint16_t* __restrict from, float* __restrict to,
                              size_t n) {
  const size_t whole = n / 16 * 16;
  for (size_t j = 0; j < whole; j += 16) {
    for (size_t k = 0; k < 16; ++k)
      to[j + k] += value * std::bit_cast<float>(uint32_t{from[j + k]} << 16);
  }
  for (size_t j = whole; j < n; ++j) to[j] += value * std::bit_cast<float>(uint32_t{from[j]} << 16);
}

void project_row(const TfidfModel& model, std::span<const int32_t> columns,
                 std::span<const float> values, std::span<float> out) {
  std::fill(out.begin(), out.end(), 0.0f);
  for (size_t i = 0; i < columns.size(); ++i) {
    const int32_t row = model.projection_of[static_cast<size_t>(columns[i])];
    if (row < 0) continue;
    add_scaled_bfloat(values[i], model.projection.data() + static_cast<size_t>(row) * out.size(),
                      out.data(), out.size());
  }
  const double length = std::sqrt(squares(out));
  if (length > 1e-6) {
    scale(out, 1 / length);
  } else {  // Nothing known: still a unit row, apart from all that matters.
    std::fill(out.begin(), out.end(), 0.0f);
    out.back() = 1;
  }
}

}  // namespace querist::featurizers
