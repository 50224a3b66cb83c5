// Means with a proxy, resampled, and the place where a falling curve meets zero.
#include "metrics/labels_to_match.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/rng.h"

namespace querist::metrics {

static void check(const ErrorDifferences& errors) {
  const size_t models = errors.labels.size();
  if (models == 0 || errors.measured.size() != models || errors.proxy.size() != models ||
      errors.unlabeled.size() != models || errors.deviations.size() != models) {
    refuse("each of {} models needs its differences", models);
  }
  if (errors.measured[0].size() < 2) refuse("differences need at least two labelled rows");
  for (size_t k = 0; k < models; ++k) {
    if (errors.measured[k].size() != errors.measured[0].size() ||
        errors.proxy[k].size() != errors.measured[0].size() ||
        errors.unlabeled[k].size() != errors.unlabeled[0].size()) {
      refuse("the differences of model {} are of other rows", k);
    }
    if (!(errors.labels[k] > (k ? errors.labels[k - 1] : 0)))
      refuse("numbers of labels must rise from above 0, see model {}", k);
  }
  if (errors.known_shares.empty() && errors.stands_for.empty()) return;
  if (errors.stands_for.size() != errors.measured[0].size() ||
      errors.known_shares.size() != errors.unlabeled[0].size() || errors.known.size() != models)
    refuse("what labelled rows stand for and what is known of the others must match them");
  for (const auto& known : errors.known) {
    if (known.size() != errors.known_shares.size())
      refuse("{} known errors of {} rows", known.size(), errors.known_shares.size());
  }
}

static double mean_of(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

static double share_of(const ErrorDifferences& errors, size_t row) {
  return errors.stands_for.empty() ? 1 : errors.stands_for[row];
}

// How much the proxy tells of the labelled rows' differences, over all models.
static double proxy_weight(const ErrorDifferences& errors) {
  double shared = 0, own = 0;
  for (size_t k = 0; k < errors.labels.size(); ++k) {
    const double measured = mean_of(errors.measured[k]);
    const double proxy = mean_of(errors.proxy[k]);
    for (size_t i = 0; i < errors.proxy[k].size(); ++i) {
      const double gap = (errors.proxy[k][i] - proxy) * share_of(errors, i);
      shared += gap * (errors.measured[k][i] - measured) * share_of(errors, i);
      own += gap * gap;
    }
  }
  const auto unlabeled = static_cast<double>(errors.unlabeled[0].size());
  if (own <= 0 || unlabeled == 0) return 0;
  const double ratio = static_cast<double>(errors.measured[0].size()) / unlabeled;
  return std::clamp(shared / own / (1 + ratio), 0.0, 1.0);
}

// Weights of a Bayesian bootstrap: they sum to 1; `halves` at the end count half a row each.
static std::vector<double> draw_weights(size_t rows, size_t halves, Rng& rng) {
  std::vector<double> weights(rows + halves);
  double sum = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    weights[i] = -std::log(1 - rng.uniform()) * (i < rows ? 1 : 0.5);
    sum += weights[i];
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

static double weighted(std::span<const double> values, std::span<const double> weights) {
  double sum = 0;
  for (size_t i = 0; i < values.size(); ++i) sum += values[i] * weights[i];
  return sum;
}

PoweredDifferences powered_differences(const ErrorDifferences& errors, uint64_t seed,
                                       size_t resamples) {
  check(errors);
  const size_t models = errors.labels.size();
  const size_t rows = errors.measured[0].size();
  PoweredDifferences out;
  out.weight = proxy_weight(errors);
  std::vector<std::vector<double>> corrected(models, std::vector<double>(rows));
  std::vector<std::vector<double>> others = errors.unlabeled;
  double stand_for = 0;  // A labelled row, on average.
  for (size_t i = 0; i < rows; ++i) stand_for += share_of(errors, i) / static_cast<double>(rows);
  for (size_t k = 0; k < models; ++k) {
    for (size_t i = 0; i < rows; ++i)
      corrected[k][i] =
          share_of(errors, i) * (errors.measured[k][i] - out.weight * errors.proxy[k][i]);
    for (size_t j = 0; j < others[k].size(); ++j) {
      const double known = errors.known_shares.empty() ? 0 : errors.known_shares[j];
      others[k][j] *= (1 - known) * out.weight;
      if (known > 0) others[k][j] += known * errors.known[k][j];
    }
    out.means.push_back(mean_of(corrected[k]) + mean_of(others[k]));
  }
  Rng rng(seed);
  for (size_t b = 0; b < resamples; ++b) {
    const auto labelled = draw_weights(rows, 2, rng);
    const auto unlabeled = draw_weights(errors.unlabeled[0].size(), 0, rng);
    const double shift = stand_for * (labelled[rows] - labelled[rows + 1]);
    std::vector<double>& means = out.resampled.emplace_back();
    for (size_t k = 0; k < models; ++k) {
      means.push_back(weighted(corrected[k], labelled) + shift + weighted(others[k], unlabeled) +
                      errors.deviations[k] * rng.normal());
    }
  }
  return out;
}

// Neighbours that rise are pooled to their mean (Ayer, Brunk, Ewing, Reid and Silverman 1955).
static void make_falling(std::vector<double>& values) {
  struct Block {
    double mean = 0;
    size_t count = 0;
  };
  std::vector<Block> blocks;
  for (const double value : values) {
    blocks.push_back({value, 1});
    while (blocks.size() > 1 && blocks[blocks.size() - 2].mean < blocks.back().mean) {
      const Block last = blocks.back();
      blocks.pop_back();
      Block& block = blocks.back();
      const auto both = static_cast<double>(block.count + last.count);
      block.mean = (block.mean * static_cast<double>(block.count) +
                    last.mean * static_cast<double>(last.count)) /
                   both;
      block.count += last.count;
    }
  }
  values.clear();
  for (const Block& block : blocks) values.insert(values.end(), block.count, block.mean);
}

Crossing falls_to_zero(std::span<const double> labels, std::vector<double> differences) {
  if (labels.empty() || labels.size() != differences.size())
    refuse("a curve of {} numbers of labels has {} differences", labels.size(), differences.size());
  make_falling(differences);
  if (differences.front() <= 0) return {labels.front(), -1};
  if (differences.back() > 0) return {labels.back(), 1};
  size_t i = 1;
  while (differences[i] > 0) ++i;
  const double share = differences[i - 1] / (differences[i - 1] - differences[i]);
  return {labels[i - 1] * std::pow(labels[i] / labels[i - 1], share), 0};
}

LabelsToMatch labels_to_match(std::span<const double> labels, const PoweredDifferences& differences,
                              double log_deviation, uint64_t seed, double confidence) {
  if (differences.resampled.empty()) refuse("an interval needs resampled differences");
  const Crossing estimate = falls_to_zero(labels, differences.means);
  Rng rng(seed);
  std::vector<double> counts;
  size_t below = 0, above = 0;
  for (const auto& means : differences.resampled) {
    const Crossing crossing = falls_to_zero(labels, means);
    const double count = crossing.labels * std::exp(log_deviation * rng.normal());
    below += crossing.beyond < 0 || count < labels.front();
    above += crossing.beyond > 0 || count > labels.back();
    // Beyond an end, how far is not known.
    counts.push_back(crossing.beyond == 0 ? std::clamp(count, labels.front(), labels.back())
                                          : crossing.labels);
  }
  std::sort(counts.begin(), counts.end());
  const double tail = (1 - confidence) / 2;
  const auto all = static_cast<double>(counts.size());
  const auto low = static_cast<size_t>(tail * (all - 1));
  LabelsToMatch out;
  out.labels = {estimate.labels, std::min(estimate.labels, counts[low]),
                std::max(estimate.labels, counts[counts.size() - 1 - low]), "prediction_powered"};
  out.value_open = estimate.beyond != 0;
  // Open where the very resample that would be the end lies beyond: its place is not known.
  out.low_open = estimate.beyond < 0 || below > low;
  out.high_open = estimate.beyond > 0 || above > low;
  return out;
}

}  // namespace querist::metrics
