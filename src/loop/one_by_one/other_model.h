// Another learner in the machine's place: the one that strategies ask, or the one that is measured.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "learners/learner.h"
#include "loop/one_by_one/stage.h"

namespace querist::loop {

// Trained on the standardised columns of the labelled rows of the pool alone. labeled: ascending
// rows of the pool, with their labels.
class OneByOneOther {
 public:
  // expression: a learner's; empty: there is no other, and nothing may be asked. Throws as
  // learner_for does.
  OneByOneOther(const OneByOneStage& stage, const std::string& expression, uint64_t seed);

  explicit operator bool() const { return learner_.card != nullptr; }
  void learn(std::span<const int64_t> labeled, std::span<const int32_t> labels);
  void pool_probabilities(Matrix& out) const;  // (pool, 2).
  void test_probabilities(Matrix& out) const;  // (test, 2).

 private:
  const OneByOneStage& stage_;
  learners::ChosenLearner learner_;
  uint64_t seed_;
  std::unique_ptr<learners::Model> model_;
};

}  // namespace querist::loop
