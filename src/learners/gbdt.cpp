// Gradient-boosted trees (Friedman 2001) on histograms, by XGBoost (Chen and Guestrin 2016).
#include <algorithm>
#include <cmath>

#include "learners/gbdt/gbdt_model.h"
#include "learners/gbdt/xgboost.h"
#include "learners/learner.h"
#include "learners/rows/row_weights.h"

namespace querist::learners {

static BoostingSettings boosting(const Params& params, uint64_t seed) {
  return {
      .rounds = params.integer("rounds"),
      .learning_rate = params.number("learning_rate"),
      .max_depth = params.integer("max_depth"),
      .min_child_weight = params.number("min_child_weight"),
      .reg_lambda = params.number("reg_lambda"),
      .subsample = params.number("subsample"),
      .colsample_bytree = params.number("colsample_bytree"),
      .seed = seed,
  };
}

// Whether boosting goes on from the earlier model: asked for, about the same answers, and not yet
// twice as long as a model made anew.
static bool goes_on(const GbdtModel& earlier, const Boosted& made, const Params& params) {
  const int64_t more = params.integer("warm_rounds");
  return more > 0 && earlier.task() == made.task && earlier.boosted().seen == made.seen &&
         !earlier.boosted().booster.empty() &&
         static_cast<int64_t>(earlier.rounds()) + more <= 2 * params.integer("rounds");
}

static double weighted_mean(const std::vector<float>& values, const std::vector<double>& weights) {
  double sum = 0;
  double total = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    sum += weights[i] * static_cast<double>(values[i]);
    total += weights[i];
  }
  return sum / total;
}

// The power of two nearest to the standard deviation; 1 where all are equal but for the mean's
// rounding. The library takes
// gains below 1e-6 for none and squares floats, so targets of any unit must come to it as numbers
// about 1; by a power of two no digit of them changes.
static double scale_of(const std::vector<float>& values, const std::vector<double>& weights,
                       double mean) {
  double sum = 0;
  double total = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double gap = static_cast<double>(values[i]) - mean;
    sum += weights[i] * gap * gap;
    total += weights[i];
  }
  const double deviation = std::sqrt(sum / total);
  return deviation > 1e-13 * std::abs(mean) ? std::exp2(std::round(std::log2(deviation))) : 1;
}

static std::unique_ptr<Model> train(const Dataset& data, const Params& params,
                                    const Model* warm_start, uint64_t seed,
                                    const Progress& progress) {
  const auto* earlier = dynamic_cast<const GbdtModel*>(warm_start);
  if (warm_start && !earlier) refuse("the model to start from is no gbdt");
  const size_t rows = data.features.rows;
  const bool regression = data.task == Task::regression;
  Boosted made = {.task = data.task,
                  .classes = regression ? 0 : data.classes,
                  .features = data.features.cols,
                  .labels = rows};
  const std::vector<double> weights = row_weights(data, params.text("class_weight") == "balanced");
  if (regression) {
    made.mean = weighted_mean(data.targets, weights);
    made.scale = scale_of(data.targets, weights, made.mean);
  } else {
    made.seen = seen_classes(data);
    if (made.seen.size() == 1) return std::make_unique<GbdtModel>(std::move(made));
  }
  BoostingSettings settings = boosting(params, seed);
  settings.classes = made.seen.size();
  settings.objective = regression             ? "reg:squarederror"
                       : settings.classes > 2 ? "multi:softprob"
                                              : "binary:logistic";
  const bool warm = earlier && goes_on(*earlier, made, params);
  if (warm) {
    settings.rounds = params.integer("warm_rounds");
    made.mean = earlier->boosted().mean;
    made.scale = earlier->boosted().scale;
  }
  std::vector<float> answers(rows);
  for (size_t i = 0; i < rows; ++i) {
    if (regression) {
      const double gap = static_cast<double>(data.targets[i]) - made.mean;
      answers[i] = static_cast<float>(gap / made.scale);
    } else {
      const auto at = std::lower_bound(made.seen.begin(), made.seen.end(), data.labels[i]);
      answers[i] = static_cast<float>(at - made.seen.begin());
    }
  }
  made.booster = boost(data.features, answers, std::vector<float>(weights.begin(), weights.end()),
                       settings, warm ? earlier->boosted().booster : "", progress);
  return std::make_unique<GbdtModel>(std::move(made));
}

Learner gbdt() {
  return {
      .name = "gbdt",
      .summary =
          "Gradient-boosted trees by XGBoost: strong on tables with many labels. Trains on "
          "one thread; a warm start counts only where warm_rounds is set.",
      .params = {{.name = "rounds",
                  .fallback = 100,
                  .min = 1,
                  .max = 10'000,
                  .whole = true,
                  .help = "Boosting rounds: trees, or trees of each class where there are three "
                          "or more."},
                 {.name = "learning_rate",
                  .fallback = 0.1,
                  .min = 1e-6,
                  .max = 1,
                  .help = "How much of each tree is taken (eta)."},
                 {.name = "max_depth",
                  .fallback = 6,
                  .min = 1,
                  .max = 30,
                  .whole = true,
                  .help = "Most splits above a leaf."},
                 {.name = "min_child_weight",
                  .fallback = 1.0,
                  .min = 0,
                  .max = 1e9,
                  .help = "Least sum of curvature in a leaf: of classes at most a quarter of a "
                          "row each, of numbers the rows."},
                 {.name = "reg_lambda",
                  .fallback = 1.0,
                  .min = 0,
                  .max = 1e9,
                  .help = "L2 penalty on the values of leaves (lambda)."},
                 {.name = "subsample",
                  .fallback = 1.0,
                  .min = 0.01,
                  .max = 1,
                  .help = "Share of the rows drawn for each round."},
                 {.name = "colsample_bytree",
                  .fallback = 1.0,
                  .min = 0.01,
                  .max = 1,
                  .help = "Share of the columns drawn for each tree."},
                 {.name = "warm_rounds",
                  .fallback = 0,
                  .min = 0,
                  .max = 10'000,
                  .whole = true,
                  .help = "Rounds added to the earlier model instead of training anew, while its "
                          "classes are the same and it has at most twice `rounds`; 0: always "
                          "anew."},
                 {.name = "class_weight",
                  .fallback = "none",
                  .choices = {"none", "balanced"},
                  .help = "Weigh classes equally (balanced) or as they come (none)."}},
      .train = train,
      .load = load_gbdt,
      .source = "Friedman 2001; Chen and Guestrin 2016",
      .gives = Signal::probabilities | Signal::predictions,
      .tasks = {Task::classification, Task::regression},
      .trees = true,
  };
}

}  // namespace querist::learners
