// Counts along a reading order.
#include "metrics/work_saved.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace querist::metrics {

static void check_order(std::span<const int64_t> found_at, int64_t records) {
  int64_t before = 0;
  for (const int64_t at : found_at) {
    if (at <= before || at > records) {
      refuse("found_at must grow within 1 and {}, but {} follows {}", records, at, before);
    }
    before = at;
  }
}

static void check_share(double share, std::string_view name) {
  if (!(share >= 0 && share <= 1)) refuse("{} must lie between 0 and 1, not {}", name, share);
}

double reading_saved(std::span<const int64_t> found_at, int64_t records, double recall) {
  check_order(found_at, records);
  check_share(recall, "recall");
  // 0.95 of 20 is 19, whatever its product in binary.
  const auto wanted =
      static_cast<size_t>(std::ceil(recall * static_cast<double>(found_at.size()) - 1e-9));
  if (wanted == 0) return 1;
  return 1 - static_cast<double>(found_at[wanted - 1]) / static_cast<double>(records);
}

double work_saved_over_sampling(std::span<const int64_t> found_at, int64_t records, double recall) {
  return reading_saved(found_at, records, recall) - (1 - recall);
}

double recall_after(std::span<const int64_t> found_at, int64_t records, double share) {
  check_order(found_at, records);
  check_share(share, "share");
  if (found_at.empty()) return 1;
  const auto read = static_cast<int64_t>(share * static_cast<double>(records) + 1e-9);
  const auto found = std::upper_bound(found_at.begin(), found_at.end(), read) - found_at.begin();
  return static_cast<double>(found) / static_cast<double>(found_at.size());
}

}  // namespace querist::metrics
