// Observed agreement against the agreement of independent labellers with the same habits.
#include "metrics/agreement.h"

#include <map>

#include "base/error.h"

namespace querist::metrics {

double cohen_kappa(std::span<const int32_t> a, std::span<const int32_t> b) {
  if (a.empty()) refuse("there are no rows to compare");
  if (a.size() != b.size()) refuse("pairs need equal counts, not {} and {}", a.size(), b.size());
  const auto n = static_cast<double>(a.size());
  std::map<int32_t, std::pair<double, double>> counts;
  double same = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    ++counts[a[i]].first;
    ++counts[b[i]].second;
    same += a[i] == b[i];
  }
  double chance = 0;
  for (const auto& [cls, pair] : counts) chance += pair.first / n * (pair.second / n);
  if (same == n) return 1;  // Also where chance agreement is 1 and the ratio would be 0 / 0.
  return (same / n - chance) / (1 - chance);
}

}  // namespace querist::metrics
