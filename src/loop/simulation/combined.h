// The results of simulations on several data sets together: mean ranks over the sets and which
// strategies differ (Demšar 2006).
#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace querist::loop {

struct SavedResult {
  std::string file;     // As it was given.
  std::string content;  // The JSON that `querist simulate` wrote.
};

// Of regression each set's areas are divided by its target_sd, so that sets of different units can
// be compared; lower is better.
//
// data_sets (data_set, file, rows, classes, pool, test, seeds); scores: the mean area of each
// strategy on each set (over its seeds) with its rank there; summary (aulc_mean over the sets,
// rank_mean); pairs with Wilcoxon's test over the sets, Holm-corrected, and the sets that each of
// the two wins; ranks: Friedman, Nemenyi's critical difference, cliques. Of several batch sizes and
// budgets each is judged alone, as in a single result. A set is named by its file without folder
// and extension, or by its whole path where two have one name.
//
// Throws invalid_argument, naming the file, for what is no whole result, for results that differ in
// strategies, learner, metric, batch sizes or budgets, for one result twice and for less than two
// results or strategies.
Json combined_results(const std::vector<SavedResult>& results);

// With how many data sets a pair can differ at 5 % at all, where these are too few; else empty.
std::string too_few_sets_text(const Json& combined);

// What areas are of and which way is better, where that is not plain: empty for shares.
std::string area_note(const Json& combined);

// The same as one self-contained HTML page.
std::string combined_html(const Json& combined);

}  // namespace querist::loop
