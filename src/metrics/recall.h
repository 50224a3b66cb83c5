// How much of what is relevant a review has found, from the part of it that was drawn at random.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "metrics/estimate.h"

namespace querist::metrics {

// P[X <= k] for X hypergeometric: `drawn` without replacement from `pool` items of which `marked`
// are marked. A sum of the terms of one tail.
double hypergeometric_cdf(int64_t k, int64_t pool, int64_t marked, int64_t drawn);

// A review that has read some items in an order of its own and then `drawn` of the `remaining` ones
// at random. The chance of finding no more than found_at_random there if the recall were still
// below the target: stop when it is below 1 - confidence (Callaghan and Mueller-Hansen 2020). Holds
// for one number of draws fixed beforehand; who looks again and again stops too soon more often
// than stated (see relevant_total_anytime). 0 where nothing
// is left.
double recall_p_value(int64_t found_before, int64_t remaining, int64_t drawn,
                      int64_t found_at_random, double target_recall);

// One audit draw: an item drawn uniformly among those not yet read, and what was known before it.
// Between draws a review may read whatever it likes.
struct AuditDraw {
  int64_t known = 0;      // Relevant items found before the draw.
  int64_t remaining = 0;  // Items not yet read before the draw; the drawn one is among them.
  bool relevant = false;
};

// Where the review stands now: the total lies between found and found + unread.
struct ReviewState {
  int64_t found = 0;
  int64_t unread = 0;
};

// How many relevant items there are in all. Each draw estimates known + remaining * relevant
// without bias (Horvitz and Thompson 1952); they are weighted by 1 / remaining. The interval
// inverts the score test of the number of relevant draws, as Wilson's does for a share: honest
// where none was relevant. "horvitz_thompson"; for one look at a number of draws fixed beforehand.
Estimate relevant_total(std::span<const AuditDraw> draws, const ReviewState& now,
                        double confidence = 0.95);

// The same, right at every look at once: totals under which the draws are too unlikely beside their
// average over a beta-binomial(0.1, 1) prior on the relevant items among those remaining at the
// first draw (prior-posterior ratio, Waudby-Smith and Ramdas 2020). The prior expects few of them,
// which costs no validity, only width where it is wrong. "prior_posterior". O(draws * totals
// possible).
Estimate relevant_total_anytime(std::span<const AuditDraw> draws, const ReviewState& now,
                                double confidence = 0.95);

// found / total, with the ends that an interval of the total gives; 1 where nothing is relevant.
Estimate recall_from_total(int64_t found, const Estimate& total);

}  // namespace querist::metrics
