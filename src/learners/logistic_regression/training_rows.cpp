// Columns that never occur have weight zero at the optimum, so leaving them out changes nothing but
// the cost.
#include "learners/logistic_regression/training_rows.h"

#include <algorithm>

#include "kernels/softmax_regression.h"

namespace querist::learners {

static void renumber_classes(std::span<const int32_t> labels, TrainingRows& out) {
  out.present.assign(labels.begin(), labels.end());
  std::sort(out.present.begin(), out.present.end());
  out.present.erase(std::unique(out.present.begin(), out.present.end()), out.present.end());
  out.problem.labels.resize(labels.size());
  for (size_t i = 0; i < labels.size(); ++i) {
    const auto at = std::lower_bound(out.present.begin(), out.present.end(), labels[i]);
    out.problem.labels[i] = static_cast<int32_t>(at - out.present.begin());
  }
  out.problem.classes = out.present.size();
}

static Csr keep_present_columns(const CsrView& matrix, std::vector<int32_t>& columns) {
  std::vector<int32_t> place(matrix.cols, -1);
  const auto begin = static_cast<size_t>(matrix.offsets[0]);
  const auto end = static_cast<size_t>(matrix.offsets[matrix.rows]);
  for (size_t at = begin; at < end; ++at) place[static_cast<size_t>(matrix.columns[at])] = 0;
  for (size_t j = 0; j < matrix.cols; ++j) {
    if (place[j] < 0) continue;
    place[j] = static_cast<int32_t>(columns.size());
    columns.push_back(static_cast<int32_t>(j));
  }
  Csr out;
  out.cols = columns.size();
  out.offsets.resize(matrix.rows + 1);
  for (size_t i = 0; i <= matrix.rows; ++i) out.offsets[i] = matrix.offsets[i] - matrix.offsets[0];
  out.values.assign(matrix.values + begin, matrix.values + end);
  out.columns.resize(end - begin);
  for (size_t at = begin; at < end; ++at) {
    out.columns[at - begin] = place[static_cast<size_t>(matrix.columns[at])];
  }
  return out;
}

TrainingRows prepare(const Dataset& data, bool balanced) {
  TrainingRows out;
  const size_t rows = data.features.rows;
  renumber_classes(data.labels, out);
  if (data.features.kind == Features::Kind::sparse) {
    out.owned.is_sparse = true;
    out.owned.sparse = keep_present_columns(data.features.sparse, out.columns);
    out.problem.features = out.owned.view();
  } else if (data.features.kind == Features::Kind::half) {
    out.owned.dense = Matrix(rows, data.features.cols);
    kernels::widen_halves(data.features.half, rows * data.features.cols,
                          out.owned.dense.values.data());
    out.problem.features = out.owned.view();
  } else {
    out.problem.features = data.features;
  }
  out.problem.weights.assign(rows, 1);
  for (size_t i = 0; i < data.weights.size(); ++i) out.problem.weights[i] = data.weights[i];
  if (balanced) {
    std::vector<double> counts(out.problem.classes);
    for (const int32_t label : out.problem.labels) ++counts[static_cast<size_t>(label)];
    for (size_t i = 0; i < rows; ++i) {
      const double count = counts[static_cast<size_t>(out.problem.labels[i])];
      out.problem.weights[i] *=
          static_cast<double>(rows) / (static_cast<double>(counts.size()) * count);
    }
  }
  return out;
}

TrainingRows choose_rows(const Problem& problem, std::span<const int64_t> rows) {
  TrainingRows out;
  std::vector<int32_t> labels;
  for (const int64_t row : rows) {
    labels.push_back(problem.labels[static_cast<size_t>(row)]);
    out.problem.weights.push_back(problem.weights[static_cast<size_t>(row)]);
  }
  renumber_classes(labels, out);
  out.owned = take_rows(problem.features, rows);
  out.problem.features = out.owned.view();
  return out;
}

}  // namespace querist::learners
