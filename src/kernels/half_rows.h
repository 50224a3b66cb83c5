// Whether a row of floats loses anything as float16, its length, and its float16 numbers.
#pragma once

#include <cstdint>
#include <span>

namespace querist::kernels {

// Whether every number is one of float16's; false where one is NaN or infinite.
bool are_halves(std::span<const float> row);

// The sum of squares in double; not finite exactly where a number is not.
double sum_of_squares(std::span<const float> row);

// Rounds to nearest even, beyond float16's range to infinity. out: one a number.
void narrow_to_halves(std::span<const float> row, uint16_t* out);

}  // namespace querist::kernels
