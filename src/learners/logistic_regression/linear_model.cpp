// Scores by row blocks over all threads; every row's result depends on that row alone.
#include "learners/logistic_regression/linear_model.h"

#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/threads.h"
#include "kernels/linear_probabilities.h"
#include "kernels/softmax_regression.h"

namespace querist::learners {

static constexpr std::string_view magic = "querist.linear_softmax";
static constexpr uint32_t format_version = 1;
static constexpr size_t tile_rows = 64;

LinearModel::LinearModel(LinearHead head) : head_(std::move(head)) {
  if (!head_.by_column) return;
  place_.assign(head_.features, -1);
  for (size_t i = 0; i < head_.columns.size(); ++i) {
    place_[static_cast<size_t>(head_.columns[i])] = static_cast<int32_t>(i);
  }
}

MatrixView LinearModel::linear_weights() const {
  if (head_.by_column || head_.one_vs_rest) return {};
  return {head_.classes, head_.features, head_.weights.data()};
}

float LinearModel::weight(size_t cls, int32_t column) const {
  const auto at = static_cast<size_t>(column);
  if (!head_.by_column) return head_.weights[cls * head_.features + at];
  return place_[at] < 0 ? 0 : head_.weights[static_cast<size_t>(place_[at]) * head_.classes + cls];
}

void LinearModel::score_dense(const float* x, size_t rows, float* scores) const {
  const size_t classes = head_.classes;
  if (!head_.by_column) {
    kernels::dense_scores(x, rows, head_.features, head_.weights.data(), head_.bias.data(), classes,
                          scores);
    return;
  }
  for (size_t i = 0; i < rows; ++i) {
    std::copy(head_.bias.begin(), head_.bias.end(), scores + i * classes);
    for (size_t c = 0; c < head_.columns.size(); ++c) {
      const float value = x[i * head_.features + static_cast<size_t>(head_.columns[c])];
      for (size_t k = 0; k < classes; ++k) {
        scores[i * classes + k] += value * head_.weights[c * classes + k];
      }
    }
  }
}

void LinearModel::score_sparse_row(const CsrView& x, size_t row, float* scores) const {
  const size_t classes = head_.classes;
  std::copy(head_.bias.begin(), head_.bias.end(), scores);
  for (int64_t at = x.offsets[row]; at < x.offsets[row + 1]; ++at) {
    const auto column = static_cast<size_t>(x.columns[at]);
    if (!head_.by_column) {
      for (size_t k = 0; k < classes; ++k) {
        scores[k] += x.values[at] * head_.weights[k * head_.features + column];
      }
    } else if (place_[column] >= 0) {
      const float* weights = head_.weights.data() + static_cast<size_t>(place_[column]) * classes;
      for (size_t k = 0; k < classes; ++k) scores[k] += x.values[at] * weights[k];
    }
  }
}

void LinearModel::score_rows(const Features& features, size_t begin, size_t end,
                             float* scores) const {
  const size_t count = end - begin;
  if (features.kind == Features::Kind::dense) {
    score_dense(features.dense + begin * features.cols, count, scores);
  } else if (features.kind == Features::Kind::half) {
    std::vector<float> wide(count * features.cols);
    kernels::widen_halves(features.half + begin * features.cols, wide.size(), wide.data());
    score_dense(wide.data(), count, scores);
  } else {
    for (size_t i = 0; i < count; ++i) {
      score_sparse_row(features.sparse, begin + i, scores + i * head_.classes);
    }
  }
}

[[noreturn]] static void refuse_row(size_t row) {
  refuse("row {} holds a NaN or a number too large to predict on", row);
}

static void softmax_in_place(std::span<float> scores, size_t row) {
  const float top = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (float& score : scores) {
    score = std::exp(score - top);
    sum += static_cast<double>(score);
  }
  if (!std::isfinite(sum)) refuse_row(row);
  for (float& score : scores) score = static_cast<float>(static_cast<double>(score) / sum);
}

static void sigmoid_in_place(std::span<float> scores, size_t row) {
  for (float& score : scores) {
    if (!std::isfinite(score)) refuse_row(row);
    score = static_cast<float>(1 / (1 + std::exp(-static_cast<double>(score))));
  }
}

void LinearModel::probabilities(const Features& features, Matrix& out) const {
  if (features.cols != head_.features) {
    refuse("the model expects {} columns of features, not {}", head_.features, features.cols);
  }
  out.rows = features.rows;
  out.cols = head_.classes;
  out.values.resize(out.rows * out.cols);
  if (features.kind != Features::Kind::sparse && !head_.by_column && !head_.one_vs_rest) {
    if (kernels::linear_probabilities(features, linear_weights(), head_.bias, out.values)) return;
    size_t row = 0;
    while (std::isfinite(out.at(row, 0))) ++row;
    refuse_row(row);
  }
  parallel_for(features.rows, tile_rows, [&](size_t begin, size_t end) {
    for (size_t from = begin; from < end; from += tile_rows) {
      const size_t to = std::min(end, from + tile_rows);
      score_rows(features, from, to, out.values.data() + from * out.cols);
      for (size_t i = from; i < to; ++i) {
        (head_.one_vs_rest ? sigmoid_in_place : softmax_in_place)(out.row(i), i);
      }
    }
  });
}

std::string LinearModel::save() const {
  ByteWriter writer;
  writer.put(magic);
  writer.put(format_version);
  writer.put<uint64_t>(head_.classes);
  writer.put<uint64_t>(head_.features);
  writer.put(head_.strength);
  writer.put(static_cast<uint8_t>(head_.by_column + 2 * head_.one_vs_rest));
  writer.put(head_.columns);
  writer.put(head_.weights);
  writer.put(head_.bias);
  return writer.take();
}

static bool all_finite(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

static bool consistent(const LinearHead& head) {
  const size_t columns = head.by_column ? head.columns.size() : head.features;
  if (head.weights.size() != columns * head.classes || head.bias.size() != head.classes)
    return false;
  if (!head.by_column && !head.columns.empty()) return false;
  for (size_t i = 0; i < head.columns.size(); ++i) {
    if (head.columns[i] < 0 || static_cast<size_t>(head.columns[i]) >= head.features) return false;
    if (i > 0 && head.columns[i] <= head.columns[i - 1]) return false;
  }
  return all_finite(head.weights) && all_finite(head.bias) && std::isfinite(head.strength) &&
         head.strength > 0;
}

std::unique_ptr<Model> load_linear_model(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.text() != magic) refuse("these bytes are no linear softmax model");
  if (const auto version = reader.number<uint32_t>(); version != format_version) {
    refuse("the model was stored in form {}, this program reads form {}", version, format_version);
  }
  LinearHead head;
  head.classes = reader.number<uint64_t>();
  head.features = reader.number<uint64_t>();
  head.strength = reader.number<double>();
  const auto flags = reader.number<uint8_t>();
  head.by_column = (flags & 1) != 0;
  head.one_vs_rest = (flags & 2) != 0;
  if (head.classes == 0 || head.classes > limits::max_classes || head.features == 0 ||
      head.features > limits::max_features) {
    refuse("the stored model is damaged");
  }
  head.columns = reader.vector<int32_t>();
  head.weights = reader.vector<float>();
  head.bias = reader.vector<float>();
  if (!reader.at_end() || !consistent(head)) refuse("the stored model is damaged");
  return std::make_unique<LinearModel>(std::move(head));
}

}  // namespace querist::learners
