// Shapes, ranges and numbers, each refusal naming the signal and the row.
#include "strategies/door/check_pool.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "kernels/finite.h"

namespace querist::strategies {

static constexpr double sum_tolerance = 1e-3;

static void check_rows(std::span<const int64_t> rows, size_t size, std::string_view what) {
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] < 0 || static_cast<size_t>(rows[i]) >= size) {
      refuse("{} names row {}, but the pool has {} rows", what, rows[i], size);
    }
    if (i > 0 && rows[i] <= rows[i - 1]) refuse("{} must be ascending without repeats", what);
  }
}

static void check_labels(const QueryStrategy& strategy, const Pool& pool) {
  if (!pool.labels.empty() && pool.labels.size() != pool.labeled.size()) {
    refuse("labels has {} entries but labeled has {}", pool.labels.size(), pool.labeled.size());
  }
  for (const int32_t label : pool.labels) {
    if (label < 0 || static_cast<size_t>(label) >= pool.classes) {
      refuse("labels holds class {}, but there are {} classes", label, pool.classes);
    }
  }
  if (!pool.targets.empty() && pool.targets.size() != pool.labeled.size()) {
    refuse("labels has {} numbers but labeled has {} rows", pool.targets.size(),
           pool.labeled.size());
  }
  for (const float target : pool.targets) {
    if (!std::isfinite(target)) refuse("labels hold a NaN or infinite number");
    if (std::abs(target) >= kernels::largest_moderate)
      refuse("labels hold a number beyond {:g}, too large to square", kernels::largest_moderate);
  }
  if (pool.label_matrix.rows &&
      (pool.label_matrix.rows != pool.labeled.size() || pool.label_matrix.cols != pool.classes)) {
    refuse("labels must be ({}, {}), not ({}, {})", pool.labeled.size(), pool.classes,
           pool.label_matrix.rows, pool.label_matrix.cols);
  }
  for (size_t i = 0; i < pool.label_matrix.rows * pool.label_matrix.cols; ++i) {
    const float value = pool.label_matrix.values[i];
    if (value != 0 && value != 1) refuse("labels of {} must be 0 or 1", strategy.name);
  }
}

static void check_shape(std::string_view what, size_t rows, size_t cols, size_t wanted_rows,
                        size_t wanted_cols) {
  if (rows != wanted_rows || cols != wanted_cols) {
    refuse("{} must be ({}, {}), not ({}, {})", what, wanted_rows, wanted_cols, rows, cols);
  }
}

static void check_shapes(const QueryStrategy& strategy, const Pool& pool) {
  const size_t n = pool.size;
  if (has(strategy.needs, Signal::embeddings) && pool.embeddings.rows != n)
    refuse("{} needs embeddings of all {} rows", strategy.name, n);
  if (pool.embeddings.rows && pool.embeddings.kind == Features::Kind::sparse)
    refuse("embeddings must be dense; reduce sparse features first, by a truncated SVD say");
  if (pool.probabilities.rows)
    check_shape("probabilities", pool.probabilities.rows, pool.probabilities.cols, n, pool.classes);
  const Members& members = pool.member_probabilities;
  if (members.members)
    check_shape("each member of member_probabilities", members.rows, members.cols, n, pool.classes);
  if (pool.member_predictions.rows && pool.member_predictions.cols != n)
    refuse("member_predictions must be (members, {}), not (members, {})", n,
           pool.member_predictions.cols);
  const auto one_a_row = [&](size_t entries, std::string_view what) {
    if (entries && entries != n) refuse("{} has {} entries for {} rows", what, entries, n);
  };
  one_a_row(pool.predictions.size(), "predictions");
  one_a_row(pool.costs.size(), "costs");
  one_a_row(pool.groups.size(), "groups");
}

// Refuses what is no number of its kind; collects rows that hold a NaN.
class NumberCheck {
 public:
  explicit NumberCheck(const Pool& pool) : pool_(pool) {}

  void probabilities(MatrixView values, bool sums_to_one, std::string_view what) {
    std::vector<kernels::RowFault> faults;
    if (kernels::probabilities_sound(values, sums_to_one, sum_tolerance, faults)) return;
    for (size_t i = 0; i < faults.size(); ++i) {
      if (faults[i] == kernels::RowFault::not_probabilities) {
        double sum = 0;
        for (const float p : values.row(i)) sum += p;
        refuse("row {} of {} must hold numbers from 0 to 1{} (within {}); its sum is {}", i, what,
               sums_to_one ? " that sum to 1" : "", sum_tolerance, sum);
      }
    }
    note(faults, what);
  }
  void numbers(const Features& values, std::string_view what) {
    if (!kernels::all_finite(values, kernels::largest_moderate))
      note(kernels::row_faults(values), what);
  }
  void column(std::span<const float> values, std::string_view what) {
    numbers(MatrixView(values.size(), 1, values.data()), what);
  }
  std::vector<int64_t> dropped() {
    std::sort(dropped_.begin(), dropped_.end());
    dropped_.erase(std::unique(dropped_.begin(), dropped_.end()), dropped_.end());
    for (const int64_t row : dropped_) {
      if (std::binary_search(pool_.labeled.begin(), pool_.labeled.end(), row))
        refuse("the labelled row {} holds a NaN", row);
    }
    return std::move(dropped_);
  }

 private:
  void note(const std::vector<kernels::RowFault>& faults, std::string_view what) {
    for (size_t i = 0; i < faults.size(); ++i) {
      if (faults[i] == kernels::RowFault::infinite)
        refuse("row {} of {} holds an infinite number", i, what);
      if (faults[i] == kernels::RowFault::too_large) {
        refuse("row {} of {} holds a number beyond {:g}, too large to square: scale them", i, what,
               kernels::largest_moderate);
      }
      if (faults[i] == kernels::RowFault::nan) dropped_.push_back(static_cast<int64_t>(i));
    }
  }

  const Pool& pool_;
  std::vector<int64_t> dropped_;
};

static std::vector<int64_t> check_numbers(const QueryStrategy& strategy, const Pool& pool) {
  const Signal read = strategy.needs | strategy.reads;
  const bool sums_to_one = strategy.task != Task::multi_label;
  NumberCheck check(pool);
  if (has(read, Signal::embeddings)) check.numbers(pool.embeddings, "embeddings");
  if (has(read, Signal::probabilities))
    check.probabilities(pool.probabilities, sums_to_one, "probabilities");
  if (has(read, Signal::member_probabilities)) {
    for (size_t m = 0; m < pool.member_probabilities.members; ++m) {
      check.probabilities(pool.member_probabilities.member(m), sums_to_one, "member_probabilities");
    }
  }
  if (has(read, Signal::predictions)) check.column(pool.predictions, "predictions");
  if (has(read, Signal::member_predictions)) {
    for (size_t m = 0; m < pool.member_predictions.rows; ++m)
      check.column(pool.member_predictions.row(m), "member_predictions");
  }
  check.column(pool.costs, "costs");
  for (size_t i = 0; i < pool.costs.size(); ++i) {
    if (pool.costs[i] <= 0) refuse("costs must be positive; row {} has {}", i, pool.costs[i]);
  }
  return check.dropped();
}

std::vector<int64_t> check_pool(const QueryStrategy& strategy, const Pool& pool) {
  check_rows(pool.candidates, pool.size, "candidates");
  check_rows(pool.labeled, pool.size, "labeled");
  for (const int64_t row : pool.labeled) {
    if (std::binary_search(pool.candidates.begin(), pool.candidates.end(), row)) {
      refuse("row {} is both labeled and a candidate", row);
    }
  }
  check_labels(strategy, pool);
  check_shapes(strategy, pool);
  if (pool.checked) return {};
  return check_numbers(strategy, pool);
}

}  // namespace querist::strategies
