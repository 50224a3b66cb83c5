// Information density alone: ask about the examples that lie closest to all the others (Settles and
// Craven 2008).
#include "kernels/density.h"
#include "strategies/herding/herding.h"
#include "strategies/strategy.h"

namespace querist::strategies {

static Selection select(const Pool& pool, size_t batch_size, const Params& params, Rng&) {
  auto most = static_cast<size_t>(params.integer("max_targets"));
  if (most == 0) most = pool.size;
  const auto others = fixed_sample(pool.size, std::min(most, pool.size), 2);
  const auto densities =
      kernels::inverse_distance_density(pool.embeddings, pool.candidates, others);
  return top_k(pool, densities, batch_size);
}

QueryStrategy information_density() {
  return {
      .name = "information_density",
      .summary =
          "Largest mean of 1 / (1 + distance) to all examples; drawn to the densest place alone.",
      .needs = Signal::embeddings,
      .params = {{.name = "max_targets",
                  .fallback = 50'000,
                  .min = 0,
                  .max = 1e9,
                  .whole = true,
                  .help = "Most examples that distances are taken to, a fixed sample; 0: all."}},
      .select = select,
      .source = "Settles and Craven 2008",
      .handles_no_model = true,
      .family = "coverage",
  };
}

}  // namespace querist::strategies
