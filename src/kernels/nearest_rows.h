// The nearest of some rows for each of others.
#pragma once

#include <cstdint>
#include <span>

#include "base/matrix.h"

namespace querist::kernels {

// which[i]: the index into `others` of the row nearest to rows[i], ties to the lower; squared[i]:
// their squared distance, as squared_distance gives it. Without others squared is infinite. Flops:
// 2 · rows · others · d; memory: 2,048 widened rows.
void nearest_rows(const Features& x, std::span<const int64_t> rows, std::span<const int64_t> others,
                  std::span<int32_t> which, std::span<float> squared);

}  // namespace querist::kernels
