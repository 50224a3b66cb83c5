// Self-training with classes kept in balance: each round the surest rows of every class, in equal
// numbers, are labelled by the model and trained on with as much weight as the given labels have
// together (after Yarowsky 1995; Zou et al. 2018).
#include <algorithm>
#include <numeric>

#include "pseudo_labelers/pseudo_labeler.h"

namespace querist::pseudo_labelers {

// The `count` rows of each class that the model is surest of; fewer where it predicts fewer. Ties
// go to the lower row.
static PseudoLabels surest(const PartlyLabeled& data, const Matrix& probabilities, double share) {
  std::vector<std::vector<std::pair<float, size_t>>> of_class(data.classes);
  for (size_t i = 0; i < probabilities.rows; ++i) {
    const auto row = probabilities.row(i);
    const auto top = std::max_element(row.begin(), row.end());
    of_class[static_cast<size_t>(top - row.begin())].emplace_back(-*top, i);
  }
  const auto present = static_cast<double>(
      std::ranges::count_if(of_class, [](const auto& rows) { return !rows.empty(); }));
  const auto each = static_cast<size_t>(share * static_cast<double>(probabilities.rows) / present);
  std::vector<std::pair<size_t, int32_t>> chosen;
  for (size_t c = 0; c < of_class.size(); ++c) {
    std::sort(of_class[c].begin(), of_class[c].end());
    for (size_t i = 0; i < std::min(each, of_class[c].size()); ++i) {
      chosen.emplace_back(of_class[c][i].second, static_cast<int32_t>(c));
    }
  }
  std::sort(chosen.begin(), chosen.end());
  PseudoLabels out;
  for (const auto& [index, label] : chosen) {
    out.rows.push_back(data.unlabeled[index]);
    out.labels.push_back(label);
  }
  return out;
}

// Every row whose likeliest class has at least this probability, each as heavy as a given label.
static PseudoLabels above(const PartlyLabeled& data, const Matrix& probabilities,
                          double threshold) {
  PseudoLabels out;
  for (size_t i = 0; i < probabilities.rows; ++i) {
    const auto row = probabilities.row(i);
    const auto top = std::max_element(row.begin(), row.end());
    if (static_cast<double>(*top) < threshold) continue;
    out.rows.push_back(data.unlabeled[i]);
    out.labels.push_back(static_cast<int32_t>(top - row.begin()));
    out.weights.push_back(1);
  }
  return out;
}

static PseudoLabels label(const PartlyLabeled& data, const Params& params, const Trainer& train,
                          Rng&, const Progress& progress) {
  const double threshold = params.number("threshold");
  const auto rounds = params.integer("rounds");
  const double last_share = params.number("share");
  const OwnedFeatures unlabeled = take_rows(data.features, data.unlabeled);
  PseudoLabels pseudo;
  for (int64_t round = 1; round <= rounds; ++round) {
    progress.check();
    OwnedFeatures own;
    Matrix probabilities;
    train(with_pseudo_labels(data, pseudo, own))(unlabeled.view(), probabilities);
    if (threshold > 0) {
      pseudo = above(data, probabilities, threshold);
      if (pseudo.rows.empty()) return pseudo;
      continue;
    }
    pseudo = surest(data, probabilities,
                    last_share * static_cast<double>(round) / static_cast<double>(rounds));
    if (pseudo.rows.empty()) return pseudo;
    weigh_alike(data, params.number("weight"), pseudo);
  }
  return pseudo;
}

PseudoLabeler self_training() {
  return {
      .name = "self_training",
      .summary =
          "The model labels what it is surest of, the same number for every class, and learns "
          "from that.",
      .params = {{.name = "rounds",
                  .fallback = 3,
                  .min = 1,
                  .max = 100,
                  .whole = true,
                  .help = "Models that are trained, each on the labels of the one before."},
                 {.name = "share",
                  .fallback = 0.6,
                  .min = 0.0001,
                  .max = 1,
                  .help = "Share of the unlabelled examples in the last round; it grows evenly."},
                 {.name = "weight",
                  .fallback = 1.0,
                  .min = 0.0001,
                  .max = 1000,
                  .help = "Weight of all pseudo-labels together, in given labels' weight."},
                 {.name = "threshold",
                  .fallback = 0.0,
                  .min = 0,
                  .max = 1,
                  .help = "From above 0: label instead all that the model gives at least this "
                          "probability, of whatever class, each as heavy as a given label (naive "
                          "self-training, which can run away with one class)."}},
      .label = label,
      .source = "Yarowsky 1995; Zou et al. 2018",
  };
}

}  // namespace querist::pseudo_labelers
