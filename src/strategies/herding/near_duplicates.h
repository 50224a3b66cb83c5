// Rows so alike that one label serves them all.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "data/pool.h"
#include "data/selection.h"

namespace querist::strategies {

// Two rows a, b are near duplicates if |a - b|^2 <= 0.01 |a| |b|, a cosine of at least 0.995 for
// rows of length one, and if they are no farther apart than `farthest`: where rows have few
// columns, a small angle means little.

// For each of these rows, in order: whether it is a near duplicate of a labelled row or of an
// earlier one that is not one itself. Flops: 2 · cols a pair of a row and a labelled row.
std::vector<bool> near_duplicates(const Pool& pool, std::span<const int64_t> rows, float farthest);

// The first batch_size of an order, near duplicates left out; those come last, where nothing else
// is left. first(count): the beginning of the order, of at most `available`; asked for more and
// more of it until the batch is full.
Selection distinct_picks(const Pool& pool, size_t batch_size, size_t available, float farthest,
                         const std::function<Selection(size_t count)>& first);

}  // namespace querist::strategies
