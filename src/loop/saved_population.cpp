// Splits the pool at random, and counts which labels were known when each audit label was drawn.
#include "loop/saved_population.h"

#include <algorithm>
#include <cmath>

#include "base/rng.h"

namespace querist::loop {

static constexpr size_t most_judges = 2000;   // Without a label.
static constexpr double judging_share = 0.3;  // Of a small pool's rows.

// Audit labels and later ones came in turns.
static void count_known(const SavedData& data, size_t learnt, SavedPopulation& out) {
  const size_t audit = data.audit_rows.size();
  const double all = static_cast<double>(data.unlabeled.size() + data.rows.size() - learnt);
  out.stands_for.assign(audit, 1);
  for (size_t i = learnt; i < data.rows.size(); ++i) {
    for (auto a = static_cast<size_t>(data.audit_before[i]); a < audit; ++a)
      out.stands_for[a] -= 1 / all;
  }
  out.known_shares.assign(out.judges.size(), 0);
  for (size_t k = 0; k < out.later.size(); ++k) {
    const auto before = static_cast<double>(data.audit_before[out.later[k]]);
    out.known_shares[out.unlabeled() + k] = 1 - before / static_cast<double>(audit);
  }
}

SavedPopulation saved_population(const SavedData& data, size_t learnt, uint64_t seed) {
  SavedPopulation out;
  Rng rng(seed);
  std::vector<int64_t> open(data.unlabeled.begin(), data.unlabeled.end());
  rng.shuffle(open);
  const double all = static_cast<double>(open.size());
  const size_t judging =
      std::min(most_judges, static_cast<size_t>(std::llround(judging_share * all)));
  out.judges.assign(open.begin(), open.begin() + static_cast<long>(judging));
  out.drawn_from.assign(open.begin() + static_cast<long>(judging), open.end());
  out.drawn_labels.assign(out.drawn_from.size(), -1);
  const double kept = 1 - static_cast<double>(judging) / all;
  for (size_t i = 0; i < data.rows.size(); ++i) {
    if (rng.uniform() < kept) {
      out.drawn_from.push_back(data.rows[i]);
      out.drawn_labels.push_back(data.labels[i]);
    } else if (i >= learnt) {
      out.judges.push_back(data.rows[i]);
      out.later.push_back(i);
    }
  }
  count_known(data, learnt, out);
  return out;
}

}  // namespace querist::loop
