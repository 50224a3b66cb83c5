// Two models on the same audit examples: who is right where the other is wrong, and whether by
// chance.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "metrics/estimate.h"

namespace querist::loop {

struct PairedAccuracy {
  size_t rows = 0;
  int64_t only_first = 0;  // Examples that only the first is right on.
  int64_t only_second = 0;
  metrics::Estimate difference;  // Accuracy of the first minus the second's; a bootstrap of pairs.
  double p_value = 1;            // Two-sided.
  std::string_view test;         // mcnemar_exact; with groups sign_flip_groups.
};

// labels, first and second: class ids of the same examples, one at least. groups: audit_groups' of
// them or empty; whole groups are drawn again and change sides then (Field and Welsh 2007; Fisher
// 1935), as rows of one are right and wrong together.
PairedAccuracy paired_accuracy(std::span<const int32_t> labels, std::span<const int32_t> first,
                               std::span<const int32_t> second, std::span<const int32_t> groups,
                               uint64_t seed);

// The mean of one difference an example, two at least, with an interval; groups as above.
metrics::Estimate mean_interval(std::span<const double> differences,
                                std::span<const int32_t> groups, uint64_t seed);

// The test as a sentence names it: "McNemar's exact p = 0.012".
std::string test_words(const PairedAccuracy& paired);

}  // namespace querist::loop
