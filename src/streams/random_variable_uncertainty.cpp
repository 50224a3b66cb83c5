// Variable uncertainty with a threshold multiplied by chance, so that change far from the boundary
// is seen too (Zliobaite et al. 2014).
#include "streams/parts/numpy_random.h"
#include "streams/parts/settings.h"
#include "streams/parts/spending.h"
#include "streams/stream.h"

namespace querist::streams {

namespace {

struct RandomVariableUncertainty : SpendingAndThreshold {
  double delta;
  NumpyRandom random;

  RandomVariableUncertainty(const Params& params, uint32_t seed)
      : SpendingAndThreshold(params),
        delta(params.number("delta")),
        random(NumpyRandom(seed).below_mersenne()) {}

  bool decide(const Instance& instance) {
    bool ask = false;
    if (spending.has_left()) {
      const double chance = 1 + delta * random.normal_ahead();
      ask = confidence(instance.probabilities) < threshold.value * chance;
      threshold.follow(ask);
    }
    random.uniform();  // Each instance takes two words, whatever its normal number looked at.
    spending.add(ask);
    return ask;
  }

  void fields(Archive& archive) {
    SpendingAndThreshold::fields(archive);
    random.fields(archive);
  }
};

}  // namespace

StreamStrategy random_variable_uncertainty() {
  return {
      .name = "random_variable_uncertainty",
      .summary = "Variable uncertainty whose threshold is multiplied by a normal number about 1.",
      .needs = Signal::probabilities,
      .params = {budget_row(), window_row(), theta_row(), s_row(), delta_row()},
      .state = state_functions<RandomVariableUncertainty>(),
      .source = "Zliobaite, Bifet, Pfahringer and Holmes 2014",
  };
}

}  // namespace querist::streams
