// Random: each instance is asked about with the budget's probability, whatever it is; what the
// other strategies are measured against.
#include "streams/parts/numpy_random.h"
#include "streams/parts/settings.h"
#include "streams/parts/spending.h"
#include "streams/stream.h"

namespace querist::streams {

namespace {

struct Random {
  double budget;
  Count count;
  NumpyRandom random;

  Random(const Params& params, uint32_t seed) : budget(params.number("budget")), random(seed) {}

  bool decide(const Instance&) {
    const bool ask = random.uniform() >= 1 - budget;
    count.add(ask);
    return ask;
  }

  double spent() const { return count.spent(); }
  void fields(Archive& archive) {
    count.fields(archive);
    random.fields(archive);
  }
};

}  // namespace

StreamStrategy random() {
  return {
      .name = "random",
      .summary = "Each instance with the budget's probability; the bar every strategy must clear.",
      .params = {budget_row()},
      .state = state_functions<Random>(),
      .source = "Zliobaite, Bifet, Pfahringer and Holmes 2014",
  };
}

}  // namespace querist::streams
