// A row comes out the same, bit for bit, whether it was stored dense, as floats that half holds, or
// sparse.
#include "learners/neural_head/rows.h"

#include <algorithm>
#include <cmath>

#include "kernels/softmax_regression.h"

namespace querist::learners {

static constexpr size_t most_dense_columns = 1024;  // Of sparse rows.
static constexpr double half_step = 0x1p-24;        // Between the smallest float16 numbers.

void InputForm::number_columns() {
  place.assign(by_column ? features : 0, -1);
  for (size_t i = 0; i < columns.size(); ++i) {
    place[static_cast<size_t>(columns[i])] = static_cast<int32_t>(i);
  }
}

// One row as floats.
static void read_row(const Features& x, size_t row, std::span<float> out) {
  if (x.kind == Features::Kind::dense) {
    std::copy_n(x.dense + row * x.cols, x.cols, out.begin());
  } else if (x.kind == Features::Kind::half) {
    kernels::widen_halves(x.half + row * x.cols, x.cols, out.data());
  } else {
    std::ranges::fill(out, 0.0f);
    for (int64_t at = x.sparse.offsets[row]; at < x.sparse.offsets[row + 1]; ++at) {
      out[static_cast<size_t>(x.sparse.columns[at])] = x.sparse.values[at];
    }
  }
}

InputForm form_of(const Features& x) {
  InputForm form{.features = x.cols, .mean = {}, .scale = {}, .columns = {}};
  form.by_column = x.kind == Features::Kind::sparse && x.cols > most_dense_columns;
  if (form.by_column) {
    const CsrView& s = x.sparse;
    form.columns.assign(s.columns + s.offsets[0], s.columns + s.offsets[s.rows]);
    std::ranges::sort(form.columns);
    const auto rest = std::ranges::unique(form.columns);
    form.columns.erase(rest.begin(), rest.end());
    if (form.columns.empty()) form.columns.push_back(0);
    form.number_columns();
    return form;
  }
  // Welford's (1962) running mean and squares: no cancellation in one pass.
  std::vector<double> mean(x.cols), squares(x.cols);
  std::vector<float> row(x.cols);
  for (size_t i = 0; i < x.rows; ++i) {
    read_row(x, i, row);
    const double share = 1 / static_cast<double>(i + 1);
    for (size_t j = 0; j < x.cols; ++j) {
      const double gap = static_cast<double>(row[j]) - mean[j];
      mean[j] += gap * share;
      squares[j] += gap * (static_cast<double>(row[j]) - mean[j]);
    }
  }
  for (double& value : squares) value = std::sqrt(value / static_cast<double>(x.rows));
  const double widest = *std::ranges::max_element(squares);
  for (size_t j = 0; j < x.cols; ++j) {
    const double spread = squares[j];
    form.mean.push_back(static_cast<float>(mean[j]));
    // A spread that is rounding, or none, is left as it is: of the column's mean, or of halves,
    // whose steps are never below 6e-8. Blown up, such a column would undo the network by moves of
    // nothing.
    const bool is_rounding = spread < half_step && spread < 1e-6 * widest;
    const bool varies = spread > 1e-6 * std::abs(mean[j]) && spread > 1e-30 && !is_rounding;
    form.scale.push_back(varies ? static_cast<float>(1 / spread) : 1);
  }
  return form;
}

static void append_entry(const InputForm& form, size_t column, float value, Csr& out) {
  if (value == 0 || form.place[column] < 0) return;
  out.columns.push_back(form.place[column]);
  out.values.push_back(value);
}

static void append_row(const Features& x, size_t row, const InputForm& form, Csr& out) {
  if (x.kind == Features::Kind::sparse) {
    for (int64_t at = x.sparse.offsets[row]; at < x.sparse.offsets[row + 1]; ++at) {
      append_entry(form, static_cast<size_t>(x.sparse.columns[at]), x.sparse.values[at], out);
    }
  } else {
    for (size_t j = 0; j < x.cols; ++j) {
      const size_t at = row * x.cols + j;
      const bool is_half = x.kind == Features::Kind::half;
      append_entry(form, j, is_half ? half_to_float(x.half[at]) : x.dense[at], out);
    }
  }
  out.offsets.push_back(static_cast<int64_t>(out.columns.size()));
}

void read_rows(const Features& x, std::span<const int64_t> rows, const InputForm& form,
               Batch& batch) {
  if (form.by_column) {
    batch.sparse = Csr{.cols = form.columns.size()};
    for (const int64_t row : rows) append_row(x, static_cast<size_t>(row), form, batch.sparse);
    return;
  }
  batch.dense.rows = rows.size();
  batch.dense.cols = x.cols;
  batch.dense.values.resize(rows.size() * x.cols);
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto out = batch.dense.row(i);
    read_row(x, static_cast<size_t>(rows[i]), out);
    for (size_t j = 0; j < x.cols; ++j) out[j] = (out[j] - form.mean[j]) * form.scale[j];
  }
}

}  // namespace querist::learners
