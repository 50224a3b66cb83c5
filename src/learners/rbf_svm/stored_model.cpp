// How a support vector machine is written, and what is checked before one is believed.
#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "base/limits.h"
#include "learners/rbf_svm/svm_model.h"

namespace querist::learners {

static constexpr std::string_view magic = "querist.rbf_svm";
static constexpr uint32_t format_version = 1;

std::string SvmModel::save() const {
  ByteWriter writer;
  writer.put(magic);
  writer.put(format_version);
  writer.put<uint64_t>(parts_.classes);
  writer.put<uint64_t>(parts_.features);
  writer.put(parts_.gamma);
  writer.put(parts_.trained_rows);
  writer.put<uint8_t>(parts_.fitted);
  writer.put<uint8_t>(parts_.is_sparse);
  writer.put(parts_.present);
  writer.put<uint64_t>(parts_.dense.rows);
  writer.put(parts_.is_sparse ? parts_.sparse.values : parts_.dense.values);
  writer.put(parts_.sparse.offsets);
  writer.put(parts_.sparse.columns);
  writer.put(parts_.starts);
  writer.put(parts_.rows);
  writer.put(parts_.betas);
  writer.put(parts_.biases);
  writer.put(parts_.slopes);
  writer.put(parts_.offsets);
  return writer.take();
}

template <class T>
static bool all_finite(const std::vector<T>& values) {
  return std::all_of(values.begin(), values.end(), [](T value) { return std::isfinite(value); });
}

static bool sound_sparse(const Csr& x) {
  if (x.offsets.empty() || x.offsets[0] != 0 || x.columns.size() != x.values.size()) return false;
  if (x.offsets.back() != static_cast<int64_t>(x.columns.size())) return false;
  for (size_t i = 0; i < x.rows(); ++i) {
    if (x.offsets[i + 1] < x.offsets[i] ||
        x.offsets[i + 1] > static_cast<int64_t>(x.columns.size())) {
      return false;
    }
    for (int64_t at = x.offsets[i]; at < x.offsets[i + 1]; ++at) {
      const int32_t column = x.columns[static_cast<size_t>(at)];
      if (column < 0 || static_cast<size_t>(column) >= x.cols) return false;
      if (at > x.offsets[i] && column <= x.columns[static_cast<size_t>(at) - 1]) return false;
    }
  }
  return true;
}

static bool sound_vectors(const SvmParts& parts) {
  if (!all_finite(parts.is_sparse ? parts.sparse.values : parts.dense.values)) return false;
  if (parts.is_sparse) return parts.dense.rows == 0 && sound_sparse(parts.sparse);
  return parts.sparse.offsets == std::vector<int64_t>{0} && parts.sparse.columns.empty() &&
         parts.dense.rows <= parts.dense.values.size() &&
         parts.dense.values.size() % parts.features == 0 &&
         parts.dense.rows == parts.dense.values.size() / parts.features;
}

static bool sound_pairs(const SvmParts& parts) {
  const size_t pairs = parts.pairs();
  if (parts.starts.size() != pairs + 1 || parts.biases.size() != pairs ||
      parts.slopes.size() != pairs || parts.offsets.size() != pairs) {
    return false;
  }
  if (parts.starts.front() != 0 || parts.starts.back() != parts.rows.size() ||
      !std::is_sorted(parts.starts.begin(), parts.starts.end())) {
    return false;
  }
  const size_t vectors = parts.is_sparse ? parts.sparse.rows() : parts.dense.rows;
  for (const uint32_t row : parts.rows) {
    if (row >= vectors) return false;
  }
  return parts.betas.size() == parts.rows.size() && all_finite(parts.betas) &&
         all_finite(parts.biases) && all_finite(parts.slopes) && all_finite(parts.offsets);
}

static bool sound(const SvmParts& parts) {
  if (parts.classes == 0 || parts.classes > limits::max_classes || parts.features == 0 ||
      parts.features > limits::max_features || parts.trained_rows == 0) {
    return false;
  }
  if (!std::isfinite(parts.gamma) || parts.gamma < 0) return false;
  if (parts.present.empty() || parts.present.size() > parts.classes) return false;
  for (size_t a = 0; a < parts.present.size(); ++a) {
    if (parts.present[a] < 0 || static_cast<size_t>(parts.present[a]) >= parts.classes)
      return false;
    if (a > 0 && parts.present[a] <= parts.present[a - 1]) return false;
  }
  return sound_vectors(parts) && sound_pairs(parts);
}

std::unique_ptr<Model> load_svm_model(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.text() != magic || reader.number<uint32_t>() != format_version)
    refuse("this is no stored support vector machine of a known format");
  SvmParts parts;
  parts.classes = reader.number<uint64_t>();
  parts.features = reader.number<uint64_t>();
  parts.gamma = reader.number<double>();
  parts.trained_rows = reader.number<uint64_t>();
  const auto fitted = reader.number<uint8_t>();
  const auto is_sparse = reader.number<uint8_t>();
  parts.fitted = fitted == 1;
  parts.is_sparse = is_sparse == 1;
  parts.present = reader.vector<int32_t>();
  parts.dense.rows = reader.number<uint64_t>();
  parts.dense.cols = parts.features;
  parts.sparse.cols = parts.features;
  (parts.is_sparse ? parts.sparse.values : parts.dense.values) = reader.vector<float>();
  parts.sparse.offsets = reader.vector<int64_t>();
  parts.sparse.columns = reader.vector<int32_t>();
  parts.starts = reader.vector<uint64_t>();
  parts.rows = reader.vector<uint32_t>();
  parts.betas = reader.vector<double>();
  parts.biases = reader.vector<double>();
  parts.slopes = reader.vector<double>();
  parts.offsets = reader.vector<double>();
  if (!reader.at_end() || fitted > 1 || is_sparse > 1 || !sound(parts))
    refuse("the stored support vector machine is damaged");
  return std::make_unique<SvmModel>(std::move(parts));
}

}  // namespace querist::learners
