// A student of scaled scores is the same function at temperature 1 as it was taught at T.
#include "learners/distillation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "learners/logistic_regression/linear_model.h"
#include "learners/neural_head/network_model.h"

namespace querist::learners {

static constexpr size_t most_classes = 8;    // Of a row; the others' shares are next to nothing.
static constexpr double least_share = 1e-3;  // Smaller ones would cost a row each and teach little.
static constexpr double most_values = 1e8;   // Dense numbers copied for the student.

void check_student(const ChosenLearner& student) {
  const bool is_network = student.card->name == "neural_head";
  if (!is_network && student.card->name != "logistic_regression") {
    refuse("{} cannot learn from another model: name logistic_regression or neural_head",
           student.card->name);
  }
  if (is_network && (student.params.number("focal") != 0 || student.params.flag("laplace")))
    refuse("a student is taught by soft targets: leave focal and laplace out");
}

// One row's softened shares, of the mean with its label where it has one.
static std::vector<double> targets_of(std::span<const float> p, int32_t label, double temperature) {
  std::vector<double> q(p.begin(), p.end());
  if (label >= 0) {
    for (double& value : q) value /= 2;
    q[static_cast<size_t>(label)] += 0.5;
  }
  double sum = 0;
  for (double& value : q) sum += value = std::pow(std::max(value, 0.0), 1 / temperature);
  for (double& value : q) value /= sum;
  return q;
}

SoftDataset soften(MatrixView probabilities, std::span<const int32_t> labels, double temperature) {
  QUERIST_CHECK(labels.size() == probabilities.rows && temperature >= 1);
  SoftDataset out;
  std::vector<int32_t> order(probabilities.cols);
  for (size_t i = 0; i < probabilities.rows; ++i) {
    const std::vector<double> q = targets_of(probabilities.row(i), labels[i], temperature);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
      return q[static_cast<size_t>(a)] > q[static_cast<size_t>(b)];
    });
    size_t kept = 0;
    double sum = 0;
    while (kept < std::min(most_classes, order.size())) {
      const double share = q[static_cast<size_t>(order[kept])];
      if (kept > 0 && share < least_share) break;
      sum += share;
      ++kept;
    }
    for (size_t k = 0; k < kept; ++k) {
      out.rows.push_back(static_cast<int64_t>(i));
      out.labels.push_back(order[k]);
      out.weights.push_back(static_cast<float>(q[static_cast<size_t>(order[k])] / sum));
    }
  }
  return out;
}

static std::unique_ptr<Model> with_scores_times(const Model& model, float factor) {
  if (const auto* linear = dynamic_cast<const LinearModel*>(&model)) {
    LinearHead head = linear->head();
    for (float& weight : head.weights) weight *= factor;
    for (float& bias : head.bias) bias *= factor;
    return std::make_unique<LinearModel>(std::move(head));
  }
  const auto* network = dynamic_cast<const NetworkModel*>(&model);
  QUERIST_CHECK(network != nullptr);
  NetworkParts parts = network->parts();
  Layer& last = parts.network.layers.back();
  for (float& weight : last.weights.values) weight *= factor;
  for (float& bias : last.bias) bias *= factor;
  return std::make_unique<NetworkModel>(std::move(parts));
}

std::unique_ptr<Model> distil(const Model& teacher, const Features& rows,
                              std::span<const int32_t> labels, const ChosenLearner& student,
                              const DistilSettings& settings, uint64_t seed,
                              const Progress& progress) {
  check_student(student);
  QUERIST_CHECK(labels.size() == rows.rows);
  if (teacher.task() != Task::classification) refuse("only a model of classes can teach");
  size_t most = settings.most_rows;
  if (rows.kind != Features::Kind::sparse) {
    const auto copies = static_cast<double>(std::min(most_classes, teacher.classes()) * rows.cols);
    most = std::min(most, std::max<size_t>(1, static_cast<size_t>(most_values / copies)));
  }
  // Those with a label first: they are few, and someone paid for them.
  std::vector<int64_t> chosen, others;
  for (size_t i = 0; i < rows.rows; ++i)
    (labels[i] >= 0 ? chosen : others).push_back(static_cast<int64_t>(i));
  const size_t left = most - std::min(most, chosen.size());
  for (const int64_t at :
       Rng(mix_seed(seed, 1)).sample(others.size(), std::min(left, others.size())))
    chosen.push_back(others[static_cast<size_t>(at)]);
  std::sort(chosen.begin(), chosen.end());
  std::vector<int32_t> chosen_labels;
  for (const int64_t row : chosen) chosen_labels.push_back(labels[static_cast<size_t>(row)]);

  const OwnedFeatures taught = take_rows(rows, chosen);
  Matrix probabilities;
  teacher.probabilities(taught.view(), probabilities);
  SoftDataset soft = soften(probabilities, chosen_labels, settings.temperature);
  const OwnedFeatures features = take_rows(taught.view(), soft.rows);
  const Dataset data{.features = features.view(),
                     .labels = std::move(soft.labels),
                     .weights = std::move(soft.weights),
                     .classes = teacher.classes()};
  const auto model =
      train(*student.card, data, student.params, nullptr, mix_seed(seed, 2), progress);
  return with_scores_times(*model, static_cast<float>(settings.temperature));
}

}  // namespace querist::learners
