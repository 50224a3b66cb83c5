// Co-training (Blum and Mitchell 1998): a model of each of two views labels what it is surest of,
// the same number for every class, for the other.
#include <algorithm>
#include <map>

#include "pseudo_labelers/pseudo_labeler.h"

namespace querist::pseudo_labelers {

// Rows that one view has labelled so far.
using Labelled = std::map<int64_t, int32_t>;

static PseudoLabels as_labels(const PartlyLabeled& data, const Labelled& given, double share) {
  PseudoLabels out;
  for (const auto& [row, label] : given) {
    out.rows.push_back(row);
    out.labels.push_back(label);
  }
  weigh_alike(data, share, out);
  return out;
}

// Adds to `given` the `each` rows of every class that the view's model is surest of and that it has
// not labelled yet.
static void teach(const PartlyLabeled& view, const PseudoLabels& known, size_t each,
                  const Trainer& train, Labelled& given) {
  OwnedFeatures own;
  Matrix probabilities;
  const auto predict = train(with_pseudo_labels(view, known, own));
  predict(take_rows(view.features, view.unlabeled).view(), probabilities);
  std::vector<std::vector<std::pair<float, int64_t>>> of_class(view.classes);
  for (size_t i = 0; i < probabilities.rows; ++i) {
    if (given.contains(view.unlabeled[i])) continue;
    const auto row = probabilities.row(i);
    const auto top = std::max_element(row.begin(), row.end());
    of_class[static_cast<size_t>(top - row.begin())].emplace_back(-*top, view.unlabeled[i]);
  }
  for (size_t c = 0; c < of_class.size(); ++c) {
    auto& rows = of_class[c];
    std::sort(rows.begin(), rows.end());
    for (size_t i = 0; i < std::min(each, rows.size()); ++i)
      given[rows[i].second] = static_cast<int32_t>(c);
  }
}

static PseudoLabels label(const PartlyLabeled& data, const Params& params, const Trainer& train,
                          Rng&, const Progress& progress) {
  PartlyLabeled second = data;
  second.features = data.second_view;
  const double share = params.number("weight");
  const auto rounds = static_cast<size_t>(params.integer("rounds"));
  const double wanted = params.number("share") * static_cast<double>(data.unlabeled.size());
  const auto each =
      std::max<size_t>(1, static_cast<size_t>(wanted / static_cast<double>(rounds * data.classes)));
  Labelled of_first, of_second;
  for (size_t round = 0; round < rounds; ++round) {
    progress.check();
    const auto for_first = as_labels(data, of_second, share);
    const auto for_second = as_labels(data, of_first, share);
    teach(data, for_first, each, train, of_first);
    teach(second, for_second, each, train, of_second);
  }
  // What both said, or one alone; where they differ, nothing.
  Labelled agreed = of_second;
  for (const auto& [row, label] : of_first) {
    const auto [other, is_new] = agreed.try_emplace(row, label);
    if (!is_new && other->second != label) agreed.erase(other);
  }
  return as_labels(data, agreed, share);
}

PseudoLabeler co_training() {
  return {
      .name = "co_training",
      .summary = "Two models that see different columns label examples for each other.",
      .params = {{.name = "rounds",
                  .fallback = 5,
                  .min = 1,
                  .max = 100,
                  .whole = true,
                  .help = "Times that both models are trained."},
                 {.name = "share",
                  .fallback = 0.4,
                  .min = 0.0001,
                  .max = 1,
                  .help = "Share of the unlabelled examples that each model labels in the end."},
                 {.name = "weight",
                  .fallback = 1.0,
                  .min = 0.0001,
                  .max = 1000,
                  .help = "Weight of all pseudo-labels together, in given labels' weight."}},
      .needs_second_view = true,
      .label = label,
      .source = "Blum and Mitchell 1998",
  };
}

}  // namespace querist::pseudo_labelers
