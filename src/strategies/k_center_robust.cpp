// Robust k-center: cover all but a few outliers with the smallest balls (Charikar et al. 2001; the
// robust core-set of Sener and Savarese 2018).
#include <algorithm>
#include <cmath>

#include "kernels/k_center.h"
#include "kernels/robust_k_center.h"
#include "strategies/prices.h"
#include "strategies/strategy.h"

namespace querist::strategies {

// A batch larger than the sample is topped up farthest first.
static void top_up(const Pool& pool, size_t batch_size, Selection& selection) {
  if (selection.rows.size() >= batch_size) return;
  std::vector<int64_t> picked = selection.rows;
  std::sort(picked.begin(), picked.end());
  std::vector<int64_t> rest;
  std::ranges::set_difference(pool.candidates, picked, std::back_inserter(rest));
  picked.insert(picked.end(), pool.labeled.begin(), pool.labeled.end());
  for (const auto& pick :
       kernels::farthest_first(pool.embeddings, rest, picked, batch_size - selection.rows.size(), 0,
                               prices(pool, rest))) {
    selection.rows.push_back(rest[pick.candidate]);
    selection.utilities.push_back(0);
  }
}

static Selection select(const Pool& pool, size_t batch_size, const Params& params, Rng& rng) {
  if (batch_size == 0) return {};
  std::vector<int64_t> rows(pool.candidates.begin(), pool.candidates.end());
  const auto most = static_cast<size_t>(params.integer("max_sample"));
  if (rows.size() > most) {
    auto chosen = rng.sample(rows.size(), most);
    std::sort(chosen.begin(), chosen.end());
    for (int64_t& i : chosen) i = rows[static_cast<size_t>(i)];
    rows = std::move(chosen);
  }
  const auto outliers = static_cast<size_t>(
      std::ceil(params.number("outlier_fraction") * static_cast<double>(rows.size())));
  const auto found = kernels::robust_k_center(pool.embeddings, rows, pool.labeled, batch_size,
                                              outliers, prices(pool, rows));
  Selection selection;
  for (size_t i = 0; i < found.candidates.size(); ++i) {
    selection.rows.push_back(rows[found.candidates[i]]);
    selection.utilities.push_back(static_cast<double>(found.covered[i]));
  }
  top_up(pool, batch_size, selection);
  return selection;
}

QueryStrategy k_center_robust() {
  return {
      .name = "k_center_robust",
      .summary =
          "Centres of the smallest balls that cover all but a few outliers; k_center without "
          "its taste for them.",
      .needs = Signal::embeddings,
      .params = {{.name = "outlier_fraction",
                  .fallback = 1e-4,
                  .min = 0,
                  .max = 0.5,
                  .help = "Share of the examples that may stay uncovered, rounded up."},
                 {.name = "max_sample",
                  .fallback = 2000,
                  .min = 10,
                  .max = 10'000,
                  .whole = true,
                  .help = "Examples considered, sampled from a larger pool; memory is 4 bytes for "
                          "each pair of them."}},
      .select = select,
      .source = "Charikar et al. 2001; Sener and Savarese 2018",
      .handles_no_model = true,
      .family = "coverage",
  };
}

}  // namespace querist::strategies
