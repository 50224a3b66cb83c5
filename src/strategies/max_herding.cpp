// MaxHerding: ask about the examples that best stand for all the others (Bae et al. 2024).
#include "strategies/herding/herding.h"
#include "strategies/strategy.h"

namespace querist::strategies {

static Selection select(const Pool& pool, size_t batch_size, const Params& params, Rng&) {
  return herd(pool, {}, {.candidates = Candidates::all_that_fit}, batch_size, params);
}

QueryStrategy max_herding() {
  return {
      .name = "max_herding",
      .summary = "Covers the pool under a Gaussian kernel; strong with few labels, needs no model.",
      .needs = Signal::embeddings,
      .params = herding_params(),
      .select = select,
      .source = "Bae, Noh and Sutherland 2024",
      .handles_no_model = true,
      .family = "coverage",
  };
}

}  // namespace querist::strategies
