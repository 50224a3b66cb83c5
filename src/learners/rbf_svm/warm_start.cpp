// Rows carry no numbers that outlive a data set, so equal content finds them again.
#include <algorithm>
#include <bit>
#include <unordered_map>

#include "learners/rbf_svm/pair.h"

namespace querist::learners {

// The entries of a row that are not zero, as (column, value): the same for every kind of features.
template <class Take>
static void each_entry(const Features& x, size_t i, Take take) {
  if (x.kind == Features::Kind::sparse) {
    for (int64_t at = x.sparse.offsets[i]; at < x.sparse.offsets[i + 1]; ++at) {
      if (x.sparse.values[at] != 0)
        take(static_cast<size_t>(x.sparse.columns[at]), x.sparse.values[at]);
    }
    return;
  }
  const bool half = x.kind == Features::Kind::half;
  for (size_t j = 0; j < x.cols; ++j) {
    const float value = half ? half_to_float(x.half[i * x.cols + j]) : x.dense[i * x.cols + j];
    if (value != 0) take(j, value);
  }
}

static uint64_t content_hash(const Features& x, size_t i) {
  uint64_t hash = 0;
  each_entry(x, i, [&](size_t column, float value) {
    hash = mix_seed(hash ^ std::bit_cast<uint32_t>(value), column);
  });
  return hash;
}

static bool same_content(const Features& a, size_t i, const Features& b, size_t j) {
  std::vector<std::pair<size_t, float>> entries;
  each_entry(a, i, [&](size_t column, float value) { entries.emplace_back(column, value); });
  size_t at = 0;
  bool same = true;
  each_entry(b, j, [&](size_t column, float value) {
    same =
        same && at < entries.size() && entries[at].first == column && entries[at].second == value;
    ++at;
  });
  return same && at == entries.size();
}

// The place of a pair of present classes in the model; pairs() where it has not both.
static size_t pair_of(const SvmParts& parts, int32_t low, int32_t high) {
  const auto find = [&](int32_t cls) {
    const auto at = std::lower_bound(parts.present.begin(), parts.present.end(), cls);
    return at != parts.present.end() && *at == cls ? static_cast<size_t>(at - parts.present.begin())
                                                   : SIZE_MAX;
  };
  const size_t a = find(low);
  const size_t b = find(high);
  if (a == SIZE_MAX || b == SIZE_MAX) return parts.pairs();
  const size_t n = parts.present.size();
  return a * n - a * (a + 1) / 2 + (b - a - 1);
}

std::vector<double> earlier_betas(const SvmModel& earlier, int32_t low, int32_t high,
                                  const Features& features, std::span<const int64_t> rows) {
  const SvmParts& parts = earlier.parts();
  const size_t pair = pair_of(parts, low, high);
  if (pair == parts.pairs()) return {};
  const Features vectors = parts.vectors();
  std::unordered_multimap<uint64_t, size_t> known;  // By content, where in the pair it stands.
  for (size_t at = parts.starts[pair]; at < parts.starts[pair + 1]; ++at)
    known.emplace(content_hash(vectors, parts.rows[at]), at);
  std::vector<double> betas(rows.size());
  bool any = false;
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto row = static_cast<size_t>(rows[i]);
    const auto [begin, end] = known.equal_range(content_hash(features, row));
    for (auto found = begin; found != end; ++found) {
      if (!same_content(vectors, parts.rows[found->second], features, row)) continue;
      betas[i] = parts.betas[found->second];
      any = true;
      known.erase(found);
      break;
    }
  }
  return any ? betas : std::vector<double>();
}

}  // namespace querist::learners
