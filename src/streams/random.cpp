// Random: each instance is asked about with the budget's probability, whatever it is; what the
// other strategies are measured against.
#include "streams/parts/numpy_random.h"
#include "streams/parts/settings.h"
#include "streams/stream.h"

namespace querist::streams {

namespace {

struct Random {
  double budget;
  uint64_t observed = 0;
  uint64_t queried = 0;
  NumpyRandom random;

  Random(const Params& params, uint32_t seed) : budget(params.number("budget")), random(seed) {}

  bool decide(const Instance&) {
    const bool ask = random.uniform() >= 1 - budget;
    ++observed;
    queried += ask;
    return ask;
  }

  double spent() const {
    return observed == 0 ? 0 : static_cast<double>(queried) / static_cast<double>(observed);
  }
  void fields(Archive& archive) {
    archive.count("observed", observed);
    archive.count("queried", queried);
    archive.require(queried <= observed, "queried");
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
