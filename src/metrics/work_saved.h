// What ranking saves a review: the reading that its order spares, at a recall.
#pragma once

#include <cstdint>
#include <span>

namespace querist::metrics {

// found_at: how many records were read when each relevant one was found, ascending, from 1; all
// relevant ones have an entry. Refuses entries that do not grow or lie beyond `records`.

// 1 - read / records at the first record by which the recall is reached; with nothing relevant, 1.
// Some publications call this WSS.
double reading_saved(std::span<const int64_t> found_at, int64_t records, double recall);

// Work saved over sampling: reading_saved less what reading at random saves, 1 - recall (Cohen,
// Hersh, Peterson and Yen 2006).
double work_saved_over_sampling(std::span<const int64_t> found_at, int64_t records, double recall);

// The share of the relevant records found in the first `share` of the reading (rounded down); with
// nothing relevant, 1.
double recall_after(std::span<const int64_t> found_at, int64_t records, double share);

}  // namespace querist::metrics
