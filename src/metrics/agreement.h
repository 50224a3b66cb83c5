// How much two sources of labels agree beyond chance.
#pragma once

#include <cstdint>
#include <span>

namespace querist::metrics {

// Cohen's kappa (Cohen 1960) of two labellings of the same rows; 1 where both give one and the same
// class throughout.
double cohen_kappa(std::span<const int32_t> a, std::span<const int32_t> b);

}  // namespace querist::metrics
