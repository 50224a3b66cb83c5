// Multinomial logistic regression with an L2 penalty (Cox 1958), by L-BFGS (Liu and Nocedal 1989).
#include <algorithm>
#include <cmath>

#include "base/threads.h"
#include "learners/cross_validation.h"
#include "learners/learner.h"
#include "learners/logistic_regression/column_fit.h"
#include "learners/logistic_regression/linear_model.h"
#include "learners/logistic_regression/row_space.h"
#include "learners/logistic_regression/strength_search.h"
#include "learners/logistic_regression/training_rows.h"
#include "metrics/stratified_folds.h"

namespace querist::learners {

// Classes without a label share this much of one label as a pseudo count.
static constexpr double unseen_count = 0.05;
// About how often a fit asks for products of its rows, with a search before it and without.
static constexpr double searched_products = 250;
static constexpr double fitted_products = 50;

// Where an entry of the solver's point lies: see softmax_problem.h for the layout.
static size_t place(const TrainingRows& rows, size_t head, size_t column) {
  const Problem& p = rows.problem;
  const bool sparse = p.features.kind == Features::Kind::sparse;
  return sparse ? column * p.heads() + head : head * p.features.cols + column;
}

static int32_t original_column(const TrainingRows& rows, size_t column) {
  return rows.columns.empty() ? static_cast<int32_t>(column) : rows.columns[column];
}

// The solver's start: the earlier model's weights and biases; classes that it had not seen start at
// zero.
static std::vector<double> starting_point(const TrainingRows& rows, const LinearModel* earlier) {
  const Problem& problem = rows.problem;
  std::vector<double> point(problem.size());
  if (!earlier) return point;
  const size_t heads = problem.heads();
  const size_t columns = problem.features.cols;
  const auto known = [&](int32_t cls) { return static_cast<size_t>(cls) < earlier->classes(); };
  for (size_t head = 0; head < heads; ++head) {
    const int32_t plus = heads == 1 ? rows.present[1] : rows.present[head];
    const int32_t minus = heads == 1 ? rows.present[0] : -1;
    bool seen = false;
    for (size_t j = 0; j < columns; ++j) {
      const int32_t column = original_column(rows, j);
      double& value = point[place(rows, head, j)];
      if (known(plus)) value += earlier->weight(static_cast<size_t>(plus), column);
      if (minus >= 0 && known(minus)) value -= earlier->weight(static_cast<size_t>(minus), column);
      seen = seen || value != 0;
    }
    if (!seen) continue;
    double& bias = point[heads * columns + head];
    if (known(plus)) bias += earlier->head().bias[static_cast<size_t>(plus)];
    if (minus >= 0 && known(minus)) bias -= earlier->head().bias[static_cast<size_t>(minus)];
  }
  return point;
}

// One column's weights (or the biases) over the classes present, shifted to sum to zero: the
// softmax stays the same. `values` holds one a head, then one a class.
static void centre(const Problem& problem, std::vector<double>& values) {
  if (problem.heads() == 1) {
    values = {-values[0] / 2, values[0] / 2};
    return;
  }
  double mean = 0;
  for (const double value : values) mean += value / static_cast<double>(values.size());
  for (double& value : values) value -= mean;
}

// An unseen class has no weights, and a bias that keeps its probability below unseen_count / (rows
// * unseen classes) everywhere: seen scores sum to zero, so the sum of their exponentials is at
// least the number of seen classes.
static float unseen_bias(const TrainingRows& rows, size_t classes) {
  const auto seen = static_cast<double>(rows.present.size());
  const double share = unseen_count / (static_cast<double>(classes) - seen);
  return static_cast<float>(
      std::log(seen * share / static_cast<double>(rows.problem.labels.size())));
}

static LinearHead to_head(const TrainingRows& rows, std::span<const double> point, size_t classes,
                          size_t features, double strength) {
  const Problem& problem = rows.problem;
  const size_t columns = problem.features.cols;
  LinearHead head{.classes = classes, .features = features, .strength = strength};
  head.by_column = problem.features.kind == Features::Kind::sparse &&
                   columns * (classes + 1) < features * classes;
  if (head.by_column) head.columns = rows.columns;
  head.weights.assign((head.by_column ? columns : features) * classes, 0);
  const float unseen = problem.classes < classes ? unseen_bias(rows, classes) : 0;
  head.bias.assign(classes, unseen);
  if (problem.classes == 1) {
    head.bias[static_cast<size_t>(rows.present[0])] = 0;
    return head;
  }
  const size_t heads = problem.heads();
  std::vector<double> values;
  for (size_t j = 0; j <= columns; ++j) {
    values.resize(heads);
    for (size_t k = 0; k < heads; ++k)
      values[k] = point[j < columns ? place(rows, k, j) : heads * columns + k];
    centre(problem, values);
    for (size_t k = 0; k < values.size(); ++k) {
      const auto cls = static_cast<size_t>(rows.present[k]);
      const auto value = static_cast<float>(values[k]);
      if (j == columns) {
        head.bias[cls] = value;
      } else if (head.by_column) {
        head.weights[j * classes + cls] = value;
      } else {
        head.weights[cls * features + static_cast<size_t>(original_column(rows, j))] = value;
      }
    }
  }
  return head;
}

// Whether a search looks at all rows; larger sets keep the earlier model's strength, or search on a
// sample.
static bool searches_all(const TrainingRows& rows, const Params& params) {
  return params.number("strength") == 0 &&
         rows.problem.labels.size() <= static_cast<size_t>(params.integer("search_below"));
}

static double strength_for_many(const TrainingRows& rows, const Params& params,
                                const LinearModel* earlier, uint64_t seed,
                                const Progress& progress) {
  if (const double given = params.number("strength"); given > 0) return given;
  if (earlier) return earlier->head().strength;
  const auto most = static_cast<size_t>(params.integer("search_below"));
  if (most < 10) return 1;
  const size_t folds = (rows.problem.labels.size() + most - 1) / most;
  const auto fold =
      metrics::stratified_folds(rows.problem.labels, rows.problem.classes, folds, seed);
  std::vector<int64_t> sample;
  for (size_t i = 0; i < fold.size(); ++i) {
    if (fold[i] == 0) sample.push_back(static_cast<int64_t>(i));
  }
  const TrainingRows part = choose_rows(rows.problem, sample);
  if (!RowSpace::suits(part.problem.features))
    return choose_strength(part.problem, std::nullopt, seed, progress);
  const RowSpace space(part.problem.features, part.problem.heads(), searched_products);
  RowPoint unused;
  return choose_strength(space, part.problem, std::nullopt, seed, progress, unused);
}

struct Fitted {
  double strength = 1;
  int iterations = 0;
};

static FitOptions options_of(const Problem& problem, double strength, const Params& params) {
  double total = 0;
  for (const double weight : problem.weights) total += weight;
  return {.max_iterations = static_cast<int>(params.integer("max_iterations")),
          .remaining = params.number("tolerance") * strength * total};
}

// Fits in the span of the rows.
static Fitted fit_in_row_space(const TrainingRows& rows, const Params& params,
                               const LinearModel* earlier, uint64_t seed, const Progress& progress,
                               std::vector<double>& point) {
  const Problem& problem = rows.problem;
  const bool searches = searches_all(rows, params);
  const RowSpace space(problem.features, problem.heads(),
                       searches ? searched_products : fitted_products);
  RowPoint found;
  const auto near = earlier ? std::optional(earlier->head().strength) : std::nullopt;
  RowTask task{.classes = problem.classes,
               .strength = searches ? choose_strength(space, problem, near, seed, progress, found)
                                    : strength_for_many(rows, params, earlier, seed, progress)};
  task.labels.assign(problem.labels.begin(), problem.labels.end());
  task.labels.resize(space.stride());
  task.weights = problem.weights;
  task.weights.resize(space.stride());
  const FitResult fit =
      fit_rows(space, task, options_of(problem, task.strength, params), progress, found);
  point = space.weights(found.coefficients, problem.heads());
  point.insert(point.end(), found.biases.begin(), found.biases.end());
  return {task.strength, fit.iterations};
}

// From the earlier model on, if there is one.
static Fitted fit_by_column(const TrainingRows& rows, const Params& params,
                            const LinearModel* earlier, uint64_t seed, const Progress& progress,
                            std::vector<double>& point) {
  const Problem& problem = rows.problem;
  const auto near = earlier ? std::optional(earlier->head().strength) : std::nullopt;
  const double strength = searches_all(rows, params)
                              ? choose_strength(problem, near, seed, progress)
                              : strength_for_many(rows, params, earlier, seed, progress);
  point = starting_point(rows, earlier);
  const FitResult fit =
      fit_columns(problem, strength, options_of(problem, strength, params), progress, point);
  return {strength, fit.iterations};
}

// Few rows of more columns are fitted in their span, from the search's own start or from zero,
// which costs less there than what an earlier model saves; but a head with a given strength on
// hardly more columns than rows goes on from its earlier model. Columns of unlike units are
// stretched one by one.
static bool fits_in_row_space(const TrainingRows& rows, const Params& params,
                              const LinearModel* earlier) {
  const Features& x = rows.problem.features;
  if (!RowSpace::suits(x) || added_strengths(rows.problem) > 0) return false;
  if (x.kind == Features::Kind::sparse)
    return !earlier || x.cols >= 4 * x.rows || searches_all(rows, params);
  return searches_all(rows, params);
}

static std::unique_ptr<LinearModel> train_classes(const Dataset& data, const Params& params,
                                                  const LinearModel* earlier, uint64_t seed,
                                                  const Progress& progress) {
  const TrainingRows rows = prepare(data, params.text("class_weight") == "balanced");
  std::vector<double> point;
  Fitted fitted{.strength = params.number("strength") > 0 ? params.number("strength") : 1};
  if (rows.problem.classes > 1) {
    const auto fit = fits_in_row_space(rows, params, earlier) ? fit_in_row_space : fit_by_column;
    fitted = fit(rows, params, earlier, seed, progress, point);
  }
  LinearHead head = to_head(rows, point, data.classes, data.features.cols, fitted.strength);
  head.iterations = fitted.iterations;
  return std::make_unique<LinearModel>(std::move(head));
}

// Each label against the rest of the rows; the two scores of a label differ by its logit.
static std::unique_ptr<Model> train_labels(const Dataset& data, const Params& params, uint64_t seed,
                                           const Progress& progress) {
  const size_t labels = data.classes;
  std::vector<std::unique_ptr<LinearModel>> models(labels);
  parallel_for(labels, 1, [&](size_t begin, size_t end) {
    for (size_t k = begin; k < end; ++k) {
      Dataset one{.features = data.features, .weights = data.weights, .classes = 2};
      for (size_t i = 0; i < data.features.rows; ++i) {
        one.labels.push_back(data.label_matrix.row(i)[k] > 0 ? 1 : 0);
      }
      const Progress inner([&](double, double, std::string_view) { progress.check(); });
      progress.check();
      models[k] = train_classes(one, params, nullptr, mix_seed(seed, k), inner);
    }
  });
  const LinearHead& first = models[0]->head();
  LinearHead head{.classes = labels,
                  .features = first.features,
                  .by_column = first.by_column,
                  .one_vs_rest = true,
                  .columns = first.columns};
  const size_t columns = head.by_column ? head.columns.size() : head.features;
  head.weights.resize(columns * labels);
  double log_strength = 0;
  for (size_t k = 0; k < labels; ++k) {
    const LinearModel& model = *models[k];
    head.iterations = std::max(head.iterations, model.head().iterations);
    log_strength += std::log(model.head().strength) / static_cast<double>(labels);
    head.bias.push_back(model.head().bias[1] - model.head().bias[0]);
    for (size_t j = 0; j < columns; ++j) {
      const int32_t column = head.by_column ? head.columns[j] : static_cast<int32_t>(j);
      head.weights[head.by_column ? j * labels + k : k * columns + j] =
          model.weight(1, column) - model.weight(0, column);
    }
  }
  head.strength = std::exp(log_strength);
  return std::make_unique<LinearModel>(std::move(head));
}

static std::unique_ptr<Model> train(const Dataset& data, const Params& params,
                                    const Model* warm_start, uint64_t seed,
                                    const Progress& progress) {
  const auto* earlier = dynamic_cast<const LinearModel*>(warm_start);
  if (warm_start && !earlier) refuse("the model to start from is no logistic regression");
  if (earlier && earlier->task() != data.task) refuse("the model to start from has another task");
  if (data.task == Task::multi_label) return train_labels(data, params, seed, progress);
  return train_classes(data, params, earlier, seed, progress);
}

static Params settled(const Params& params, const Model& model) {
  Params found = params;
  const auto* linear = dynamic_cast<const LinearModel*>(&model);
  QUERIST_CHECK(linear != nullptr);
  found.set("strength", linear->head().strength);
  return found;
}

Learner logistic_regression() {
  return {
      .name = "logistic_regression",
      .summary =
          "Linear softmax head, or one logit a label; exact, fast to retrain, with honest "
          "probabilities. Labels that go together always train afresh.",
      .params = {{.name = "strength",
                  .fallback = 0.0,
                  .min = 0,
                  .max = 1e9,
                  .help = "How strongly the labels count against the L2 penalty (C); 0: chosen by "
                          "cross-validation.",
                  .automatic = true},
                 {.name = "search_below",
                  .fallback = 2000,
                  .min = 0,
                  .max = 1e6,
                  .whole = true,
                  .help = "Largest number of labels on which strength is searched; larger sets "
                          "search on a sample of "
                          "this size, or keep the strength of the model they start from."},
                 {.name = "class_weight",
                  .fallback = "none",
                  .choices = {"none", "balanced"},
                  .help = "Weigh classes equally (balanced) or as they come (none)."},
                 {.name = "max_iterations",
                  .fallback = 200,
                  .min = 1,
                  .max = 100'000,
                  .whole = true,
                  .help = "Most steps of the solver."},
                 {.name = "tolerance",
                  .fallback = 1e-7,
                  .min = 1e-14,
                  .max = 1,
                  .help = "Training ends when about this much loss per label is left to gain."}},
      .train = train,
      .load = load_linear_model,
      .settled = settled,
      .source = "Cox 1958; Liu and Nocedal 1989",
      .tasks = {Task::classification, Task::multi_label},
  };
}

}  // namespace querist::learners
