// Density-based stream sampling: only an instance that is some recent one's new nearest neighbour
// may be asked about, where its margin is below a random threshold (Ienco et al. 2014).
#include <optional>

#include "streams/parts/density_window.h"
#include "streams/parts/numpy_random.h"
#include "streams/parts/quantile_filter.h"
#include "streams/parts/settings.h"
#include "streams/parts/spending.h"
#include "streams/stream.h"

namespace querist::streams {

namespace {

// One less the two likeliest classes' gap; 0 where there is but one class.
double margin_utility(std::span<const double> probabilities) {
  double first = 0;
  double second = 0;
  for (const double p : probabilities) {
    if (p > first) {
      second = first;
      first = p;
    } else if (p > second) {
      second = p;
    }
  }
  return 1 - (first - second);
}

struct DensityBased {
  DensityWindow density;
  Threshold threshold;
  double budget;
  double delta;
  Count count;
  NumpyRandom random;
  std::optional<QuantileFilter> filter;

  DensityBased(const Params& params, uint32_t seed)
      : density(static_cast<size_t>(params.integer("density_window"))),
        threshold{params.number("theta"), params.number("s")},
        budget(params.number("budget")),
        delta(params.number("delta")),
        random(NumpyRandom(seed).below_mersenne()) {
    if (params.text("budget_manager") == "balanced_incremental_quantile") {
      filter.emplace(budget, static_cast<size_t>(params.integer("window")),
                     params.number("tolerance"));
    }
  }

  bool decide(const Instance& instance) {
    const bool is_dense = density.add(instance.embedding) > 0;
    const double utility = margin_utility(instance.probabilities);
    if (filter) return filter->decide(utility, is_dense);
    bool ask = false;
    // Spent of the instances up to this one, which counts as not asked about yet.
    if (budget > Count{count.observed + 1, count.queried}.spent()) {
      ask = is_dense && 1 - utility < threshold.value * (1 + delta * random.normal_ahead());
      threshold.follow(ask);  // Where it is sparse too: the chance was there and is gone.
    }
    random.uniform();  // Each instance takes two words, whatever its normal number looked at.
    count.add(ask);
    return ask;
  }

  double spent() const { return filter ? filter->spent() : count.spent(); }
  void fields(Archive& archive) {
    density.fields(archive);
    if (filter) return filter->fields(archive);
    threshold.fields(archive);
    count.fields(archive);
    random.fields(archive);
  }
};

}  // namespace

StreamStrategy density_based() {
  return {
      .name = "density_based",
      .summary = "A small margin under a random threshold, where the stream is dense.",
      .needs = Signal::probabilities | Signal::embeddings,
      .params = {budget_row(),
                 {.name = "density_window",
                  .fallback = 100,
                  .min = 1,
                  .max = 1e6,
                  .whole = true,
                  .help = "How many recent embeddings an instance is compared with."},
                 theta_row(),
                 s_row(),
                 delta_row(),
                 {.name = "budget_manager",
                  .fallback = "threshold",
                  .choices = {"threshold", "balanced_incremental_quantile"},
                  .help = "What keeps to the budget: threshold, one that chance multiplies; "
                          "balanced_incremental_quantile, the upper quantile of late utilities."},
                 window_row(),
                 tolerance_row()},
      .state = state_functions<DensityBased>(),
      .source = "Ienco, Zliobaite and Pfahringer 2014",
  };
}

}  // namespace querist::streams
