// Fixed uncertainty: ask while there is budget about instances less sure than a threshold that
// never moves (Zliobaite et al. 2014), or about those in the upper quantile of uncertainty (Kottke
// et al. 2015).
#include <optional>

#include "streams/parts/quantile_filter.h"
#include "streams/parts/settings.h"
#include "streams/parts/spending.h"
#include "streams/stream.h"

namespace querist::streams {

namespace {

struct FixedUncertainty {
  Spending spending;
  std::optional<QuantileFilter> filter;

  FixedUncertainty(const Params& params, uint32_t)
      : spending{params.number("budget"), params.number("window")} {
    if (params.text("budget_manager") == "balanced_incremental_quantile") {
      filter.emplace(params.number("budget"), static_cast<size_t>(params.integer("window")),
                     params.number("tolerance"));
    }
  }

  bool decide(const Instance& instance) {
    const double confident = confidence(instance.probabilities);
    if (filter) {
      const auto& p = instance.probabilities;
      return filter->decide(1 - *std::max_element(p.begin(), p.end()), true);
    }
    const double least = 1 / static_cast<double>(instance.probabilities.size());
    const double threshold = least + spending.budget * (1 - least);
    const bool ask = spending.has_left() && confident <= threshold;
    spending.add(ask);
    return ask;
  }

  double spent() const { return filter ? filter->spent() : spending.spent(); }
  void fields(Archive& archive) { filter ? filter->fields(archive) : spending.fields(archive); }
};

}  // namespace

StreamStrategy fixed_uncertainty() {
  return {
      .name = "fixed_uncertainty",
      .summary = "While there is budget, the likeliest class below a threshold that never moves.",
      .needs = Signal::probabilities,
      .params = {budget_row(),
                 window_row(),
                 {.name = "budget_manager",
                  .fallback = "fixed",
                  .choices = {"fixed", "balanced_incremental_quantile"},
                  .help = "What keeps to the budget: fixed, a threshold from budget and classes; "
                          "balanced_incremental_quantile, the upper quantile of late utilities."},
                 tolerance_row()},
      .state = state_functions<FixedUncertainty>(),
      .source =
          "Zliobaite, Bifet, Pfahringer and Holmes 2014; Kottke, Krempl and Spiliopoulou "
          "2015",
  };
}

}  // namespace querist::streams
