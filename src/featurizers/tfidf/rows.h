// One text to one weighted row, and one row to its geometry.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "featurizers/tfidf/model.h"

namespace querist::featurizers {

// Appends the row of a text: words and characters of unit length each, then both together of unit
// length.
void append_row(const TfidfModel& model, std::string_view text, NgramScratch& scratch,
                std::vector<int32_t>& columns, std::vector<float>& values);

// Writes the unit vector of the row times the projection, summed in the row's order.
void project_row(const TfidfModel& model, std::span<const int32_t> columns,
                 std::span<const float> values, std::span<float> out);

inline uint16_t to_bfloat(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  bits += 0x7fff + ((bits >> 16) & 1);  // To nearest, ties to even; the projection holds no NaN.
  return static_cast<uint16_t>(bits >> 16);
}

}  // namespace querist::featurizers
