// Differences a row, or summed a group.
#include "loop/paired_accuracy.h"

#include <map>
#include <vector>

#include "base/check.h"
#include "base/error.h"
#include "metrics/intervals.h"
#include "metrics/paired_tests.h"
#include "metrics/resampling.h"

namespace querist::loop {

metrics::Estimate mean_interval(std::span<const double> differences,
                                std::span<const int32_t> groups, uint64_t seed) {
  const auto mean = [&](std::span<const double> weights) {
    double total = 0, weight = 0;
    for (size_t i = 0; i < weights.size(); ++i) {
      total += weights[i] * differences[i];
      weight += weights[i];
    }
    return total / weight;
  };
  return metrics::resampled_interval(differences.size(), mean, {.groups = groups, .seed = seed});
}

// Were both equally good, a whole group's difference could as well have had the other sign.
static double group_p_value(std::span<const double> differences, std::span<const int32_t> groups,
                            uint64_t seed) {
  std::map<int32_t, double> sums;
  for (size_t i = 0; i < groups.size(); ++i) sums[groups[i]] += differences[i];
  std::vector<double> totals;
  for (const auto& [group, sum] : sums) {
    if (sum != 0) totals.push_back(sum);  // Whose sign says nothing.
  }
  return totals.empty() ? 1 : metrics::sign_flip_test(totals, seed).p_value;
}

PairedAccuracy paired_accuracy(std::span<const int32_t> labels, std::span<const int32_t> first,
                               std::span<const int32_t> second, std::span<const int32_t> groups,
                               uint64_t seed) {
  QUERIST_CHECK(!labels.empty() && first.size() == labels.size() && second.size() == labels.size());
  PairedAccuracy paired;
  paired.rows = labels.size();
  std::vector<double> ours, theirs, differences;
  for (size_t i = 0; i < labels.size(); ++i) {
    const bool we = first[i] == labels[i];
    const bool they = second[i] == labels[i];
    paired.only_first += we && !they;
    paired.only_second += they && !we;
    ours.push_back(we);
    theirs.push_back(they);
    differences.push_back(ours.back() - theirs.back());
  }
  if (groups.empty()) {
    paired.difference = metrics::paired_bootstrap(ours, theirs, seed);
    paired.p_value = metrics::mcnemar_exact(paired.only_first, paired.only_second).p_value;
    paired.test = "mcnemar_exact";
  } else {
    paired.difference = mean_interval(differences, groups, seed);
    paired.p_value = group_p_value(differences, groups, seed);
    paired.test = "sign_flip_groups";
  }
  return paired;
}

std::string test_words(const PairedAccuracy& paired) {
  const char* test =
      paired.test == "mcnemar_exact" ? "McNemar's exact" : "whole groups' signs flipped,";
  if (paired.p_value < 0.001) return fmt::format("{} p < 0.001", test);
  return fmt::format("{} p = {:.3f}", test, paired.p_value);
}

}  // namespace querist::loop
