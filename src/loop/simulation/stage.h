// One seed's data of a simulation: its split with the features, and what the oracle answers.
#pragma once

#include <cstdint>
#include <vector>

#include "base/rng.h"
#include "featurizers/featurizer.h"
#include "loop/simulate.h"

namespace querist::loop {

// Table rows (not file rows) of one seed's pool and test set.
struct Split {
  std::vector<int64_t> pool;
  std::vector<int64_t> test;
};

// A split with its features; shared by the strategies of a seed.
struct Stage {
  Split split;
  featurizers::FeatureBatch pool;
  featurizers::FeatureBatch test;
  std::vector<int32_t> pool_labels;  // What the oracle answers, noise included.
  std::vector<int32_t> test_labels;
};

// Splits by the plan and fits the featurizer on the pool alone. Throws invalid_argument where a
// part is empty or the featurizer reads another payload.
Stage make_stage(const Table& table, const SimulationPlan& plan, uint64_t seed,
                 const Progress& progress);

// Answers another class, uniformly, with the given chance; the same for every strategy of the seed.
void add_noise(Stage& stage, const SimulationPlan& plan, size_t classes, uint64_t seed);

// How many labels a run begins with.
size_t initial_labels(const Table& table, const SimulationPlan& plan);

// Pool rows to begin with: of each class, or of all together. Refuses a class with too few.
std::vector<int64_t> initial_rows(const Stage& stage, const SimulationPlan& plan, size_t classes,
                                  Rng& rng);

}  // namespace querist::loop
