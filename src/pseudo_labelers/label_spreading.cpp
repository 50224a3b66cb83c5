// Label spreading over a graph of near neighbours (Zhou et al. 2004) with class-mass normalisation
// (Zhu, Ghahramani and Lafferty 2003); the head is then trained on what was spread, the surer a row
// the more.
#include <algorithm>
#include <cmath>

#include "pseudo_labelers/pseudo_labeler.h"
#include "pseudo_labelers/spreading/neighbor_graph.h"

namespace querist::pseudo_labelers {

static constexpr double least_weight = 1e-3;  // Rows that are less sure are left out.

// All labelled rows and the unlabelled ones, or an even part of them, ascending.
static std::vector<int64_t> graph_rows(const PartlyLabeled& data, size_t most, Rng& rng) {
  std::vector<int64_t> rows(data.unlabeled.begin(), data.unlabeled.end());
  if (rows.size() > most) {
    std::vector<int64_t> some;
    for (const int64_t at : rng.sample(rows.size(), most))
      some.push_back(rows[static_cast<size_t>(at)]);
    rows = std::move(some);
  }
  rows.insert(rows.end(), data.labeled.begin(), data.labeled.end());
  std::sort(rows.begin(), rows.end());
  return rows;
}

// -1 for a row without a label.
static std::vector<int32_t> seeds_of(const PartlyLabeled& data, std::span<const int64_t> rows) {
  std::vector<int32_t> seeds(rows.size(), -1);
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto at = std::lower_bound(data.labeled.begin(), data.labeled.end(), rows[i]);
    if (at != data.labeled.end() && *at == rows[i])
      seeds[i] = data.labels[static_cast<size_t>(at - data.labeled.begin())];
  }
  return seeds;
}

// Shares of the classes among the labels; one of a hundredth of a label for a class without any.
static std::vector<double> prior_of(const PartlyLabeled& data) {
  std::vector<double> prior(data.classes, 0.01);
  double sum = 0.01 * static_cast<double>(data.classes);
  for (const int32_t label : data.labels) {
    ++prior[static_cast<size_t>(label)];
    ++sum;
  }
  for (double& share : prior) share /= sum;
  return prior;
}

// Scales the weights to `together`, each class's to its share of the given labels: a class whose
// rows are surer must not weigh more for that, for a cautious head would say little else. sums: of
// the weights of each class.
static void share_out(const PartlyLabeled& data, double together, std::span<const double> sums,
                      PseudoLabels& pseudo) {
  const auto prior = prior_of(data);
  double present = 0;
  for (size_t c = 0; c < prior.size(); ++c) present += sums[c] > 0 ? prior[c] : 0;
  for (size_t i = 0; i < pseudo.rows.size(); ++i) {
    const auto c = static_cast<size_t>(pseudo.labels[i]);
    pseudo.weights[i] = static_cast<float>(static_cast<double>(pseudo.weights[i]) * together *
                                           prior[c] / present / sums[c]);
  }
}

static PseudoLabels label(const PartlyLabeled& data, const Params& params, const Trainer&, Rng& rng,
                          const Progress& progress) {
  const auto rows = graph_rows(data, static_cast<size_t>(params.integer("max_rows")), rng);
  const auto seeds = seeds_of(data, rows);
  progress.check();
  const Csr graph =
      spreading_graph(data.geometry, rows, static_cast<size_t>(params.integer("neighbors")));
  progress.check();
  Matrix f = spread(graph, seeds, data.classes, params.number("alpha"),
                    static_cast<size_t>(params.integer("sweeps")));
  normalise_class_mass(f, seeds, prior_of(data));
  PseudoLabels pseudo;
  std::vector<double> sums(data.classes);
  for (size_t i = 0; i < rows.size(); ++i) {
    if (seeds[i] >= 0) continue;
    double entropy = 0;
    for (const float p : f.row(i)) {
      if (p > 0) entropy -= static_cast<double>(p) * std::log(static_cast<double>(p));
    }
    const double weight = 1 - entropy / std::log(static_cast<double>(data.classes));
    if (weight < least_weight) continue;
    const auto row = f.row(i);
    pseudo.rows.push_back(rows[i]);
    pseudo.labels.push_back(
        static_cast<int32_t>(std::max_element(row.begin(), row.end()) - row.begin()));
    pseudo.weights.push_back(static_cast<float>(weight));
    sums[static_cast<size_t>(pseudo.labels.back())] += weight;
  }
  share_out(data, params.number("weight") * static_cast<double>(data.labeled.size()), sums, pseudo);
  return pseudo;
}

PseudoLabeler label_spreading() {
  return {
      .name = "label_spreading",
      .summary =
          "Labels spread from neighbour to neighbour, every class by its share; the surer a row, "
          "the more it counts.",
      .params = {{.name = "neighbors",
                  .fallback = 10,
                  .min = 1,
                  .max = 1000,
                  .whole = true,
                  .help = "Nearest neighbours that each row is joined to."},
                 {.name = "alpha",
                  .fallback = 0.95,
                  .min = 0,
                  .max = 0.9999,
                  .help = "Share that a row takes from its neighbours in each sweep."},
                 {.name = "sweeps",
                  .fallback = 40,
                  .min = 1,
                  .max = 10'000,
                  .whole = true,
                  .help = "Sweeps over the graph."},
                 {.name = "max_rows",
                  .fallback = 30'000,
                  .min = 1,
                  .max = 1e7,
                  .whole = true,
                  .help = "Most unlabelled rows in the graph; a sample of more."},
                 {.name = "weight",
                  .fallback = 1.0,
                  .min = 0.0001,
                  .max = 1000,
                  .help = "Weight of all pseudo-labels together, in given labels' weight."}},
      .trains = false,
      .reads_geometry = true,
      .label = label,
      .source = "Zhou et al. 2004; Zhu, Ghahramani and Lafferty 2003",
  };
}

}  // namespace querist::pseudo_labelers
