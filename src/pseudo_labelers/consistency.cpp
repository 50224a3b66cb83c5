// Consistency: a row is labelled where the model says the same of several disturbed copies of it
// and is sure enough, the bar lower for classes that it is seldom sure of (after Sohn et al. 2020,
// FixMatch; Zhang et al. 2021, FlexMatch), on features as they are.
#include <algorithm>
#include <cmath>

#include "pseudo_labelers/pseudo_labeler.h"

namespace querist::pseudo_labelers {

// A copy of which a share of the numbers is zero and, where dense, all carry noise of `jitter`
// times the root mean square of their row.
static OwnedFeatures disturbed(const OwnedFeatures& rows, double dropout, double jitter, Rng& rng) {
  OwnedFeatures out = rows;
  if (rows.is_sparse) {
    for (float& value : out.sparse.values) value = rng.uniform() < dropout ? 0 : value;
    return out;
  }
  for (size_t i = 0; i < out.dense.rows; ++i) {
    double squares = 0;
    for (const float v : out.dense.row(i))
      squares += static_cast<double>(v) * static_cast<double>(v);
    const double scale = jitter * std::sqrt(squares / static_cast<double>(out.dense.cols));
    for (float& v : out.dense.row(i)) {
      const double noise = scale * rng.normal();
      v = rng.uniform() < dropout ? 0 : static_cast<float>(static_cast<double>(v) + noise);
    }
  }
  return out;
}

// Mean probabilities over the copies, and the class that all of them name, or -1.
static std::vector<int32_t> agreed(const Predictor& predict, const OwnedFeatures& rows,
                                   const Params& params, Rng& rng, Matrix& mean) {
  const auto views = static_cast<size_t>(params.integer("views"));
  std::vector<int32_t> classes;
  for (size_t view = 0; view < views; ++view) {
    const auto copy = disturbed(rows, params.number("dropout"), params.number("jitter"), rng);
    Matrix probabilities;
    predict(copy.view(), probabilities);
    if (view == 0) mean = Matrix(probabilities.rows, probabilities.cols);
    for (size_t i = 0; i < probabilities.rows; ++i) {
      const auto row = probabilities.row(i);
      const auto top = static_cast<int32_t>(std::max_element(row.begin(), row.end()) - row.begin());
      if (view == 0) classes.push_back(top);
      if (classes[i] != top) classes[i] = -1;
      for (size_t c = 0; c < row.size(); ++c) mean.at(i, c) += row[c] / static_cast<float>(views);
    }
  }
  return classes;
}

// The bar of each class: threshold times its number of sure rows over the largest such number.
static std::vector<double> bars(const Matrix& mean, std::span<const int32_t> classes,
                                double threshold) {
  std::vector<double> sure(mean.cols, 0);
  for (size_t i = 0; i < classes.size(); ++i) {
    if (classes[i] < 0) continue;
    const auto c = static_cast<size_t>(classes[i]);
    sure[c] += static_cast<double>(mean.at(i, c)) >= threshold;
  }
  const double most = *std::max_element(sure.begin(), sure.end());
  const double chance = 1 / static_cast<double>(mean.cols);
  for (double& bar : sure) {
    const double learnt = most > 0 ? bar / most : 1;
    bar = std::max(chance, threshold * learnt / (2 - learnt));  // FlexMatch's convex mapping.
  }
  return sure;
}

static PseudoLabels label(const PartlyLabeled& data, const Params& params, const Trainer& train,
                          Rng& rng, const Progress& progress) {
  const OwnedFeatures unlabeled = take_rows(data.features, data.unlabeled);
  PseudoLabels pseudo;
  for (int64_t round = 0; round < params.integer("rounds"); ++round) {
    progress.check();
    OwnedFeatures own;
    Matrix mean;
    const auto predict = train(with_pseudo_labels(data, pseudo, own));
    const auto classes = agreed(predict, unlabeled, params, rng, mean);
    const auto bar = bars(mean, classes, params.number("threshold"));
    pseudo = {};
    for (size_t i = 0; i < classes.size(); ++i) {
      if (classes[i] < 0) continue;
      const auto c = static_cast<size_t>(classes[i]);
      if (static_cast<double>(mean.at(i, c)) < bar[c]) continue;
      pseudo.rows.push_back(data.unlabeled[i]);
      pseudo.labels.push_back(classes[i]);
    }
    if (pseudo.rows.empty()) return pseudo;
    weigh_alike(data, params.number("weight"), pseudo);
  }
  return pseudo;
}

PseudoLabeler consistency() {
  return {
      .name = "consistency",
      .summary =
          "Labels what the model calls the same however it is disturbed, surely enough for its "
          "class.",
      .params = {{.name = "rounds",
                  .fallback = 3,
                  .min = 1,
                  .max = 100,
                  .whole = true,
                  .help = "Models that are trained, each on the labels of the one before."},
                 {.name = "views",
                  .fallback = 3,
                  .min = 2,
                  .max = 100,
                  .whole = true,
                  .help = "Disturbed copies of each example."},
                 {.name = "threshold",
                  .fallback = 0.8,
                  .min = 0,
                  .max = 1,
                  .help = "Mean probability from which the model counts as sure."},
                 {.name = "dropout",
                  .fallback = 0.1,
                  .min = 0,
                  .max = 0.9,
                  .help = "Share of the numbers of a copy that are set to zero."},
                 {.name = "jitter",
                  .fallback = 0.1,
                  .min = 0,
                  .max = 10,
                  .help = "Noise on dense features, in root mean squares of their row."},
                 {.name = "weight",
                  .fallback = 1.0,
                  .min = 0.0001,
                  .max = 1000,
                  .help = "Weight of all pseudo-labels together, in given labels' weight."}},
      .label = label,
      .source = "Sohn et al. 2020; Zhang et al. 2021",
  };
}

}  // namespace querist::pseudo_labelers
