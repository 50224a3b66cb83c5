// One seed's data of a simulation: its split with the features, and what the oracle answers.
#pragma once

#include <cstdint>
#include <vector>

#include "base/rng.h"
#include "loop/simulate.h"
#include "loop/simulation/feature_table.h"

namespace querist::loop {

// Table rows (not file rows) of one seed's pool and test set.
struct Split {
  std::vector<int64_t> pool;
  std::vector<int64_t> test;
};

// A split with its features; shared by the strategies of a seed.
struct Stage {
  Split split;
  FeatureBlock pool;
  FeatureBlock test;
  FeatureBlock typo_test;            // The test texts with typos, where the plan has some.
  FeatureBlock doubled;              // To augment: the pool's rows, then the same with typos.
  std::vector<int32_t> pool_labels;  // What the oracle answers, noise included.
  std::vector<double> pool_costs;    // Of each row's answer; empty: not counted.
  std::vector<int32_t> test_labels;
  std::vector<float> pool_targets;  // Both of regression.
  std::vector<float> test_targets;
  std::vector<std::vector<int32_t>> pool_sets;  // Both of several labels an example.
  std::vector<uint8_t> test_flags;              // (test rows, labels), 1 where the row has it.
};

// The table's rows that some seed's pool or test set holds, ascending.
std::vector<int64_t> used_rows(const Table& table, const SimulationPlan& plan);

Split split_rows(const Table& table, const SimulationPlan& plan, uint64_t seed);

// Splits by the plan and fits the featurizer on the pool alone. Throws invalid_argument where a
// part is empty.
Stage make_stage(const Table& table, const SimulationPlan& plan, uint64_t seed,
                 FeatureTable& features, const Progress& progress);

// What an answer costs, row by row of the table: the plan's cost a label times its votes, times the
// number in `groups` where the plan says so. Throws invalid_argument where that is no positive
// number.
std::vector<double> answer_costs(const Table& table, const SimulationPlan& plan);

// Answers another class, uniformly, with the given chance; the same for every strategy of the seed.
void add_noise(Stage& stage, const SimulationPlan& plan, size_t classes, uint64_t seed);

// How many labels a run begins with.
size_t initial_labels(const Table& table, const SimulationPlan& plan);

// Pool rows to begin with: of each class, or of all together. Refuses a class with too few.
std::vector<int64_t> initial_rows(const Stage& stage, const SimulationPlan& plan, size_t classes,
                                  Rng& rng);

}  // namespace querist::loop
