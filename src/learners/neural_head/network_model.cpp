// Every row's answers depend on that row alone: products go through kernels that promise it.
#include "learners/neural_head/network_model.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/threads.h"
#include "kernels/softmax_regression.h"

namespace querist::learners {

static constexpr std::string_view magic = "querist.neural_head";
static constexpr uint32_t format_version = 1;
static constexpr size_t tile_rows = 64;

Loss NetworkParts::loss() const {
  return task == Task::regression    ? Loss::squared
         : task == Task::multi_label ? Loss::sigmoid
                                     : Loss::softmax;
}

NetworkModel::NetworkModel(NetworkParts parts) : parts_(std::move(parts)) {
  parts_.form.number_columns();
  const auto scale = static_cast<float>(1 / (1 - parts_.dropout));
  for (size_t m = 0; m < parts_.members; ++m) {
    Rng rng(mix_seed(parts_.mask_seed, m));
    masks_.emplace_back();
    for (size_t l = 0; l + 1 < parts_.network.layers.size(); ++l) {
      masks_[m].emplace_back(parts_.network.layers[l].bias.size());
      for (float& value : masks_[m][l]) value = rng.uniform() >= parts_.dropout ? scale : 0;
    }
  }
}

static void dense_layer(const Layer& layer, const Matrix& in, Matrix& out) {
  out.rows = in.rows;
  out.cols = layer.bias.size();
  out.values.resize(out.rows * out.cols);
  kernels::dense_scores(in.values.data(), in.rows, in.cols, layer.weights.values.data(),
                        layer.bias.data(), out.cols, out.values.data());
}

static void let_through(std::span<const float> mask, Matrix& units) {
  for (size_t i = 0; i < units.rows; ++i) {
    for (size_t k = 0; k < units.cols; ++k) {
      float& value = units.at(i, k);
      value = std::max(value, 0.0f) * (mask.empty() ? 1 : mask[k]);
    }
  }
}

void NetworkModel::spread_classes(std::span<const float> scores, std::span<float> out) const {
  if (parts_.task != Task::classification) {
    std::ranges::copy(scores, out.begin());
    return;
  }
  const size_t unseen = parts_.classes - parts_.present.size();
  const double share = unseen > 0 ? parts_.unseen_share : 0;
  if (unseen > 0) {
    std::ranges::fill(out, static_cast<float>(share / static_cast<double>(unseen)));
  }
  for (size_t k = 0; k < scores.size(); ++k) {
    out[static_cast<size_t>(parts_.present[k])] =
        static_cast<float>((1 - share) * static_cast<double>(scores[k]));
  }
}

void NetworkModel::answer_rows(const Features& x, size_t begin, size_t end, size_t count,
                               bool is_thinned, Matrix& out) const {
  const Network& network = parts_.network;
  std::vector<int64_t> rows(end - begin);
  std::iota(rows.begin(), rows.end(), static_cast<int64_t>(begin));
  Batch batch;
  read_rows(x, rows, parts_.form, batch);
  Matrix first(rows.size(), network.layers[0].bias.size());
  if (network.by_column) {
    kernels::sparse_scores(batch.sparse, 0, rows.size(), network.layers[0].weights.values.data(),
                           network.layers[0].bias.data(), first.cols, first.values.data());
  } else {
    dense_layer(network.layers[0], batch.dense, first);
  }
  Matrix units, scores;
  for (size_t m = 0; m < count; ++m) {
    units = first;
    for (size_t l = 0; l + 1 < network.layers.size(); ++l) {
      let_through(is_thinned ? masks_[m][l] : std::vector<float>(), units);
      dense_layer(network.layers[l + 1], units, scores);
      if (l + 2 < network.layers.size()) std::swap(units, scores);
    }
    for (size_t i = 0; i < rows.size(); ++i) {
      const auto row = scores.row(i);
      if (!std::ranges::all_of(row, [](float v) { return std::isfinite(v); })) {
        refuse("row {} holds a NaN or a number too large to predict on", begin + i);
      }
      if (!parts_.laplace.axes.empty()) parts_.laplace.soften(parts_.loss(), units.row(i), row);
      to_answers(parts_.loss(), row);
      if (parts_.task == Task::regression) {
        row[0] = static_cast<float>(parts_.mean + parts_.spread * static_cast<double>(row[0]));
      }
      spread_classes(row, out.row(m * x.rows + begin + i));
    }
  }
}

void NetworkModel::answers(const Features& x, size_t count, bool is_thinned, Matrix& out) const {
  if (x.cols != parts_.form.features) {
    refuse("the model expects {} columns of features, not {}", parts_.form.features, x.cols);
  }
  out.rows = count * x.rows;
  out.cols = parts_.task == Task::regression ? 1 : parts_.classes;
  out.values.resize(out.rows * out.cols);
  parallel_for(x.rows, tile_rows, [&](size_t begin, size_t end) {
    for (size_t from = begin; from < end; from += tile_rows) {
      answer_rows(x, from, std::min(end, from + tile_rows), count, is_thinned, out);
    }
  });
}

void NetworkModel::probabilities(const Features& x, Matrix& out) const {
  if (parts_.task == Task::regression) return Model::probabilities(x, out);
  answers(x, 1, false, out);
}

void NetworkModel::predictions(const Features& x, std::vector<float>& out) const {
  if (parts_.task != Task::regression) return Model::predictions(x, out);
  Matrix found;
  answers(x, 1, false, found);
  out = std::move(found.values);
}

void NetworkModel::member_probabilities(const Features& x, Matrix& out) const {
  if (parts_.task == Task::regression) return Model::member_probabilities(x, out);
  answers(x, parts_.members, true, out);
}

void NetworkModel::member_predictions(const Features& x, Matrix& out) const {
  if (parts_.task != Task::regression) return Model::member_predictions(x, out);
  answers(x, parts_.members, true, out);
  out.rows = parts_.members;
  out.cols = x.rows;
}

std::string NetworkModel::save() const {
  ByteWriter writer;
  writer.put(magic);
  writer.put(format_version);
  writer.put(static_cast<uint8_t>(parts_.task));
  writer.put<uint64_t>(parts_.classes);
  writer.put<uint64_t>(parts_.form.features);
  writer.put<uint8_t>(parts_.form.by_column);
  writer.put(parts_.form.mean);
  writer.put(parts_.form.scale);
  writer.put(parts_.form.columns);
  writer.put<uint64_t>(parts_.network.layers.size());
  for (const Layer& layer : parts_.network.layers) {
    writer.put(layer.weights.values);
    writer.put(layer.bias);
  }
  writer.put(parts_.present);
  for (const double value : {parts_.unseen_share, parts_.mean, parts_.spread, parts_.dropout}) {
    writer.put(value);
  }
  writer.put<uint64_t>(parts_.members);
  writer.put(parts_.mask_seed);
  writer.put(parts_.laplace.precision);
  writer.put(parts_.laplace.axes);
  writer.put(parts_.laplace.values);
  writer.put(parts_.laplace.output_axes);
  writer.put(parts_.laplace.output_values);
  return writer.take();
}

template <class T>
static bool all_within(const std::vector<T>& values, double low, double high) {
  return std::ranges::all_of(
      values, [&](T v) { return static_cast<double>(v) >= low && static_cast<double>(v) <= high; });
}

static constexpr double largest = 3e38;

static bool ascend_below(const std::vector<int32_t>& numbers, size_t bound) {
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] < (i == 0 ? 0 : numbers[i - 1] + 1)) return false;
    if (static_cast<size_t>(numbers[i]) >= bound) return false;
  }
  return true;
}

static bool is_sound(const InputForm& form) {
  if (form.features == 0 || form.features > limits::max_features) return false;
  if (form.by_column) {
    return form.mean.empty() && form.scale.empty() && !form.columns.empty() &&
           ascend_below(form.columns, form.features);
  }
  return form.columns.empty() && form.mean.size() == form.features &&
         form.scale.size() == form.features && all_within(form.mean, -largest, largest) &&
         all_within(form.scale, -largest, largest);
}

// Sets the shapes that follow from the numbers of values; false where none fit.
static bool shape_layers(const InputForm& form, Network& network) {
  size_t width = form.inputs();
  for (size_t l = 0; l < network.layers.size(); ++l) {
    Layer& layer = network.layers[l];
    const size_t next = layer.bias.size();
    if (next == 0 || layer.weights.values.size() != width * next) return false;
    if (!all_within(layer.weights.values, -largest, largest)) return false;
    if (!all_within(layer.bias, -largest, largest)) return false;
    const bool swapped = l == 0 && form.by_column;
    layer.weights.rows = swapped ? width : next;
    layer.weights.cols = swapped ? next : width;
    width = next;
  }
  return true;
}

static bool is_sound(const Laplace& laplace, const Layer& last) {
  if (laplace.axes.empty()) {
    return laplace.values.empty() && laplace.output_axes.empty() && laplace.output_values.empty();
  }
  const size_t width = last.weights.cols + 1, outputs = last.bias.size();
  const size_t joint = laplace.output_axes.size();
  return laplace.axes.size() == width * width && laplace.values.size() == width &&
         (joint == 0 || joint == outputs * outputs) && laplace.output_values.size() == outputs &&
         laplace.precision >= 1e-6 && laplace.precision <= 1e9 && all_within(laplace.axes, -2, 2) &&
         all_within(laplace.output_axes, -2, 2) && all_within(laplace.values, 0, 1e100) &&
         all_within(laplace.output_values, 0, 1e100);
}

static bool is_sound(NetworkParts& parts) {
  if (!is_sound(parts.form) || !shape_layers(parts.form, parts.network)) return false;
  const size_t outputs = parts.network.outputs();
  if (parts.task == Task::regression) {
    if (parts.classes != 0 || outputs != 1 || !parts.present.empty()) return false;
  } else {
    if (parts.classes == 0 || parts.classes > limits::max_classes) return false;
    const bool has_own = parts.task == Task::classification;
    if (outputs != (has_own ? parts.present.size() : parts.classes)) return false;
    if (!ascend_below(parts.present, has_own ? parts.classes : 0)) return false;
  }
  const std::vector<double> shares = {parts.unseen_share, parts.dropout};
  const std::vector<double> numbers = {parts.mean, parts.spread};
  return all_within(shares, 0, 0.99) && all_within(numbers, -largest, largest) &&
         parts.members <= 1000 && is_sound(parts.laplace, parts.network.layers.back());
}

std::unique_ptr<Model> load_network_model(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.text() != magic) refuse("these bytes are no neural head");
  if (const auto version = reader.number<uint32_t>(); version != format_version) {
    refuse("the model was stored in form {}, this program reads form {}", version, format_version);
  }
  NetworkParts parts;
  const auto task = reader.number<uint8_t>();
  parts.task = static_cast<Task>(task);
  parts.classes = reader.number<uint64_t>();
  parts.form.features = reader.number<uint64_t>();
  parts.form.by_column = parts.network.by_column = reader.number<uint8_t>() != 0;
  parts.form.mean = reader.vector<float>();
  parts.form.scale = reader.vector<float>();
  parts.form.columns = reader.vector<int32_t>();
  const auto layers = reader.number<uint64_t>();
  if (task < 1 || task > 3 || layers < 2 || layers > 16) refuse("the stored model is damaged");
  for (uint64_t l = 0; l < layers; ++l) {
    Layer layer;
    layer.weights.values = reader.vector<float>();
    layer.bias = reader.vector<float>();
    parts.network.layers.push_back(std::move(layer));
  }
  parts.present = reader.vector<int32_t>();
  for (double* value : {&parts.unseen_share, &parts.mean, &parts.spread, &parts.dropout}) {
    *value = reader.number<double>();
  }
  parts.members = reader.number<uint64_t>();
  parts.mask_seed = reader.number<uint64_t>();
  parts.laplace.precision = reader.number<double>();
  parts.laplace.axes = reader.vector<double>();
  parts.laplace.values = reader.vector<double>();
  parts.laplace.output_axes = reader.vector<double>();
  parts.laplace.output_values = reader.vector<double>();
  if (!reader.at_end() || !is_sound(parts)) refuse("the stored model is damaged");
  return std::make_unique<NetworkModel>(std::move(parts));
}

}  // namespace querist::learners
