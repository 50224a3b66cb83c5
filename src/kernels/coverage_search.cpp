// Lazy greedy over bounds: what a candidate added when it was last looked at, less what has been
// covered since, is all that it can add now.
#include <algorithm>
#include <limits>
#include <memory>
#include <numeric>

#include "base/check.h"
#include "base/interrupt.h"
#include "kernels/ball_cover.h"
#include "kernels/coverage.h"
#include "kernels/coverage_table.h"
#include "kernels/pair_blocks.h"
#include "kernels/pair_sweep.h"

namespace querist::kernels {

// Two sums of the same terms in other orders differ by less than this part of them.
static constexpr double rounding = 4e-6;
static constexpr uint32_t never = std::numeric_limits<uint32_t>::max();

class CoverageSearch {
 public:
  CoverageSearch(const CoverageTask& task, size_t count);
  CoveragePick pick();

 private:
  // What is known of a candidate's gain.
  struct Bound {
    double gain = 0;
    double slack = 0;        // The true gain lies within this of it.
    uint32_t picks = 0;      // How many had been made then.
    bool confirmed = false;  // Summed in the one order that decides; slack 0.
    bool picked = false;
  };
  // The targets raised since some pick, with their best then and now.
  struct Raised {
    std::vector<int64_t> rows;
    std::vector<float> norms, weights, before, after;
  };

  double cost(size_t c) const { return task_.costs.empty() ? 1 : double{task_.costs[c]}; }
  double upper(size_t c) const {
    double most = bounds_[c].gain + bounds_[c].slack;
    if (table_ != nullptr && !is_fresh(c)) {
      const double bound = table_->most(c);
      most = bounds_[c].picks == never ? bound : std::min(most, bound);
    }
    return most / cost(c);
  }
  double lower(size_t c) const { return (bounds_[c].gain - bounds_[c].slack) / cost(c); }
  // A gain of nothing stays so.
  bool is_spent(size_t c) const { return bounds_[c].confirmed && bounds_[c].gain <= 0; }
  bool is_fresh(size_t c) const { return bounds_[c].picks == made_ || is_spent(c); }

  SweepRows targets() const { return {task_.x, task_.targets, target_norms_}; }
  void look_at_all();
  void confirm(std::span<const size_t> candidates);
  void update(std::vector<size_t> candidates);
  Raised raised_since(uint32_t picks) const;
  void shrink(std::span<const size_t> candidates, const Raised& raised);
  void take_best(std::vector<size_t>& candidates, size_t most) const;
  void refresh();
  size_t settle();
  void cover(size_t candidate);

  const CoverageTask& task_;
  std::vector<float> target_norms_, candidate_norms_;
  std::vector<float> best_;
  std::vector<Bound> bounds_;
  std::vector<std::vector<CoverageRaise>> raises_;  // One list a pick.
  std::unique_ptr<CoverageTable> table_;  // May be missing; then all are looked at to begin with.
  uint32_t made_ = 0;
  bool same_rows_;
};

CoverageSearch::CoverageSearch(const CoverageTask& task, size_t count)
    : task_(task),
      target_norms_(kernel_norms(task.kernel, task.x, task.targets)),
      best_(task.targets.size(), 0),
      bounds_(task.candidates.size()),
      same_rows_(std::ranges::equal(task.targets, task.candidates)) {
  candidate_norms_ =
      same_rows_ ? target_norms_ : kernel_norms(task.kernel, task.x, task.candidates);
  if (!task.labeled.empty()) {
    const auto norms = kernel_norms(task.kernel, task.x, task.labeled);
    raise_best(task.kernel, {task.x, task.labeled, norms}, targets(), best_);
  }
  // A single pick takes one look at all of them anyhow.
  if (count > 1) table_ = CoverageTable::make(task, best_);
  if (table_ == nullptr) look_at_all();
  for (size_t c = 0; table_ != nullptr && c < bounds_.size(); ++c) bounds_[c].picks = never;
}

// Candidates gathered with their norms, in the shape a sweep reads.
struct Gathered {
  std::vector<int64_t> rows;
  std::vector<float> norms;
};

static Gathered gather(std::span<const int64_t> rows, std::span<const float> norms,
                       std::span<const size_t> chosen) {
  Gathered out;
  for (const size_t c : chosen) {
    out.rows.push_back(rows[c]);
    out.norms.push_back(norms[c]);
  }
  return out;
}

void CoverageSearch::look_at_all() {
  if (!same_rows_) {
    std::vector<size_t> all(bounds_.size());
    std::iota(all.begin(), all.end(), 0);
    return confirm(all);
  }
  const auto gains = growth_of_all(task_.kernel, targets(), task_.weights, best_);
  for (size_t c = 0; c < gains.size(); ++c) {
    if (bounds_[c].picked) continue;
    bounds_[c] = {gains[c], rounding * gains[c], made_, gains[c] <= 0, false};
  }
}

void CoverageSearch::confirm(std::span<const size_t> candidates) {
  const auto chosen = gather(task_.candidates, candidate_norms_, candidates);
  const auto gains =
      growth(task_.kernel, {task_.x, chosen.rows, chosen.norms}, targets(), task_.weights, best_);
  for (size_t i = 0; i < gains.size(); ++i) bounds_[candidates[i]] = {gains[i], 0, made_, true};
}

CoverageSearch::Raised CoverageSearch::raised_since(uint32_t picks) const {
  Raised out;
  std::vector<bool> seen(best_.size(), false);
  for (size_t p = picks; p < raises_.size(); ++p) {
    for (const CoverageRaise& raise : raises_[p]) {
      if (seen[raise.target]) continue;  // The first raise tells what it was.
      seen[raise.target] = true;
      out.rows.push_back(task_.targets[raise.target]);
      out.norms.push_back(target_norms_[raise.target]);
      out.weights.push_back(task_.weights[raise.target]);
      out.before.push_back(raise.before);
      out.after.push_back(best_[raise.target]);
    }
  }
  return out;
}

void CoverageSearch::shrink(std::span<const size_t> candidates, const Raised& raised) {
  const auto chosen = gather(task_.candidates, candidate_norms_, candidates);
  const auto less =
      shrinkage(task_.kernel, {task_.x, chosen.rows, chosen.norms},
                {task_.x, raised.rows, raised.norms}, raised.weights, raised.before, raised.after);
  for (size_t i = 0; i < less.size(); ++i) {
    Bound& bound = bounds_[candidates[i]];
    // What was summed before carries its rounding along, however little of it is left.
    bound.slack += rounding * (bound.confirmed ? bound.gain : less[i]);
    bound.gain -= less[i];
    bound.picks = made_;
    bound.confirmed = false;
  }
}

// Those last looked at together meet only what was raised since, where that is less work.
void CoverageSearch::update(std::vector<size_t> candidates) {
  std::sort(candidates.begin(), candidates.end(), [&](size_t a, size_t b) {
    return bounds_[a].picks != bounds_[b].picks ? bounds_[a].picks > bounds_[b].picks : a < b;
  });
  std::vector<size_t> others;
  for (size_t begin = 0, end = 0; begin < candidates.size(); begin = end) {
    while (end < candidates.size() &&
           bounds_[candidates[end]].picks == bounds_[candidates[begin]].picks)
      ++end;
    const auto group = std::span(candidates).subspan(begin, end - begin);
    if (group.size() >= narrow_panel() && bounds_[group[0]].picks != never) {
      const Raised raised = raised_since(bounds_[group[0]].picks);
      if (raised.rows.size() < best_.size() / 2) {
        shrink(group, raised);
        continue;
      }
    }
    others.insert(others.end(), group.begin(), group.end());
  }
  if (same_rows_ && others.size() > bounds_.size() / 2) {
    look_at_all();
  } else if (!others.empty()) {
    confirm(others);
  }
}

void CoverageSearch::take_best(std::vector<size_t>& candidates, size_t most) const {
  if (candidates.size() <= most) return;
  const auto middle = candidates.begin() + static_cast<std::ptrdiff_t>(most);
  std::nth_element(candidates.begin(), middle, candidates.end(), [&](size_t a, size_t b) {
    return upper(a) != upper(b) ? upper(a) > upper(b) : a < b;
  });
  candidates.resize(most);
}

// Until no bound that is out of date reaches what some candidate adds for sure.
void CoverageSearch::refresh() {
  for (size_t batch = table_ ? narrow_panel() : wide_panel();; batch *= 2) {
    check_interrupt();
    double sure = -1;
    for (size_t c = 0; c < bounds_.size(); ++c) {
      if (!bounds_[c].picked && is_fresh(c)) sure = std::max(sure, lower(c));
    }
    std::vector<size_t> stale;
    for (size_t c = 0; c < bounds_.size(); ++c) {
      if (!bounds_[c].picked && !is_fresh(c) && upper(c) >= sure) stale.push_back(c);
    }
    if (stale.empty()) return;
    take_best(stale, batch);
    update(std::move(stale));
  }
}

// The winner: of those within rounding of the top, the one that adds most in the order that
// decides.
size_t CoverageSearch::settle() {
  for (;;) {
    size_t top = bounds_.size();
    for (size_t c = 0; c < bounds_.size(); ++c) {
      if (bounds_[c].picked || !is_fresh(c) || !bounds_[c].confirmed) continue;
      if (top == bounds_.size() || upper(c) > upper(top)) top = c;
    }
    double sure = top < bounds_.size() ? upper(top) : -1;
    for (size_t c = 0; c < bounds_.size(); ++c) {
      if (!bounds_[c].picked && is_fresh(c)) sure = std::max(sure, lower(c));
    }
    std::vector<size_t> doubtful;
    for (size_t c = 0; c < bounds_.size(); ++c) {
      if (!bounds_[c].picked && is_fresh(c) && !bounds_[c].confirmed && upper(c) >= sure)
        doubtful.push_back(c);
    }
    if (doubtful.empty()) return top;
    take_best(doubtful, wide_panel());
    confirm(doubtful);
  }
}

void CoverageSearch::cover(size_t candidate) {
  const auto before = best_;
  const int64_t row = task_.candidates[candidate];
  raise_best(task_.kernel, {task_.x, {&row, 1}, {&candidate_norms_[candidate], 1}}, targets(),
             best_);
  std::vector<CoverageRaise> raises;
  for (size_t t = 0; t < best_.size(); ++t) {
    if (best_[t] > before[t]) raises.push_back({static_cast<uint32_t>(t), before[t], best_[t]});
  }
  if (table_ != nullptr) table_->raise(raises);
  raises_.push_back(std::move(raises));
  bounds_[candidate].picked = true;
  ++made_;
}

CoveragePick CoverageSearch::pick() {
  refresh();
  const size_t winner = settle();
  const CoveragePick pick = {winner, bounds_[winner].gain / cost(winner)};
  cover(winner);
  return pick;
}

std::vector<CoveragePick> greedy_coverage(const CoverageTask& task, size_t count) {
  QUERIST_CHECK(task.weights.size() == task.targets.size());
  QUERIST_CHECK(task.costs.empty() || task.costs.size() == task.candidates.size());
  std::vector<CoveragePick> picks;
  if (task.candidates.empty()) return picks;
  if (auto balls = greedy_balls(task, count)) return *std::move(balls);
  CoverageSearch search(task, count);
  while (picks.size() < std::min(count, task.candidates.size())) picks.push_back(search.pick());
  return picks;
}

}  // namespace querist::kernels
