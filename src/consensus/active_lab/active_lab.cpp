// The weights twice over: for the majority's labels, and for the likeliest ones that those give.
#include "consensus/active_lab/active_lab.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/threads.h"
#include "consensus/active_lab/majority.h"
#include "consensus/active_lab/temperature.h"

namespace querist::consensus {

static constexpr double least_weight = 1e-6;
static constexpr size_t grain = 1024;

namespace {

// What the labels of all items say about those who gave them.
struct Weights {
  double model = 1;
  std::vector<double> annotators;
  double likelihood = 1;  // That an answer is the consensus.
  double other = 0;       // That it is one given other class.
};

// Everything that both rounds read.
struct Crowd {
  const AnswerTable& table;
  std::span<const double> probabilities;  // Scaled; (items, classes).
  std::vector<double> agreement;          // Of each annotator with the others.

  std::span<const double> row(size_t item) const {
    return probabilities.subspan(item * table.classes, table.classes);
  }
};

size_t argmax(std::span<const double> row) {
  return static_cast<size_t>(std::max_element(row.begin(), row.end()) - row.begin());
}

// Refuses rows that are no probabilities; a NaN too where it may not be.
void check_rows(const Probabilities& p, std::string_view name, bool may_hold_nan) {
  std::vector<double> row(p.cols);
  for (size_t i = 0; i < p.rows; ++i) {
    p.copy_row(i, row);
    double sum = 0;
    for (const double v : row) {
      if (v < -0.001 || v > 1.001) refuse("{}: row {} holds {}, no probability", name, i, v);
      sum += v;
    }
    if (std::isnan(sum) && !may_hold_nan) refuse("{}: row {} holds a NaN", name, i);
    if (std::abs(sum - 1) > 0.001) refuse("{}: row {} sums to {}, not to 1", name, i, sum);
  }
}

// The share of the others' answers, on items with several, that are each annotator's own; of an
// annotator who never met another: the mean of those who did.
std::vector<double> agreement_with_others(const AnswerTable& table) {
  std::vector<double> agreed(table.annotators);
  std::vector<double> met(table.annotators);
  std::vector<size_t> counts(table.classes);
  for (size_t i = 0; i < table.items; ++i) {
    const auto labels = table.labels_of(i);
    for (const int32_t c : labels) ++counts[static_cast<size_t>(c)];
    for (size_t j = table.offsets[i]; j < table.offsets[i + 1]; ++j) {
      const auto annotator = static_cast<size_t>(table.annotator[j]);
      agreed[annotator] += static_cast<double>(counts[static_cast<size_t>(table.label[j])] - 1);
      met[annotator] += static_cast<double>(labels.size() - 1);
    }
    for (const int32_t c : labels) counts[static_cast<size_t>(c)] = 0;
  }
  double sum = 0;
  double known = 0;
  for (size_t a = 0; a < table.annotators; ++a) {
    if (met[a] == 0) continue;
    agreed[a] /= met[a];
    sum += agreed[a];
    ++known;
  }
  for (size_t a = 0; a < table.annotators; ++a) {
    if (met[a] == 0) agreed[a] = sum / known;
  }
  return agreed;
}

double mean_of_present(const AnswerTable& table, std::span<const double> weights) {
  double sum = 0;
  double present = 0;
  for (size_t a = 0; a < table.annotators; ++a) {
    if (table.per_annotator[a] == 0) continue;
    sum += weights[a];
    ++present;
  }
  return present > 0 ? sum / present : 1;
}

// CROWDLAB's weights: how much better than always saying the commonest class, on items with several
// answers.
Weights weights_of(const Crowd& crowd, std::span<const int32_t> consensus) {
  const AnswerTable& table = crowd.table;
  double agreement = 0;
  double model_errors = 0;
  double items = 0;
  std::vector<double> frequency(table.classes);
  for (size_t i = 0; i < table.items; ++i) {
    if (table.count(i) == 1) continue;
    const auto labels = table.labels_of(i);
    const auto agreeing = std::count(labels.begin(), labels.end(), consensus[i]);
    agreement += static_cast<double>(agreeing) / static_cast<double>(labels.size());
    model_errors += argmax(crowd.row(i)) != static_cast<size_t>(consensus[i]);
    ++frequency[static_cast<size_t>(consensus[i])];
    ++items;
  }
  const double commonest = *std::max_element(frequency.begin(), frequency.end());
  const double chance_error = std::max((items - commonest) / items, least_weight);
  const auto better = [&](double error) {
    return std::max(1 - error / chance_error, least_weight);
  };

  Weights weights;
  weights.likelihood = agreement / items;
  const auto others = static_cast<double>(table.classes) - 1;
  weights.other = others > 0 ? (1 - weights.likelihood) / others : 0;
  const double mean_answers =
      static_cast<double>(table.label.size()) / static_cast<double>(table.items);
  weights.model = better(model_errors / items) * std::sqrt(mean_answers);
  for (const double a : crowd.agreement) weights.annotators.push_back(better(1 - a));
  return weights;
}

// The posterior of each class of an item.
void posterior(const Crowd& crowd, const Weights& weights, size_t item, std::span<double> out) {
  const AnswerTable& table = crowd.table;
  const auto row = crowd.row(item);
  double total = 0;
  for (size_t c = 0; c < table.classes; ++c) out[c] = row[c] * weights.model;
  for (size_t j = table.offsets[item]; j < table.offsets[item + 1]; ++j) {
    const double weight = weights.annotators[static_cast<size_t>(table.annotator[j])];
    const auto label = static_cast<size_t>(table.label[j]);
    for (size_t c = 0; c < table.classes; ++c) {
      out[c] += weight * (c == label ? weights.likelihood : weights.other);
    }
    total += weight;
  }
  for (double& p : out) p /= total + weights.model;
}

// The likeliest class of each item's posterior; the majority's where two are.
std::vector<int32_t> likeliest(const Crowd& crowd, const Weights& weights,
                               const std::vector<int32_t>& majority) {
  std::vector<int32_t> labels = majority;
  parallel_for(labels.size(), grain, [&](size_t begin, size_t end) {
    std::vector<double> p(crowd.table.classes);
    for (size_t i = begin; i < end; ++i) {
      posterior(crowd, weights, i, p);
      const size_t best = argmax(p);
      if (std::count(p.begin(), p.end(), p[best]) == 1) labels[i] = static_cast<int32_t>(best);
    }
  });
  return labels;
}

std::vector<double> scaled_rows(const Probabilities& probabilities,
                                std::optional<double> temperature) {
  const size_t cols = probabilities.cols;
  std::vector<double> rows(probabilities.rows * cols);
  parallel_for(probabilities.rows, grain, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      const auto row = std::span(rows).subspan(i * cols, cols);
      probabilities.copy_row(i, row);
      if (temperature) scale_row(row, *temperature);
    }
  });
  return rows;
}

// Consensus, quality and weights where no item has two answers: the answer itself, as likely as the
// model says.
void single_answers(const AnswerTable& table, std::span<const double> probabilities,
                    ActiveLab& result) {
  result.consensus = table.label;
  if (result.posteriors.size() == probabilities.size())
    result.posteriors.assign(probabilities.begin(), probabilities.end());
  result.annotator_weights.assign(table.annotators, 1);
  for (size_t i = 0; i < table.items; ++i) {
    const auto label = static_cast<size_t>(table.label[i]);
    result.quality.push_back(probabilities[i * table.classes + label]);
  }
}

void several_answers(const AnswerTable& table, std::span<const double> probabilities,
                     ActiveLab& result) {
  const Crowd crowd{table, probabilities, agreement_with_others(table)};
  const auto majority = majority_labels(table, probabilities);
  result.consensus = likeliest(crowd, weights_of(crowd, majority), majority);
  Weights weights = weights_of(crowd, result.consensus);
  result.quality.resize(table.items);
  parallel_for(table.items, grain, [&](size_t begin, size_t end) {
    std::vector<double> p(table.classes);
    for (size_t i = begin; i < end; ++i) {
      posterior(crowd, weights, i, p);
      result.quality[i] = p[static_cast<size_t>(result.consensus[i])];
      if (!result.posteriors.empty())
        std::copy(p.begin(), p.end(), result.posteriors.data() + i * table.classes);
    }
  });
  result.model_weight = weights.model;
  result.annotator_weights = std::move(weights.annotators);
}

// The score of an item that those of `weight` in all hold to be right by `quality`: one more
// average annotator is taken to answer by chance.
double score(double quality, double weight, double average, size_t classes) {
  const double chance = 1 / static_cast<double>(classes);
  return (quality * weight + chance * average) / (weight + average);
}

}  // namespace

ActiveLab active_lab(const CrowdAnswers& answers, const Probabilities& probabilities,
                     const Probabilities& unlabeled, const ActiveLabOptions& options) {
  if (probabilities.rows > 0 && unlabeled.rows > 0 && probabilities.cols != unlabeled.cols) {
    refuse("probabilities have {} classes and unlabeled_probabilities {}", probabilities.cols,
           unlabeled.cols);
  }
  if (options.temperature && !(*options.temperature > 0 && std::isfinite(*options.temperature))) {
    refuse("temperature must be positive, not {}", *options.temperature);
  }
  check_rows(probabilities, "probabilities", false);
  check_rows(unlabeled, "unlabeled_probabilities", true);
  const size_t classes = probabilities.rows > 0 ? probabilities.cols : unlabeled.cols;
  const AnswerTable table = answer_table(answers, probabilities.rows, classes);

  ActiveLab result;
  const bool has_several = table.label.size() > table.items;
  result.temperature = options.temperature ? *options.temperature
                       : has_several ? best_temperature(table, probabilities, options.as_cleanlab)
                                     : 1;
  const bool scales = has_several || options.temperature;
  const auto rows =
      scaled_rows(probabilities, scales ? std::optional<double>(result.temperature) : std::nullopt);
  if (options.keep_posteriors) result.posteriors.resize(rows.size());
  if (has_several) {
    several_answers(table, rows, result);
  } else {
    single_answers(table, rows, result);
  }
  const double average = mean_of_present(table, result.annotator_weights);
  for (size_t a = 0; a < table.annotators; ++a) {
    if (table.per_annotator[a] == 0) result.annotator_weights[a] = average;
  }
  for (size_t i = 0; i < table.items; ++i) {
    double weight = 0;
    for (const int32_t a : table.annotators_of(i)) {
      weight += result.annotator_weights[static_cast<size_t>(a)];
    }
    result.scores.push_back(
        score(result.quality[i], weight + result.model_weight, average, classes));
  }
  std::vector<double> row(unlabeled.cols);
  for (size_t i = 0; i < unlabeled.rows; ++i) {
    unlabeled.copy_row(i, row);
    const bool has_nan =
        std::any_of(row.begin(), row.end(), [](double v) { return std::isnan(v); });
    if (!has_nan) scale_row(row, result.temperature);
    result.unlabeled_scores.push_back(
        has_nan ? std::numeric_limits<double>::quiet_NaN()
                : score(row[argmax(row)], result.model_weight, average, classes));
  }
  return result;
}

}  // namespace querist::consensus
