// Scores in double: log probabilities of many words add up to numbers whose differences decide.
#include "learners/naive_bayes/naive_bayes_model.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "base/bytes.h"
#include "base/threads.h"
#include "learners/rows/entries.h"
#include "learners/rows/unseen_classes.h"

namespace querist::learners {

static constexpr std::string_view magic = "querist.naive_bayes";
static constexpr uint32_t format_version = 1;
static constexpr size_t tile_rows = 64;

// By how much each seen class's weight is multiplied, as scikit-learn balances.
std::vector<double> NaiveBayesModel::class_factors() const {
  std::vector<double> factors(seen_.size(), 1);
  if (settings_.balance == Balance::none) return factors;
  const auto& sizes = settings_.balance == Balance::rows ? statistics_.rows : statistics_.weights;
  const double total = std::accumulate(sizes.begin(), sizes.end(), 0.0);
  for (size_t k = 0; k < seen_.size(); ++k) {
    const double own = sizes[static_cast<size_t>(seen_[k])];
    factors[k] = total / (static_cast<double>(seen_.size()) * own);
  }
  return factors;
}

NaiveBayesModel::NaiveBayesModel(NaiveBayesStatistics statistics, NaiveBayesSettings settings)
    : statistics_(std::move(statistics)), settings_(settings) {
  double rows = 0;
  for (size_t c = 0; c < statistics_.classes; ++c) {
    rows += statistics_.rows[c];
    if (statistics_.rows[c] > 0) seen_.push_back(static_cast<int32_t>(c));
  }
  unseen_ = unseen_share(rows, seen_.size(), statistics_.classes);
  const std::vector<double> factors = class_factors();
  double total = 0;
  for (size_t k = 0; k < seen_.size(); ++k) {
    prior_.push_back(factors[k] * statistics_.weights[static_cast<size_t>(seen_[k])]);
    total += prior_.back();
  }
  for (double& prior : prior_) prior = std::log(prior / total);
  if (statistics_.variant == NaiveBayesVariant::gaussian) {
    prepare_moments();
  } else {
    prepare_counts(factors);
  }
}

// Log probabilities of a column under a class (McCallum and Nigam 1998), or the negative ones under
// all other classes (Rennie et al. 2003), where the prior has no say.
void NaiveBayesModel::prepare_counts(const std::vector<double>& factors) {
  const size_t known = statistics_.columns.size();
  const size_t seen = seen_.size();
  const bool complement = statistics_.variant == NaiveBayesVariant::complement;
  tables_.assign((known + 1) * seen, 0);
  std::vector<double> totals(seen);
  for (size_t c = 0; c < known; ++c) {
    double all = 0;
    for (size_t k = 0; k < seen; ++k) {
      const double sum = statistics_.sums[c * statistics_.classes + static_cast<size_t>(seen_[k])];
      tables_[c * seen + k] = factors[k] * sum;
      all += factors[k] * sum;
    }
    for (size_t k = 0; k < seen; ++k) {
      double& count = tables_[c * seen + k];
      // The difference of sums that are equal but for rounding must not fall below zero.
      if (complement) count = std::max(0.0, all - count);
      totals[k] += count;
    }
  }
  const double smoothing = settings_.smoothing;
  for (size_t k = 0; k < seen; ++k) {
    const double total =
        std::log(totals[k] + smoothing * static_cast<double>(statistics_.features));
    for (size_t c = 0; c <= known; ++c) {
      double& value = tables_[c * seen + k];
      const double log_share = std::log(value + smoothing) - total;
      value = complement ? -log_share : log_share;
    }
  }
  if (complement && seen > 1) std::fill(prior_.begin(), prior_.end(), 0.0);
  place_.assign(statistics_.features, static_cast<int32_t>(known));
  for (size_t c = 0; c < known; ++c)
    place_[static_cast<size_t>(statistics_.columns[c])] = static_cast<int32_t>(c);
}

void NaiveBayesModel::prepare_moments() {
  const size_t cols = statistics_.features;
  const double rows = std::accumulate(statistics_.rows.begin(), statistics_.rows.end(), 0.0);
  const double* overall = statistics_.squares.data() + statistics_.classes * cols;
  double extra = settings_.variance_smoothing * *std::max_element(overall, overall + cols) / rows;
  if (!(extra > 0)) extra = 1;  // All rows are equal: any variance says the same.
  normal_.emplace(seen_.size(), cols);
  for (size_t k = 0; k < seen_.size(); ++k) {
    const auto cls = static_cast<size_t>(seen_[k]);
    double offset = prior_[k];
    double zero = 0;
    for (size_t j = 0; j < cols; ++j) {
      const double mean = statistics_.means[cls * cols + j];
      const double variance =
          statistics_.squares[cls * cols + j] / statistics_.weights[cls] + extra;
      normal_->means[k * cols + j] = mean;
      normal_->weights[k * cols + j] = 1 / (2 * variance);
      offset -= std::log(2 * std::numbers::pi * variance) / 2;
      zero += mean * mean / (2 * variance);
    }
    normal_->offsets[k] = offset;
    at_zero_.push_back(offset - zero);
  }
}

void NaiveBayesModel::score_counts(const Features& features, size_t row, double* scores) const {
  const size_t seen = seen_.size();
  std::copy(prior_.begin(), prior_.end(), scores);
  for_each_entry(features, row, [&](size_t column, float value) {
    const double* table = tables_.data() + static_cast<size_t>(place_[column]) * seen;
    for (size_t k = 0; k < seen; ++k) scores[k] += static_cast<double>(value) * table[k];
  });
}

// Rows [begin, end), scores (end - begin, seen).
void NaiveBayesModel::score_moments(const Features& features, size_t begin, size_t end,
                                    double* scores) const {
  const size_t seen = seen_.size();
  const size_t cols = statistics_.features;
  if (features.kind == Features::Kind::sparse) {
    for (size_t i = begin; i < end; ++i, scores += seen) {
      std::copy(at_zero_.begin(), at_zero_.end(), scores);
      for_each_entry(features, i, [&](size_t column, float value) {
        const auto x = static_cast<double>(value);
        for (size_t k = 0; k < seen; ++k) {
          const size_t at = k * cols + column;
          scores[k] += x * (2 * normal_->means[at] - x) * normal_->weights[at];
        }
      });
    }
    return;
  }
  std::vector<int64_t> rows(end - begin);
  std::iota(rows.begin(), rows.end(), static_cast<int64_t>(begin));
  kernels::PackedRows packed;
  kernels::pack_rows(features, rows, packed);
  std::vector<double> by_class(seen * packed.padded());
  kernels::log_densities(packed, *normal_, packed.padded(), by_class.data());
  for (size_t i = 0; i < rows.size(); ++i)
    for (size_t k = 0; k < seen; ++k) scores[i * seen + k] = by_class[k * packed.padded() + i];
}

static void softmax(std::span<double> scores, size_t row) {
  const double top = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (double& score : scores) {
    score = std::exp(score - top);
    sum += score;
  }
  if (!std::isfinite(sum)) refuse("row {} holds a NaN or a number too large to predict on", row);
  for (double& score : scores) score /= sum;
}

void NaiveBayesModel::probabilities(const Features& features, Matrix& out) const {
  if (features.cols != statistics_.features) {
    refuse("the model expects {} columns of features, not {}", statistics_.features, features.cols);
  }
  out.rows = features.rows;
  out.cols = statistics_.classes;
  out.values.resize(out.rows * out.cols);
  const size_t seen = seen_.size();
  parallel_for(features.rows, tile_rows, [&](size_t begin, size_t end) {
    std::vector<double> scores(tile_rows * seen);
    for (size_t from = begin; from < end; from += tile_rows) {
      const size_t to = std::min(end, from + tile_rows);
      if (normal_) score_moments(features, from, to, scores.data());
      for (size_t i = from; i < to; ++i) {
        const std::span<double> row(scores.data() + (i - from) * seen, seen);
        if (!normal_) score_counts(features, i, row.data());
        softmax(row, i);
        spread(row, seen_, unseen_, out.row(i));
      }
    }
  });
}

std::string NaiveBayesModel::save() const {
  ByteWriter writer;
  writer.put(magic);
  writer.put(format_version);
  writer.put(static_cast<uint8_t>(statistics_.variant));
  writer.put<uint64_t>(statistics_.classes);
  writer.put<uint64_t>(statistics_.features);
  writer.put(settings_.smoothing);
  writer.put(settings_.variance_smoothing);
  writer.put(static_cast<uint8_t>(settings_.balance));
  writer.put(statistics_.rows);
  writer.put(statistics_.weights);
  writer.put(statistics_.columns);
  writer.put(statistics_.sums);
  writer.put(statistics_.means);
  writer.put(statistics_.squares);
  return writer.take();
}

std::unique_ptr<Model> load_naive_bayes(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.text() != magic) refuse("these bytes are no naive Bayes model");
  if (const auto version = reader.number<uint32_t>(); version != format_version) {
    refuse("the model was stored in form {}, this program reads form {}", version, format_version);
  }
  NaiveBayesStatistics statistics;
  NaiveBayesSettings settings;
  statistics.variant = static_cast<NaiveBayesVariant>(reader.number<uint8_t>());
  statistics.classes = reader.number<uint64_t>();
  statistics.features = reader.number<uint64_t>();
  settings.smoothing = reader.number<double>();
  settings.variance_smoothing = reader.number<double>();
  settings.balance = static_cast<Balance>(reader.number<uint8_t>());
  statistics.rows = reader.vector<double>();
  statistics.weights = reader.vector<double>();
  statistics.columns = reader.vector<int32_t>();
  statistics.sums = reader.vector<double>();
  statistics.means = reader.vector<double>();
  statistics.squares = reader.vector<double>();
  if (!reader.at_end() || !consistent(statistics) || settings.balance > Balance::weights ||
      !(settings.smoothing > 0) || !std::isfinite(settings.smoothing) ||
      !(settings.variance_smoothing >= 0) || !std::isfinite(settings.variance_smoothing)) {
    refuse("the stored model is damaged");
  }
  return std::make_unique<NaiveBayesModel>(std::move(statistics), settings);
}

std::unique_ptr<Model> update_naive_bayes(const NaiveBayesModel& model, const Dataset& more) {
  check(more);
  if (more.features.cols != model.features()) {
    refuse("the model has {} columns, the rows {}", model.features(), more.features.cols);
  }
  NaiveBayesStatistics statistics = model.statistics();
  add_rows(statistics, more);
  return std::make_unique<NaiveBayesModel>(std::move(statistics), model.settings());
}

}  // namespace querist::learners
