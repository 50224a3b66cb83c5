// DIRECT: one threshold a class on a one-dimensional order, for rare classes and noisy labels
// (Nuggehalli, Zhang, Jain and Nowak 2023).
//
// The rule, for a batch whose labels come together. Classes are visited rarest first (fewest
// labels; ties: the lower class), and the batch is split evenly over them, the rarest getting what
// is left over. For class c:
// 1. Candidates and labelled rows lie in one order: the rows predicted to be of class c by p_c,
//    then the others by p_c - max p, both falling (ties: the lower row); positions count candidates
//    only. A cut calls everything above it class c; its risk is the labelled rows that it gets
//    wrong.
// 2. The version space is the positions from the first to the last cut of least risk.
// 3. The first half of the class's share (rounded up, at most as many as the version space holds)
//    goes to the places that divide the version space evenly: its middle for one pick, so that
//    batches of one bisect. The wanted place t picks the candidate at position i of largest
//    1 / (1 + |i - t|).
// 4. The rest alternates between the two sides of the middle cut of the version space, above first:
//    1 for a candidate of the side whose turn it is, plus 1 / (1 + candidates between it and the
//    cut).
// Utilities are per cost where costs are given; rows already picked are passed over; ties go to the
// lower row.
//
// The authors' code asks an oracle within the batch, as nobody can here. Its version space reaches
// from the first label on the wrong side to the last and shrinks by comparing the risks of its ends
// between labels; it draws rows from it at random, and goes outwards from the first cut of least
// risk with the new labels known, passing a side's turn at a labelled row. Where the version space
// is empty both pick the same (peers_golden_test.cpp).
#include <algorithm>
#include <limits>
#include <numeric>

#include "base/interrupt.h"
#include "base/threads.h"
#include "strategies/prices.h"
#include "strategies/strategy.h"

namespace querist::strategies {

struct VersionSpace {
  size_t begin = 0, end = 0;  // Positions of candidates between the first and last best cut.
};

struct Scored {
  float score;
  int64_t row;
  bool comes_before(const Scored& other) const {
    return score != other.score ? score > other.score : row < other.row;
  }
};

// One class's order of the candidates.
class ClassOrder {
 public:
  ClassOrder(const Pool& pool, size_t wanted) : pool_(pool), class_(wanted) {
    order_.resize(pool.candidates.size());
    parallel_for(order_.size(), 8192, [&](size_t begin, size_t end) {
      for (size_t i = begin; i < end; ++i) order_[i] = scored(pool.candidates[i]);
    });
    std::sort(order_.begin(), order_.end(), before);
  }

  size_t size() const { return order_.size(); }
  int64_t row(size_t position) const { return order_[position].row; }

  VersionSpace version_space() const {
    std::vector<std::pair<Scored, bool>> labeled;
    int64_t risk = 0;  // Of the cut above everything.
    for (size_t i = 0; i < pool_.labels.size(); ++i) {
      const bool positive = static_cast<size_t>(pool_.labels[i]) == class_;
      labeled.emplace_back(scored(pool_.labeled[i]), positive);
      risk += positive;
    }
    std::sort(labeled.begin(), labeled.end(),
              [](const auto& a, const auto& b) { return a.first.comes_before(b.first); });
    int64_t least = risk;
    size_t first = 0, last = 0;  // How many labelled rows lie above the best cuts.
    for (size_t above = 1; above <= labeled.size(); ++above) {
      risk += labeled[above - 1].second ? -1 : 1;
      if (risk < least) first = above;
      if (risk <= least) last = above;
      least = std::min(least, risk);
    }
    return {first == 0 ? 0 : position_of(labeled[first - 1].first),
            last == labeled.size() ? size() : position_of(labeled[last].first)};
  }

 private:
  static bool before(const Scored& a, const Scored& b) { return a.comes_before(b); }
  size_t position_of(const Scored& labeled) const {
    return static_cast<size_t>(std::lower_bound(order_.begin(), order_.end(), labeled, before) -
                               order_.begin());
  }
  Scored scored(int64_t row) const {
    const auto p = pool_.probabilities.row(static_cast<size_t>(row));
    const float most = *std::max_element(p.begin(), p.end());
    // As the authors' p_c - max p + 1e-8 max p: confidence parts the rows predicted to be of class
    // c.
    return {p[class_] == most ? most : p[class_] - most, row};
  }

  const Pool& pool_;
  size_t class_;
  std::vector<Scored> order_;
};

// Picks one at a time, walking outwards from a cut until nothing farther can be worth more.
class Picker {
 public:
  Picker(const Pool& pool, Selection& selection)
      : pool_(pool), selection_(selection), taken_(pool.size, 0) {
    for (const int64_t row : pool.candidates) least_cost_ = std::min(least_cost_, price(pool, row));
  }

  void pick_at(const ClassOrder& order, size_t place) { pick(order, place, 1, 0, 0); }
  void pick_beside(const ClassOrder& order, size_t cut, bool above) {
    pick(order, cut, 0, above ? 1 : 0, above ? 0 : 1);
  }

 private:
  // The candidate at cut - 1 is `gap` away, the one at cut is 0 away.
  void pick(const ClassOrder& order, size_t cut, size_t gap, double above_bonus,
            double below_bonus) {
    best_row_ = -1;
    best_ = -1;
    for (size_t step = 0;; ++step) {
      const bool has_above = step >= gap ? step - gap < cut : cut > 0;
      const bool has_below = cut + step < order.size();
      if (!has_above && !has_below) break;
      const double bonus = std::max(has_above ? above_bonus : 0.0, has_below ? below_bonus : 0.0);
      if (best_row_ >= 0 && best_ > (bonus + near(step)) / least_cost_) break;
      if (has_above && step >= gap)
        offer(order.row(cut - 1 - (step - gap)), above_bonus + near(step));
      if (has_below) offer(order.row(cut + step), below_bonus + near(step));
    }
    taken_[static_cast<size_t>(best_row_)] = 1;
    selection_.rows.push_back(best_row_);
    selection_.utilities.push_back(best_);
  }

  static double near(size_t distance) { return 1 / (1 + static_cast<double>(distance)); }

  void offer(int64_t row, double utility) {
    if (taken_[static_cast<size_t>(row)]) return;
    const double value = utility / price(pool_, row);
    if (value < best_ || (value == best_ && row > best_row_)) return;
    best_ = value;
    best_row_ = row;
  }

  const Pool& pool_;
  Selection& selection_;
  std::vector<char> taken_;
  double least_cost_ = std::numeric_limits<double>::infinity();
  double best_ = -1;
  int64_t best_row_ = -1;
};

static std::vector<size_t> rarest_first(const Pool& pool) {
  std::vector<size_t> counts(pool.classes, 0);
  for (const int32_t label : pool.labels) ++counts[static_cast<size_t>(label)];
  std::vector<size_t> classes(pool.classes);
  std::iota(classes.begin(), classes.end(), 0);
  std::stable_sort(classes.begin(), classes.end(),
                   [&](size_t a, size_t b) { return counts[a] < counts[b]; });
  return classes;
}

static Selection select(const Pool& pool, size_t batch_size, const Params&, Rng&) {
  Selection selection;
  Picker picker(pool, selection);
  const std::vector<size_t> classes = rarest_first(pool);
  for (size_t rank = 0; rank < classes.size(); ++rank) {
    const size_t share = batch_size / classes.size() + (rank < batch_size % classes.size() ? 1 : 0);
    if (share == 0) break;
    check_interrupt();
    const ClassOrder order(pool, classes[rank]);
    const auto [begin, end] = order.version_space();
    const size_t inside = end - begin;
    const size_t shrinking = std::min((share + 1) / 2, inside);
    for (size_t j = 1; j <= shrinking; ++j)
      picker.pick_at(order, begin + inside * j / (shrinking + 1));
    for (size_t j = shrinking; j < share; ++j)
      picker.pick_beside(order, begin + inside / 2, (j - shrinking) % 2 == 0);
  }
  return selection;
}

QueryStrategy direct() {
  return {
      .name = "direct",
      .summary = "Bisects each class's threshold, rarest class first, then labels around it.",
      .needs = Signal::probabilities | Signal::labels,
      .select = select,
      .source = "Nuggehalli, Zhang, Jain and Nowak 2023",
      .task = Task::classification,
      .family = "rare_classes",
  };
}

}  // namespace querist::strategies
