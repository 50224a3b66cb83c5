// A committee for the strategies that read one: machines on bootstraps of the labelled rows (Abe
// and Mamitsuka 1998), each started from the coefficients of the machine of the run.
#pragma once

#include <span>
#include <vector>

#include "base/rng.h"
#include "data/pool.h"
#include "loop/one_by_one/machine.h"

namespace querist::loop {

class OneByOneCommittee {
 public:
  static constexpr size_t members = 8;

  explicit OneByOneCommittee(const OneByOneStage& stage) : stage_(stage) {}

  // Draws new bags, each as large as the labelled set and with both classes, and trains. Valid
  // until the next call.
  Members probabilities(const OneByOneMachine& machine, std::span<const int64_t> labeled,
                        uint64_t seed);

 private:
  void train_member(const OneByOneMachine& machine, std::span<const int64_t> labeled, Rng rng,
                    float* out);

  const OneByOneStage& stage_;
  kernels::SvcDual dual_;
  std::vector<double> counts_;
  std::vector<float> values_;  // (members, pool, 2).
};

}  // namespace querist::loop
