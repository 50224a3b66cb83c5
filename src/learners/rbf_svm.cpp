// C-support vector classification with a Gaussian kernel (Cortes and Vapnik 1995), one classifier a
// pair of classes, by sequential minimal optimisation as libsvm does it (Fan, Chen and Lin 2005),
// with Platt's probabilities (2000).
#include <algorithm>
#include <cmath>

#include "base/threads.h"
#include "learners/learner.h"
#include "learners/rbf_svm/pair.h"

namespace querist::learners {

// One classifier a pair: more classes than this are another learner's.
static constexpr size_t most_classes = 1000;

namespace {

// Which of the pair's own features there are, by the classes present.
struct ClassRows {
  std::vector<int32_t> present;
  std::vector<std::vector<int64_t>> rows;  // Of each class present, ascending.
  std::vector<double> factors;             // Class weights.
};

}  // namespace

static ClassRows class_rows(const Dataset& data, bool balanced) {
  ClassRows out;
  std::vector<std::vector<int64_t>> by_class(data.classes);
  for (size_t i = 0; i < data.labels.size(); ++i)
    by_class[static_cast<size_t>(data.labels[i])].push_back(static_cast<int64_t>(i));
  for (size_t c = 0; c < data.classes; ++c) {
    if (by_class[c].empty()) continue;
    out.present.push_back(static_cast<int32_t>(c));
    out.rows.push_back(std::move(by_class[c]));
  }
  if (out.present.size() > most_classes) {
    refuse("rbf_svm trains one classifier a pair of classes, so at most {} classes, not {}",
           most_classes, out.present.size());
  }
  const auto n = static_cast<double>(data.labels.size());
  for (const auto& rows : out.rows) {
    const double share = static_cast<double>(out.present.size() * rows.size());
    out.factors.push_back(balanced ? n / share : 1);
  }
  return out;
}

static PairRows pair_rows(const Dataset& data, const ClassRows& classes, size_t low, size_t high) {
  PairRows out;
  std::merge(classes.rows[low].begin(), classes.rows[low].end(), classes.rows[high].begin(),
             classes.rows[high].end(), std::back_inserter(out.rows));
  for (const int64_t row : out.rows) {
    const auto i = static_cast<size_t>(row);
    const bool positive = data.labels[i] == classes.present[high];
    out.positive.push_back(positive);
    const double weight = data.weights.empty() ? 1 : double{data.weights[i]};
    out.weights.push_back(weight * classes.factors[positive ? high : low]);
  }
  return out;
}

// The mean square of the entries' differences from their mean, zeros that are not stored included.
static double variance_of_entries(const Features& x) {
  double sum = 0;
  double squares = 0;
  const auto add = [&](float value) {
    sum += double{value};
    squares += double{value} * double{value};
  };
  if (x.kind == Features::Kind::sparse) {
    for (int64_t at = x.sparse.offsets[0]; at < x.sparse.offsets[x.rows]; ++at)
      add(x.sparse.values[at]);
  } else {
    for (size_t i = 0; i < x.rows * x.cols; ++i)
      add(x.kind == Features::Kind::half ? half_to_float(x.half[i]) : x.dense[i]);
  }
  const auto count = static_cast<double>(x.rows) * static_cast<double>(x.cols);
  return squares / count - sum / count * (sum / count);
}

static double gamma_of(const Dataset& data, const Params& params) {
  const double given = params.number("gamma");
  if (given > 0) return given;
  const double by_columns = 1 / static_cast<double>(data.features.cols);
  if (params.text("gamma_rule") == "auto") return by_columns;
  const double variance = variance_of_entries(data.features);
  return variance > 0 && std::isfinite(by_columns / variance) ? by_columns / variance : 1;
}

static SvmSettings settings_of(const Dataset& data, const Params& params, uint64_t seed) {
  SvmSettings settings;
  settings.strength = params.number("C");
  settings.gamma = gamma_of(data, params);
  settings.tolerance = params.number("tolerance");
  settings.fit_sigmoid = params.text("probabilities") == "platt";
  settings.cache_bytes = static_cast<size_t>(params.integer("cache_mb")) << 20;
  settings.seed = seed;
  return settings;
}

// Every row that is a support vector of some pair, once, with each pair's coefficients.
static SvmParts collect(const Dataset& data, const ClassRows& classes,
                        const std::vector<PairRows>& rows, const std::vector<TrainedPair>& pairs,
                        const SvmSettings& settings) {
  SvmParts parts;
  parts.classes = data.classes;
  parts.features = data.features.cols;
  parts.gamma = settings.gamma;
  parts.trained_rows = data.features.rows;
  parts.fitted = settings.fit_sigmoid;
  parts.present = classes.present;
  std::vector<uint32_t> place(data.features.rows);
  std::vector<int64_t> vectors;
  for (size_t p = 0; p < pairs.size(); ++p) {
    for (size_t i = 0; i < rows[p].rows.size(); ++i) {
      if (pairs[p].betas[i] != 0) place[static_cast<size_t>(rows[p].rows[i])] = 1;
    }
  }
  for (size_t i = 0; i < place.size(); ++i) {
    if (place[i] == 0) continue;
    place[i] = static_cast<uint32_t>(vectors.size());
    vectors.push_back(static_cast<int64_t>(i));
  }
  for (size_t p = 0; p < pairs.size(); ++p) {
    for (size_t i = 0; i < rows[p].rows.size(); ++i) {
      if (pairs[p].betas[i] == 0) continue;
      parts.rows.push_back(place[static_cast<size_t>(rows[p].rows[i])]);
      parts.betas.push_back(pairs[p].betas[i]);
    }
    parts.starts.push_back(parts.rows.size());
    parts.biases.push_back(pairs[p].bias);
    parts.slopes.push_back(pairs[p].sigmoid.slope);
    parts.offsets.push_back(pairs[p].sigmoid.offset);
  }
  OwnedFeatures owned = take_rows(data.features, vectors);
  parts.is_sparse = owned.is_sparse;
  parts.dense = std::move(owned.dense);
  parts.dense.cols = parts.features;
  parts.sparse = std::move(owned.sparse);
  parts.sparse.cols = parts.features;
  return parts;
}

static std::unique_ptr<Model> train(const Dataset& data, const Params& params,
                                    const Model* warm_start, uint64_t seed,
                                    const Progress& progress) {
  const auto* earlier = dynamic_cast<const SvmModel*>(warm_start);
  if (warm_start && !earlier) refuse("the model to start from is no support vector machine");
  const ClassRows classes = class_rows(data, params.text("class_weight") == "balanced");
  const SvmSettings settings = settings_of(data, params, seed);
  std::vector<PairRows> rows;
  std::vector<std::pair<int32_t, int32_t>> names;
  for (size_t a = 0; a < classes.present.size(); ++a) {
    for (size_t b = a + 1; b < classes.present.size(); ++b) {
      rows.push_back(pair_rows(data, classes, a, b));
      names.emplace_back(classes.present[a], classes.present[b]);
    }
  }
  std::vector<TrainedPair> pairs(rows.size());
  const auto train_at = [&](size_t p) {
    const auto [low, high] = names[p];
    std::vector<double> start;
    if (earlier) start = earlier_betas(*earlier, low, high, data.features, rows[p].rows);
    pairs[p] = train_pair(data.features, rows[p], start, settings, progress);
  };
  if (pairs.size() == 1) {
    train_at(0);  // Its kernel is what the threads share.
  } else {
    parallel_for(pairs.size(), 1, [&](size_t begin, size_t end) {
      for (size_t p = begin; p < end; ++p) train_at(p);
    });
  }
  return std::make_unique<SvmModel>(collect(data, classes, rows, pairs, settings));
}

static ParamSpecs settings() {
  return {
      {.name = "C",
       .fallback = 1.0,
       .min = 1e-9,
       .max = 1e9,
       .help = "How strongly errors count against a wide margin."},
      {.name = "gamma",
       .fallback = 0.0,
       .min = 0,
       .max = 1e12,
       .help = "Width of the Gaussian kernel; 0: by gamma_rule.",
       .automatic = true},
      {.name = "gamma_rule",
       .fallback = "auto",
       .choices = {"auto", "scale"},
       .help =
           "Without gamma: one by the number of features (auto), by their variance too (scale)."},
      {.name = "probabilities",
       .fallback = "platt",
       .choices = {"platt", "decision"},
       .help = "A sigmoid fitted to held-out decision values (platt; as they are where labels are "
               "so few that it would turn classes round), or the decision values squashed as they "
               "are (decision): cheaper, the same ranking, not calibrated."},
      {.name = "class_weight",
       .fallback = "none",
       .choices = {"none", "balanced"},
       .help = "Weigh classes equally (balanced) or as they come (none)."},
      {.name = "tolerance",
       .fallback = 1e-4,
       .min = 1e-9,
       .max = 1,
       .help = "Training ends when no pair of rows violates the optimum's conditions by more."},
      {.name = "cache_mb",
       .fallback = 256,
       .min = 1,
       .max = 1e6,
       .whole = true,
       .help = "Memory for rows of the kernel, for each pair of classes in training."},
  };
}

Learner rbf_svm() {
  return {
      .name = "rbf_svm",
      .summary =
          "Support vector machine with a Gaussian kernel; strong on small tables of scaled "
          "numbers, starts from the earlier model's support vectors.",
      .params = settings(),
      .train = train,
      .load = load_svm_model,
      .source = "Cortes and Vapnik 1995; Fan, Chen and Lin 2005; Platt 2000",
  };
}

}  // namespace querist::learners
