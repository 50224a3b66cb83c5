// What simulated annotators answer, and what the majority of several of them comes to.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/matrix.h"

namespace querist::loop {

struct CrowdPlan {
  size_t annotators = 0;                 // 0: none; the oracle answers alone.
  size_t votes = 1;                      // Labels an example, by different annotators.
  std::vector<double> accuracy = {0.8};  // By annotator, in turn where there are fewer numbers.
  // uniform: any wrong class; confusion: each annotator has classes that are harder and wrong
  // classes that are likelier; difficulty: errors grow towards the boundary between the two classes
  // that models of the other folds of the pool find likeliest, and fall on the likeliest class that
  // is not the true one.
  std::string errors = "uniform";
  double spammers = 0;  // Share of the annotators that answer at random.
};

// Refuses plans that nobody can follow.
void check_crowd(const CrowdPlan& plan);

// The majority's answers for examples of these labels; among equal counts the class named first
// wins. probabilities (labels, classes), each row's by a model that did not learn its label: needed
// where errors is difficulty. An example's answers depend on the seed and its row alone.
std::vector<int32_t> crowd_answers(const CrowdPlan& plan, std::span<const int32_t> labels,
                                   size_t classes, const Matrix& probabilities, uint64_t seed);

}  // namespace querist::loop
