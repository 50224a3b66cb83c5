// A row's prediction is one sum in double precision over that row alone.
#include "learners/ridge/ridge_model.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/threads.h"

namespace querist::learners {

static constexpr std::string_view magic = "querist.ridge";
static constexpr uint32_t format_version = 1;
static constexpr size_t row_grain = 64;

// Eight sums side by side, so that the additions need not wait for each other.
template <class Value>
static double dot(const Value& value, const std::vector<double>& weights) {
  std::array<double, 8> sums{};
  const size_t whole = weights.size() / 8 * 8;
  for (size_t j = 0; j < whole; j += 8) {
    for (size_t k = 0; k < 8; ++k) sums[k] += static_cast<double>(value(j + k)) * weights[j + k];
  }
  for (size_t j = whole; j < weights.size(); ++j) {
    sums[j - whole] += static_cast<double>(value(j)) * weights[j];
  }
  double sum = 0;
  for (const double part : sums) sum += part;
  return sum;
}

static double sparse_dot(const CsrView& x, size_t row, const std::vector<double>& weights) {
  double sum = 0;
  for (int64_t at = x.offsets[row]; at < x.offsets[row + 1]; ++at) {
    sum += static_cast<double>(x.values[at]) * weights[static_cast<size_t>(x.columns[at])];
  }
  return sum;
}

void RidgeModel::predictions(const Features& x, std::vector<float>& out) const {
  if (x.cols != head_.features) {
    refuse("the model expects {} columns of features, not {}", head_.features, x.cols);
  }
  out.resize(x.rows);
  parallel_for(x.rows, row_grain, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      const size_t start = i * x.cols;
      double sum = 0;
      if (x.kind == Features::Kind::sparse) {
        sum = sparse_dot(x.sparse, i, head_.weights);
      } else if (x.kind == Features::Kind::half) {
        sum = dot([&](size_t j) { return half_to_float(x.half[start + j]); }, head_.weights);
      } else {
        sum = dot([&](size_t j) { return x.dense[start + j]; }, head_.weights);
      }
      out[i] = static_cast<float>(sum + head_.bias);
      if (!std::isfinite(out[i])) {
        refuse("row {} holds a NaN or a number too large to predict on", i);
      }
    }
  });
}

std::string RidgeModel::save() const {
  ByteWriter writer;
  writer.put(magic);
  writer.put(format_version);
  writer.put<uint64_t>(head_.features);
  writer.put(head_.alpha);
  writer.put(head_.bias);
  writer.put(head_.weights);
  return writer.take();
}

std::unique_ptr<Model> load_ridge_model(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.text() != magic) refuse("these bytes are no ridge model");
  if (const auto version = reader.number<uint32_t>(); version != format_version) {
    refuse("the model was stored in form {}, this program reads form {}", version, format_version);
  }
  RidgeHead head;
  head.features = reader.number<uint64_t>();
  head.alpha = reader.number<double>();
  head.bias = reader.number<double>();
  head.weights = reader.vector<double>();
  const bool is_whole = reader.at_end() && head.features > 0 &&
                        head.features <= limits::max_features &&
                        head.weights.size() == head.features && std::isfinite(head.alpha) &&
                        head.alpha > 0 && std::isfinite(head.bias) &&
                        std::all_of(head.weights.begin(), head.weights.end(),
                                    [](double v) { return std::isfinite(v); });
  if (!is_whole) refuse("the stored model is damaged");
  return std::make_unique<RidgeModel>(std::move(head));
}

}  // namespace querist::learners
