// Variable uncertainty: a threshold that falls after each question and rises otherwise, so that the
// budget is spent at every level of uncertainty (Zliobaite et al. 2014).
#include "streams/parts/settings.h"
#include "streams/parts/spending.h"
#include "streams/stream.h"

namespace querist::streams {

namespace {

struct VariableUncertainty : SpendingAndThreshold {
  VariableUncertainty(const Params& params, uint32_t) : SpendingAndThreshold(params) {}

  bool decide(const Instance& instance) {
    bool ask = false;
    if (spending.has_left()) {
      ask = confidence(instance.probabilities) < threshold.value;
      threshold.follow(ask);
    }
    spending.add(ask);
    return ask;
  }
};

}  // namespace

StreamStrategy variable_uncertainty() {
  return {
      .name = "variable_uncertainty",
      .summary =
          "While there is budget, the likeliest class below a threshold that follows what "
          "was asked.",
      .needs = Signal::probabilities,
      .params = {budget_row(), window_row(), theta_row(), s_row()},
      .state = state_functions<VariableUncertainty>(),
      .source = "Zliobaite, Bifet, Pfahringer and Holmes 2014",
  };
}

}  // namespace querist::streams
