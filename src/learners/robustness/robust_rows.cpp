// Margins over dual norms for linear heads, projected gradients for neural ones.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "learners/logistic_regression/linear_model.h"
#include "learners/neural_head/adversary.h"
#include "learners/neural_head/network_model.h"
#include "learners/robustness.h"

namespace querist::learners {

static constexpr size_t block_rows = 256;

// How far a unit ball moves the difference of two classes' scores.
static double reach(const LinearModel& model, size_t a, size_t b, Norm norm) {
  const LinearHead& head = model.head();
  const size_t columns = head.by_column ? head.columns.size() : head.features;
  double sum = 0;
  for (size_t j = 0; j < columns; ++j) {
    const auto column = head.by_column ? head.columns[j] : static_cast<int32_t>(j);
    const double gap =
        static_cast<double>(model.weight(a, column)) - static_cast<double>(model.weight(b, column));
    sum += norm == Norm::l2 ? gap * gap : std::abs(gap);
  }
  return norm == Norm::l2 ? std::sqrt(sum) : sum;
}

static double score(const LinearModel& model, const OwnedFeatures& row, size_t cls) {
  double sum = static_cast<double>(model.head().bias[cls]);
  const auto add = [&](int32_t column, float value) {
    sum += static_cast<double>(model.weight(cls, column)) * static_cast<double>(value);
  };
  if (row.is_sparse) {
    for (size_t at = 0; at < row.sparse.columns.size(); ++at)
      add(row.sparse.columns[at], row.sparse.values[at]);
  } else {
    for (size_t j = 0; j < row.dense.cols; ++j) add(static_cast<int32_t>(j), row.dense.at(0, j));
  }
  return sum;
}

static std::vector<uint8_t> linear_rows(const LinearModel& model, const Features& x,
                                        std::span<const int32_t> labels, const Ball& ball) {
  const size_t classes = model.classes();
  std::vector<std::vector<double>> reaches(classes);  // Of a label, once a row has it.
  std::vector<uint8_t> holds;
  for (size_t i = 0; i < x.rows; ++i) {
    const std::vector<int64_t> one = {static_cast<int64_t>(i)};
    const OwnedFeatures row = take_rows(x, one);
    const auto label = static_cast<size_t>(labels[i]);
    if (reaches[label].empty()) {
      for (size_t k = 0; k < classes; ++k)
        reaches[label].push_back(reach(model, label, k, ball.norm));
    }
    const double own = score(model, row, label);
    bool is_held = true;
    for (size_t k = 0; k < classes; ++k) {
      const double margin = own - score(model, row, k) - ball.radius * reaches[label][k];
      is_held = is_held && (k == label || margin > 0 || (margin == 0 && label < k));
    }
    holds.push_back(is_held);
  }
  return holds;
}

// Lets the best other class's score grow against the label's; marks the rows where it has won. The
// gradient of the margin, unlike the loss's, does not vanish where the model is sure.
static void against_labels(const Matrix& scores, std::span<const size_t> outputs,
                           std::span<uint8_t> holds, Matrix& slopes) {
  slopes.rows = scores.rows;
  slopes.cols = scores.cols;
  slopes.values.assign(scores.rows * scores.cols, 0);
  for (size_t i = 0; i < scores.rows; ++i) {
    const auto row = scores.row(i);
    const size_t own = outputs[i];
    if (own >= row.size()) {  // A class that the model has never seen.
      holds[i] = 0;
      continue;
    }
    if (row.size() == 1) continue;
    size_t other = own == 0 ? 1 : 0;
    for (size_t k = 0; k < row.size(); ++k)
      if (k != own && row[k] > row[other]) other = k;
    if (row[other] > row[own] || (row[other] == row[own] && other < own)) holds[i] = 0;
    slopes.at(i, other) = 1;
    slopes.at(i, own) = -1;
  }
}

static std::vector<uint8_t> network_rows(const NetworkParts& parts, const Features& x,
                                         std::span<const int32_t> labels, const Ball& ball) {
  std::vector<uint8_t> holds(x.rows, 1);
  for (size_t begin = 0; begin < x.rows; begin += block_rows) {
    const size_t end = std::min(x.rows, begin + block_rows);
    std::vector<int64_t> rows;
    std::vector<size_t> outputs;
    for (size_t i = begin; i < end; ++i) {
      rows.push_back(static_cast<int64_t>(i));
      const auto at = std::ranges::lower_bound(parts.present, labels[i]);
      const bool is_known = at != parts.present.end() && *at == labels[i];
      outputs.push_back(is_known ? static_cast<size_t>(at - parts.present.begin()) : SIZE_MAX);
    }
    Batch batch;
    read_rows(x, rows, parts.form, batch);
    batch.targets = Matrix(rows.size(), parts.network.outputs());
    const auto held = std::span(holds).subspan(begin, rows.size());
    const Ascent ascent = [&](const Matrix& scores, Matrix& slopes) {
      against_labels(scores, outputs, held, slopes);
    };
    worsen(parts.network, parts.form, ball, ascent, batch);
    Tape tape;
    Matrix slopes;
    Rng rng(0);  // Nothing is dropped.
    forward(parts.network, batch, 0, rng, tape);
    ascent(tape.outputs.back(), slopes);  // What the last step came to.
  }
  return holds;
}

std::optional<std::vector<uint8_t>> robust_rows(const Model& model, const Features& x,
                                                std::span<const int32_t> labels, const Ball& ball) {
  QUERIST_CHECK(labels.size() == x.rows);
  if (x.cols != model.features())
    refuse("the model expects {} columns of features, not {}", model.features(), x.cols);
  for (const int32_t label : labels) {
    if (label < 0 || static_cast<size_t>(label) >= model.classes())
      refuse("labels holds class {}, but there are {} classes", label, model.classes());
  }
  if (!(ball.radius >= 0) || !std::isfinite(ball.radius) || ball.steps == 0)
    refuse("the radius must be 0 or more and the steps 1 or more");
  if (model.task() != Task::classification) return std::nullopt;
  if (const auto* linear = dynamic_cast<const LinearModel*>(&model))
    return linear_rows(*linear, x, labels, ball);
  if (const auto* network = dynamic_cast<const NetworkModel*>(&model))
    return network_rows(network->parts(), x, labels, ball);
  return std::nullopt;
}

}  // namespace querist::learners
