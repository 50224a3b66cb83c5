// Two decisions over scores and weights, each a sort or a scan.
#include "consensus/active_lab/work.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"

namespace querist::consensus {

std::vector<Work> choose_work(std::span<const double> scores,
                              std::span<const double> unlabeled_scores, size_t count) {
  std::vector<Work> all;
  all.reserve(scores.size() + unlabeled_scores.size());
  const auto add = [&](bool relabel, std::span<const double> of) {
    for (size_t i = 0; i < of.size(); ++i) {
      if (!std::isnan(of[i])) all.push_back({relabel, static_cast<int64_t>(i), of[i]});
    }
  };
  add(true, scores);
  add(false, unlabeled_scores);
  count = std::min(count, all.size());
  const auto end = all.begin() + static_cast<ptrdiff_t>(count);
  std::partial_sort(all.begin(), end, all.end(), [](const Work& a, const Work& b) {
    if (a.score != b.score) return a.score < b.score;
    if (a.relabel != b.relabel) return a.relabel;
    return a.row < b.row;
  });
  all.erase(end, all.end());
  return all;
}

std::optional<int64_t> whom_to_ask(std::span<const int32_t> labelled,
                                   std::span<const int64_t> available,
                                   std::span<const double> weights) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  const double mean = weights.empty() ? 0 : sum / static_cast<double>(weights.size());
  std::optional<int64_t> best;
  double best_weight = 0;
  for (const int64_t a : available) {
    if (a < 0) refuse("annotators are numbered from 0, but one is {}", a);
    if (std::find(labelled.begin(), labelled.end(), a) != labelled.end()) continue;
    const auto place = static_cast<size_t>(a);
    const double weight = place < weights.size() ? weights[place] : mean;
    if (best && (weight < best_weight || (weight == best_weight && a >= *best))) continue;
    best = a;
    best_weight = weight;
  }
  return best;
}

}  // namespace querist::consensus
