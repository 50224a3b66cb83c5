// Split: a share of the stream is asked about by chance alone, the rest by variable uncertainty
// (Zliobaite et al. 2014).
#include "streams/parts/numpy_random.h"
#include "streams/parts/settings.h"
#include "streams/parts/spending.h"
#include "streams/stream.h"

namespace querist::streams {

namespace {

struct Split : SpendingAndThreshold {
  double v;
  NumpyRandom random;

  Split(const Params& params, uint32_t seed)
      : SpendingAndThreshold(params),
        v(params.number("v")),
        random(NumpyRandom(seed).below_mersenne()) {}

  bool decide(const Instance& instance) {
    bool ask = false;
    if (spending.has_left()) {
      if (v > random.uniform()) {
        ask = random.uniform() <= spending.budget;
      } else {
        ask = confidence(instance.probabilities) < threshold.value;
        threshold.follow(ask);
      }
    }
    spending.add(ask);
    return ask;
  }

  void fields(Archive& archive) {
    SpendingAndThreshold::fields(archive);
    random.fields(archive);
  }
};

}  // namespace

StreamStrategy split() {
  return {
      .name = "split",
      .summary = "Variable uncertainty, and a share of the stream asked about by chance alone.",
      .needs = Signal::probabilities,
      .params = {budget_row(),
                 window_row(),
                 theta_row(),
                 s_row(),
                 {.name = "v",
                  .fallback = 0.1,
                  .min = 1e-9,
                  .max = 1 - 1e-9,
                  .help = "The share of instances that are left to chance."}},
      .state = state_functions<Split>(),
      .source = "Zliobaite, Bifet, Pfahringer and Holmes 2014",
  };
}

}  // namespace querist::streams
