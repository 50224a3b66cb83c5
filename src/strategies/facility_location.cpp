// Facility location: the examples that are most alike to all the others together (Cornuejols et al.
// 1977; Wei, Iyer and Bilmes 2015).
#include <cmath>

#include "kernels/row_dots.h"
#include "strategies/herding/herding.h"
#include "strategies/strategy.h"

namespace querist::strategies {

// Twice the greatest length: no distance exceeds it.
static float longest_distance(const Pool& pool) {
  std::vector<int64_t> rows(pool.size);
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<int64_t>(i);
  std::vector<float> norms(rows.size());
  kernels::row_squared_norms(pool.embeddings, rows, norms);
  float most = 0;
  for (const float norm : norms) most = std::max(most, norm);
  return 2.001f * std::sqrt(most);
}

static ParamSpecs params() {
  ParamSpecs specs = cover_params();
  specs.push_back({.name = "kernel",
                   .fallback = "cosine",
                   .choices = {"cosine", "negative_distance"},
                   .help = "How alike two examples are; negative_distance gives k-medoids."});
  return specs;
}

static Selection select(const Pool& pool, size_t batch_size, const Params& params, Rng&) {
  kernels::Kernel kernel = {.similarity = kernels::Similarity::cosine};
  if (params.text("kernel") == "negative_distance")
    kernel = {kernels::Similarity::negative_distance, longest_distance(pool)};
  return cover_pool(pool, kernel, batch_size, params);
}

QueryStrategy facility_location() {
  return {
      .name = "facility_location",
      .summary = "Picks what is most alike to all the others together; needs no model.",
      .needs = Signal::embeddings,
      .params = params(),
      .select = select,
      .source = "Wei, Iyer and Bilmes 2015",
      .handles_no_model = true,
      .family = "coverage",
  };
}

}  // namespace querist::strategies
