// ProbCover: ask about the examples whose balls hold most others that no ball holds yet (Yehuda et
// al. 2022).
#include "strategies/herding/herding.h"
#include "strategies/prob_cover/purity.h"
#include "strategies/strategy.h"

namespace querist::strategies {

static ParamSpecs params() {
  ParamSpecs specs = {
      {.name = "delta",
       .fallback = 0.0,
       .min = 0,
       .max = 1e9,
       .help = "Radius of the balls; 0: the largest that keeps them pure.",
       .automatic = true},
      {.name = "purity",
       .fallback = 0.95,
       .min = 0,
       .max = 1,
       .help = "Least share of balls that hold one cluster alone, where delta is not given."},
      {.name = "clusters",
       .fallback = 0,
       .min = 0,
       .max = 10'000,
       .whole = true,
       .help = "Clusters that stand for classes there; 0: as many as there are classes.",
       .automatic = true},
  };
  for (const auto& spec : cover_params()) specs.push_back(spec);
  return specs;
}

static Selection select(const Pool& pool, size_t batch_size, const Params& params, Rng&) {
  auto delta = static_cast<float>(params.number("delta"));
  if (delta <= 0) {
    auto clusters = static_cast<size_t>(params.integer("clusters"));
    if (clusters == 0) clusters = pool.classes;
    delta = pure_radius(pool, std::max<size_t>(2, clusters), params.number("purity"));
  }
  return cover_pool(pool, {kernels::Similarity::ball, delta}, batch_size, params);
}

QueryStrategy prob_cover() {
  return {
      .name = "prob_cover",
      .summary = "Picks centres of balls that hold most examples not yet covered; needs no model.",
      .needs = Signal::embeddings,
      .params = params(),
      .select = select,
      .source = "Yehuda, Dekel, Hacohen and Weinshall 2022",
      .handles_no_model = true,
      .family = "coverage",
  };
}

}  // namespace querist::strategies
