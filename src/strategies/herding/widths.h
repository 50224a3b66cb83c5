// How far apart rows of the pool lie: what the kernel's width, near duplicates and outliers are
// measured by.
#pragma once

#include <any>
#include <span>
#include <vector>

#include "kernels/coverage_memory.h"
#include "strategies/herding/herding.h"

namespace querist::strategies {

// The memory that the caller brought, else one in `own`.
kernels::CoverageMemory& memory_of(const Pool& pool, std::any& own);

// gamma, given or from a radius.
float gamma_of(const Pool& pool, Radius radius, const Params& params,
               kernels::CoverageMemory& memory);

// What a target weighs the less for lying far from the others (k-th nearest neighbour distance,
// Ramaswamy, Rastogi and Shim 2000); one a target, 1 for at least 95 in 100.
std::vector<float> outlier_discounts(const Pool& pool, std::span<const int64_t> targets,
                                     double power);

}  // namespace querist::strategies
