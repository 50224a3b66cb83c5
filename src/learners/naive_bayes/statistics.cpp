// Sums by class and column; means and squares by Welford's recurrence (1962), weighted (West 1979).
#include "learners/naive_bayes/statistics.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/limits.h"
#include "base/threads.h"
#include "kernels/softmax_regression.h"
#include "learners/rows/entries.h"

namespace querist::learners {

static constexpr size_t interrupt_rows = 256;

bool has_negative(const Features& features) {
  bool negative = false;
  for (size_t i = 0; i < features.rows && !negative; ++i) {
    if (i % interrupt_rows == 0) check_interrupt();
    for_each_entry(features, i, [&](size_t, float value) { negative = negative || value < 0; });
  }
  return negative;
}

static void refuse_negative(const Features& features) {
  for (size_t i = 0; i < features.rows; ++i) {
    if (i % interrupt_rows == 0) check_interrupt();
    for_each_entry(features, i, [&](size_t column, float value) {
      if (value >= 0) return;
      refuse(
          "row {} has {} in column {}, but naive Bayes of counts needs features of at least 0: "
          "take variant gaussian (variant auto goes by the first rows it is given)",
          i, value, column);
    });
  }
}

// Makes room for every column that the rows bring.
static void add_columns(NaiveBayesStatistics& all, const Features& features,
                        std::vector<int32_t>& place) {
  place.assign(all.features, -1);
  for (const int32_t column : all.columns) place[static_cast<size_t>(column)] = 0;
  for (size_t i = 0; i < features.rows; ++i)
    for_each_entry(features, i, [&](size_t column, float) { place[column] = 0; });
  std::vector<int32_t> columns;
  for (size_t j = 0; j < all.features; ++j) {
    if (place[j] < 0) continue;
    place[j] = static_cast<int32_t>(columns.size());
    columns.push_back(static_cast<int32_t>(j));
  }
  std::vector<double> sums(columns.size() * all.classes);
  for (size_t c = 0; c < all.columns.size(); ++c) {
    const auto to = static_cast<size_t>(place[static_cast<size_t>(all.columns[c])]);
    std::copy_n(all.sums.data() + c * all.classes, all.classes, sums.data() + to * all.classes);
  }
  all.columns = std::move(columns);
  all.sums = std::move(sums);
}

// The earlier statistics in the shape of more classes.
static void add_classes(NaiveBayesStatistics& all, size_t classes) {
  if (classes <= all.classes) return;
  std::vector<double> sums(all.columns.size() * classes);
  for (size_t c = 0; c < all.columns.size(); ++c)
    std::copy_n(all.sums.data() + c * all.classes, all.classes, sums.data() + c * classes);
  all.sums = std::move(sums);
  if (all.variant == NaiveBayesVariant::gaussian) {
    for (std::vector<double>* values : {&all.means, &all.squares}) {
      const size_t known = values->empty() ? 0 : all.classes * all.features;
      std::vector<double> grown((classes + 1) * all.features);
      std::copy_n(values->begin(), known, grown.begin());
      if (!values->empty()) {
        std::copy_n(values->begin() + static_cast<std::ptrdiff_t>(known), all.features,
                    grown.begin() + static_cast<std::ptrdiff_t>(classes * all.features));
      }
      *values = std::move(grown);
    }
  }
  all.rows.resize(classes);
  all.weights.resize(classes);
  all.classes = classes;
}

static void add_counts(NaiveBayesStatistics& all, const Dataset& data) {
  std::vector<int32_t> place;
  add_columns(all, data.features, place);
  for (size_t i = 0; i < data.features.rows; ++i) {
    if (i % interrupt_rows == 0) check_interrupt();
    const auto cls = static_cast<size_t>(data.labels[i]);
    const double weight = data.weights.empty() ? 1 : data.weights[i];
    for_each_entry(data.features, i, [&](size_t column, float value) {
      all.sums[static_cast<size_t>(place[column]) * all.classes + cls] += weight * value;
    });
  }
}

// What one row adds to a mean: its weight, and that weight's share of the weight so far.
struct Step {
  double weight;
  double share;
};

static void take_step(const float* x, size_t count, Step step, double* mean, double* square) {
  for (size_t j = 0; j < count; ++j) {
    const double gap = static_cast<double>(x[j]) - mean[j];
    mean[j] += step.share * gap;
    square[j] += step.weight * gap * (static_cast<double>(x[j]) - mean[j]);
  }
}

// Columns [begin, end) of one row as floats.
static const float* widen(const Features& x, size_t row, size_t begin, size_t end,
                          std::vector<float>& buffer) {
  if (x.kind == Features::Kind::dense) return x.dense + row * x.cols + begin;
  buffer.resize(end - begin);
  if (x.kind == Features::Kind::half) {
    kernels::widen_halves(x.half + row * x.cols + begin, end - begin, buffer.data());
    return buffer.data();
  }
  std::fill(buffer.begin(), buffer.end(), 0.0f);
  const int32_t* first = x.sparse.columns + x.sparse.offsets[row];
  const int32_t* last = x.sparse.columns + x.sparse.offsets[row + 1];
  const int32_t* at = std::lower_bound(first, last, static_cast<int32_t>(begin));
  for (; at < last && static_cast<size_t>(*at) < end; ++at)
    buffer[static_cast<size_t>(*at) - begin] = x.sparse.values[at - x.sparse.columns];
  return buffer.data();
}

// before: rows and weights of each class without these rows.
static void add_moments(NaiveBayesStatistics& all, const Dataset& data,
                        const NaiveBayesStatistics& before) {
  const size_t rows = data.features.rows;
  double seen = 0;
  for (const double count : before.rows) seen += count;
  std::vector<double> weights = before.weights;
  weights.resize(all.classes);
  std::vector<Step> own(rows);
  for (size_t i = 0; i < rows; ++i) {
    const double weight = data.weights.empty() ? 1 : data.weights[i];
    double& sum = weights[static_cast<size_t>(data.labels[i])];
    sum += weight;
    own[i] = {weight, weight / sum};
  }
  const size_t cols = all.features;
  parallel_for(cols, 256, [&](size_t from, size_t to) {
    std::vector<float> buffer;
    for (size_t begin = from; begin < to; begin += 256) {  // So that means stay in cache.
      const size_t count = std::min(to - begin, size_t{256});
      for (size_t i = 0; i < rows; ++i) {
        const float* x = widen(data.features, i, begin, begin + count, buffer);
        const size_t at = static_cast<size_t>(data.labels[i]) * cols + begin;
        take_step(x, count, own[i], all.means.data() + at, all.squares.data() + at);
        const size_t whole = all.classes * cols + begin;
        take_step(x, count, {1, 1 / (seen + static_cast<double>(i + 1))}, all.means.data() + whole,
                  all.squares.data() + whole);
      }
      check_interrupt();
    }
  });
}

void add_rows(NaiveBayesStatistics& all, const Dataset& data) {
  QUERIST_CHECK(data.features.cols == all.features && data.labels.size() == data.features.rows);
  const bool gaussian = all.variant == NaiveBayesVariant::gaussian;
  if (!gaussian) refuse_negative(data.features);
  add_classes(all, data.classes);
  NaiveBayesStatistics before;
  before.rows = all.rows;
  before.weights = all.weights;
  for (size_t i = 0; i < data.labels.size(); ++i) {
    all.rows[static_cast<size_t>(data.labels[i])] += 1;
    all.weights[static_cast<size_t>(data.labels[i])] += data.weights.empty() ? 1 : data.weights[i];
  }
  if (gaussian) {
    add_moments(all, data, before);
  } else {
    add_counts(all, data);
  }
}

static bool all_sound(const std::vector<double>& values, double least) {
  return std::all_of(values.begin(), values.end(),
                     [&](double v) { return std::isfinite(v) && v >= least; });
}

bool consistent(const NaiveBayesStatistics& all) {
  if (all.classes == 0 || all.classes > limits::max_classes || all.features == 0 ||
      all.features > limits::max_features || all.rows.size() != all.classes ||
      all.weights.size() != all.classes || all.variant > NaiveBayesVariant::gaussian)
    return false;
  bool any = false;
  for (size_t c = 0; c < all.classes; ++c) {
    if ((all.rows[c] > 0) != (all.weights[c] > 0)) return false;
    any = any || all.rows[c] > 0;
  }
  const bool gaussian = all.variant == NaiveBayesVariant::gaussian;
  const size_t moments = gaussian ? (all.classes + 1) * all.features : 0;
  if (all.means.size() != moments || all.squares.size() != moments ||
      all.sums.size() != all.columns.size() * all.classes || (gaussian && !all.columns.empty()))
    return false;
  for (size_t c = 0; c < all.columns.size(); ++c) {
    const int32_t least = c == 0 ? 0 : all.columns[c - 1] + 1;
    if (all.columns[c] < least || static_cast<size_t>(all.columns[c]) >= all.features) return false;
  }
  return any && all_sound(all.rows, 0) && all_sound(all.weights, 0) && all_sound(all.sums, 0) &&
         all_sound(all.squares, 0) && all_sound(all.means, -INFINITY);
}

}  // namespace querist::learners
