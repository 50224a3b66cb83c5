// The list of every learner file in this folder, written by the build, and the one door through
// which they train.
#include <algorithm>
#include <cmath>

#include "base/expression.h"
#include "base/limits.h"
#include "base/registry.h"
#include "kernels/finite.h"
#include "learners/learner.h"

namespace querist::learners {

const std::vector<Learner>& all() {
  static const std::vector<Learner> cards = {
#define ENTRY(function, wire_name) function(),
#include "learners.list"
#undef ENTRY
  };
  return cards;
}

const Learner& find(std::string_view name) { return find_card(all(), "learner", name); }

static void check_sparse(const CsrView& matrix) {
  for (size_t i = 0; i < matrix.rows; ++i) {
    if (matrix.offsets[i + 1] < matrix.offsets[i]) refuse("sparse row {} ends before it begins", i);
    for (int64_t at = matrix.offsets[i]; at < matrix.offsets[i + 1]; ++at) {
      const int32_t column = matrix.columns[at];
      if (column < 0 || static_cast<size_t>(column) >= matrix.cols) {
        refuse("sparse row {} names column {}, but there are {} columns", i, column, matrix.cols);
      }
      if (at > matrix.offsets[i] && column <= matrix.columns[at - 1]) {
        refuse("the columns of sparse row {} must ascend without repeats", i);
      }
    }
  }
}

ChosenLearner parse_learner(std::string_view text) {
  const Expression expression = parse_expression(text);
  ChosenLearner chosen{&find(expression.name), {}};
  chosen.params = Params(chosen.card->params);
  for (const auto& [name, value] : expression.settings) chosen.params.set_text(name, value);
  return chosen;
}

void Model::probabilities(const Features&, Matrix&) const {
  QUERIST_CHECK(false && "this model has no probabilities");
}
void Model::predictions(const Features&, std::vector<float>&) const {
  QUERIST_CHECK(false && "this model predicts no numbers");
}
void Model::member_probabilities(const Features&, Matrix&) const {
  QUERIST_CHECK(false && "this model is no committee of classifiers");
}
void Model::member_predictions(const Features&, Matrix&) const {
  QUERIST_CHECK(false && "this model is no committee of regressors");
}

bool learns(const Learner& learner, Task task) {
  return std::find(learner.tasks.begin(), learner.tasks.end(), task) != learner.tasks.end();
}

static void check_labels(const Dataset& data) {
  if (data.labels.size() != data.features.rows) {
    refuse("there are {} labels for {} rows of features", data.labels.size(), data.features.rows);
  }
  for (const int32_t label : data.labels) {
    if (label < 0 || static_cast<size_t>(label) >= data.classes) {
      refuse("labels holds class {}, but there are {} classes", label, data.classes);
    }
  }
}

static void check_targets(const Dataset& data) {
  if (data.targets.size() != data.features.rows) {
    refuse("there are {} targets for {} rows of features", data.targets.size(), data.features.rows);
  }
  for (size_t i = 0; i < data.targets.size(); ++i) {
    if (!std::isfinite(data.targets[i]))
      refuse("the target of row {} must be finite, not {}", i, data.targets[i]);
  }
}

static void check_label_matrix(const Dataset& data) {
  const MatrixView& y = data.label_matrix;
  if (y.rows != data.features.rows || y.cols != data.classes) {
    refuse("the label matrix is {} x {}, but there are {} rows of features and {} labels", y.rows,
           y.cols, data.features.rows, data.classes);
  }
  for (size_t i = 0; i < y.rows; ++i) {
    for (const float value : y.row(i)) {
      if (value != 0 && value != 1)
        refuse("row {} of the label matrix holds {}; each must be 0 or 1", i, value);
    }
  }
}

static void check_answers(const Dataset& data) {
  if (data.task == Task::regression) return check_targets(data);
  if (data.classes == 0 || data.classes > limits::max_classes) {
    refuse("there must be 1 to {} classes, not {}", limits::max_classes, data.classes);
  }
  if (data.task == Task::multi_label) return check_label_matrix(data);
  check_labels(data);
}

void check(const Dataset& data) {
  if (data.features.rows == 0) refuse("there is nothing to train on: label at least one example");
  if (data.features.cols == 0 || data.features.cols > limits::max_features) {
    refuse("features must have 1 to {} columns, not {}", limits::max_features, data.features.cols);
  }
  if (!data.weights.empty() && data.weights.size() != data.features.rows) {
    refuse("there are {} weights for {} rows of features", data.weights.size(), data.features.rows);
  }
  check_answers(data);
  for (size_t i = 0; i < data.weights.size(); ++i) {
    if (!(data.weights[i] > 0) || !std::isfinite(data.weights[i])) {
      refuse("the weight of row {} must be positive and finite, not {}", i, data.weights[i]);
    }
  }
  if (data.features.kind == Features::Kind::sparse) check_sparse(data.features.sparse);
  if (!kernels::all_finite(data.features)) {
    refuse("features hold a NaN or infinite number: clean the data or leave the row out");
  }
}

std::unique_ptr<Model> train(const Learner& learner, const Dataset& data, const Params& params,
                             const Model* warm_start, uint64_t seed, const Progress& progress) {
  if (!learns(learner, data.task)) {
    refuse("the learner {} does not learn {}", learner.name,
           data.task == Task::regression    ? "regression"
           : data.task == Task::multi_label ? "several labels an example"
                                            : "classification");
  }
  check(data);
  if (warm_start && warm_start->features() != data.features.cols) {
    refuse("the model to start from has {} columns, the data {}: train without it",
           warm_start->features(), data.features.cols);
  }
  if (warm_start && warm_start->classes() > data.classes) {
    refuse("the model to start from has {} classes, the data {}: train without it",
           warm_start->classes(), data.classes);
  }
  return learner.train(data, params, warm_start, seed, progress);
}

}  // namespace querist::learners
