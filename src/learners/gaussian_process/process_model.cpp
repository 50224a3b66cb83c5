// Exact inference by one Cholesky factorisation (Rasmussen and Williams 2006, algorithm 2.1); what
// is stored is the data and the kernel, and loading factorises again.
#include "learners/gaussian_process/process_model.h"

#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/threads.h"
#include "kernels/cholesky.h"

namespace querist::learners {

static constexpr std::string_view magic = "querist.gaussian_process";
static constexpr uint32_t format_version = 1;
static constexpr size_t block = 16;  // Rows whose variances are solved for together.
static constexpr size_t most_rows = 10'000;

NormalTargets::NormalTargets(std::span<const float> targets) {
  const auto count = static_cast<double>(targets.size());
  for (const float target : targets) mean += static_cast<double>(target) / count;
  double square = 0;
  for (const float target : targets) {
    const double gap = static_cast<double>(target) - mean;
    square += gap * gap / count;
  }
  const auto [low, high] = std::minmax_element(targets.begin(), targets.end());
  const bool is_flat = *low == *high;  // Rounding of the mean is no spread.
  if (is_flat) mean = static_cast<double>(*low);
  if (!is_flat) spread = std::sqrt(square);
  for (const float target : targets) {
    values.push_back((static_cast<double>(target) - mean) / spread);
  }
}

ProcessModel::ProcessModel(ProcessParts parts)
    : inputs_(std::move(parts.rows)),
      targets_(std::move(parts.targets)),
      weights_(std::move(parts.weights)),
      kernel_(parts.kernel),
      members_(parts.members),
      normal_(targets_) {
  const size_t n = inputs_.size();
  factor_.resize(n * n);
  parallel_for(n, block, [&](size_t begin, size_t end) {
    std::vector<double> rows((end - begin) * inputs_.stride());
    inputs_.kernel(inputs_.rows().view(), begin, end, kernel_.gamma(), rows.data());
    for (size_t i = begin; i < end; ++i) {
      std::copy_n(rows.begin() + static_cast<std::ptrdiff_t>((i - begin) * inputs_.stride()), n,
                  factor_.begin() + static_cast<std::ptrdiff_t>(i * n));
    }
  });
  if (!factorise(factor_, kernel_.noise, weights_)) {
    refuse("the kernel's matrix of {} rows is not positive definite: set a larger noise", n);
  }
  log_likelihood_ = log_marginal_likelihood(factor_, normal_.values, kernel_.variance);
  shares_ = normal_.values;
  kernels::solve_lower(factor_, n, shares_.data(), 1);
  kernels::solve_upper(factor_, n, shares_.data(), 1);
}

void ProcessModel::posterior(const Features& x, std::span<double> mean,
                             std::span<double> spread) const {
  if (x.cols != inputs_.cols()) {
    refuse("the model expects {} columns of features, not {}", inputs_.cols(), x.cols);
  }
  const size_t n = inputs_.size(), stride = inputs_.stride();
  parallel_for(x.rows, block, [&](size_t from, size_t to) {
    std::vector<double> rows(block * stride);
    std::vector<double> white(block * n);  // Always a full block, so that company changes nothing.
    for (size_t begin = from; begin < to; begin += block) {
      const size_t end = std::min(to, begin + block);
      inputs_.kernel(x, begin, end, kernel_.gamma(), rows.data());
      std::fill(white.begin(), white.end(), 0.0);
      for (size_t i = begin; i < end; ++i) {
        const double* row = rows.data() + (i - begin) * stride;
        double sum = 0;
        for (size_t j = 0; j < n; ++j) sum += row[j] * shares_[j];
        mean[i] = normal_.mean + normal_.spread * sum;
        std::copy_n(row, n, white.data() + (i - begin) * n);
      }
      if (spread.empty()) continue;
      kernels::solve_lower(factor_, n, white.data(), block);
      for (size_t i = begin; i < end; ++i) {
        const double* row = white.data() + (i - begin) * n;
        double known = 0;
        for (size_t j = 0; j < n; ++j) known += row[j] * row[j];
        spread[i] = normal_.spread * std::sqrt(kernel_.variance * std::max(0.0, 1 - known));
      }
    }
  });
}

[[noreturn]] static void refuse_row(size_t row) {
  refuse("row {} holds a NaN or a number too large to predict on", row);
}

double ProcessModel::noise_spread() const {
  return normal_.spread * std::sqrt(kernel_.variance * kernel_.noise);
}

void ProcessModel::predictions(const Features& x, std::vector<float>& out) const {
  std::vector<double> mean(x.rows);
  posterior(x, mean, {});
  out.assign(mean.begin(), mean.end());
  for (size_t i = 0; i < out.size(); ++i) {
    if (!std::isfinite(out[i])) refuse_row(i);
  }
}

// The value below which a standard normal number falls with this probability, by bisection.
static double normal_quantile(double probability) {
  double low = -10, high = 10;
  for (int step = 0; step < 60; ++step) {
    const double middle = (low + high) / 2;
    (0.5 * std::erfc(-middle / std::sqrt(2.0)) < probability ? low : high) = middle;
  }
  return low;
}

static std::vector<double> standard_scores(size_t members) {
  const auto count = static_cast<double>(members);
  std::vector<double> scores;
  double square = 0;
  for (size_t m = 0; m < members; ++m) {
    scores.push_back(normal_quantile((static_cast<double>(m) + 0.5) / count));
    square += scores[m] * scores[m] / count;
  }
  for (double& score : scores) score /= std::sqrt(square);
  return scores;
}

void ProcessModel::member_predictions(const Features& x, Matrix& out) const {
  std::vector<double> mean(x.rows), spread(x.rows);
  posterior(x, mean, spread);
  const std::vector<double> scores = standard_scores(members_);
  out = Matrix(members_, x.rows);
  for (size_t m = 0; m < members_; ++m) {
    for (size_t i = 0; i < x.rows; ++i) {
      out.at(m, i) = static_cast<float>(mean[i] + scores[m] * spread[i]);
      if (!std::isfinite(out.at(m, i))) refuse_row(i);
    }
  }
}

std::string ProcessModel::save() const {
  ByteWriter writer;
  writer.put(magic);
  writer.put(format_version);
  writer.put<uint64_t>(inputs_.cols());
  writer.put<uint64_t>(members_);
  writer.put(kernel_.length_scale);
  writer.put(kernel_.noise);
  writer.put(kernel_.variance);
  writer.put(targets_);
  writer.put(weights_);
  const OwnedFeatures& rows = inputs_.rows();
  writer.put<uint8_t>(rows.is_sparse);
  writer.put(rows.is_sparse ? rows.sparse.offsets : std::vector<int64_t>());
  writer.put(rows.is_sparse ? rows.sparse.columns : std::vector<int32_t>());
  writer.put(rows.is_sparse ? rows.sparse.values : rows.dense.values);
  return writer.take();
}

static bool all_finite(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

static bool is_sound(const Csr& x) {
  if (x.offsets.empty() || x.offsets.front() != 0 ||
      x.offsets.back() != static_cast<int64_t>(x.columns.size()) ||
      x.columns.size() != x.values.size()) {
    return false;
  }
  if (!std::is_sorted(x.offsets.begin(), x.offsets.end())) return false;
  for (size_t i = 0; i < x.rows(); ++i) {
    for (int64_t at = x.offsets[i]; at < x.offsets[i + 1]; ++at) {
      const auto place = static_cast<size_t>(at);
      const int32_t column = x.columns[place];
      if (column < 0 || static_cast<size_t>(column) >= x.cols) return false;
      if (at > x.offsets[i] && column <= x.columns[place - 1]) return false;
    }
  }
  return true;
}

static bool is_sound(const ProcessParts& parts, size_t cols) {
  const size_t rows = parts.targets.size();
  const ProcessKernel& kernel = parts.kernel;
  if (rows == 0 || rows > most_rows || parts.members < 2 || parts.members > 1000) return false;
  for (const double value : {kernel.length_scale, kernel.noise, kernel.variance}) {
    if (!(value > 0) || !std::isfinite(value)) return false;
  }
  if (!parts.weights.empty() && parts.weights.size() != rows) return false;
  for (const float weight : parts.weights) {
    if (!(weight > 0) || !std::isfinite(weight)) return false;
  }
  const auto& values = parts.rows.is_sparse ? parts.rows.sparse.values : parts.rows.dense.values;
  if (!all_finite(values) || !all_finite(parts.targets)) return false;
  if (parts.rows.is_sparse) {
    return parts.rows.sparse.offsets.size() == rows + 1 && is_sound(parts.rows.sparse);
  }
  return parts.rows.dense.values.size() == rows * cols;
}

std::unique_ptr<Model> load_process_model(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.text() != magic) refuse("these bytes are no Gaussian process");
  if (const auto version = reader.number<uint32_t>(); version != format_version) {
    refuse("the model was stored in form {}, this program reads form {}", version, format_version);
  }
  const auto cols = reader.number<uint64_t>();
  ProcessParts parts;
  parts.members = reader.number<uint64_t>();
  parts.kernel.length_scale = reader.number<double>();
  parts.kernel.noise = reader.number<double>();
  parts.kernel.variance = reader.number<double>();
  parts.targets = reader.vector<float>();
  parts.weights = reader.vector<float>();
  parts.rows.is_sparse = reader.number<uint8_t>() != 0;
  parts.rows.sparse.cols = cols;
  parts.rows.sparse.offsets = reader.vector<int64_t>();
  parts.rows.sparse.columns = reader.vector<int32_t>();
  std::vector<float>& values =
      parts.rows.is_sparse ? parts.rows.sparse.values : parts.rows.dense.values;
  values = reader.vector<float>();
  if (!reader.at_end() || cols == 0 || cols > limits::max_features || !is_sound(parts, cols)) {
    refuse("the stored model is damaged");
  }
  parts.rows.dense.rows = parts.rows.is_sparse ? 0 : parts.targets.size();
  parts.rows.dense.cols = cols;
  return std::make_unique<ProcessModel>(std::move(parts));
}

}  // namespace querist::learners
