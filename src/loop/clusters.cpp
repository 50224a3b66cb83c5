// k-means over a sample, then names.
#include "loop/clusters.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_map>

#include "kernels/k_means.h"
#include "loop/words.h"
#include "storage/examples.h"

namespace querist::loop {

static constexpr size_t sample_size = 2000;
static constexpr size_t shortest_word = 3;  // Letters; shorter ones say little.
static constexpr size_t words_named = 3;
static constexpr double telling = 2;  // Times as often as elsewhere, or a word is only common.

// The words that a cluster's texts hold more often than the others', by share times log ratio.
static std::vector<std::string> word_names(const std::vector<Payload>& texts,
                                           std::span<const int32_t> cluster, size_t clusters) {
  std::unordered_map<std::string, std::vector<double>> texts_with;
  std::vector<double> size(clusters);
  double all = 0;
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto c = static_cast<size_t>(cluster[i]);
    size[c] += 1;
    all += 1;
    const auto words = words_of(texts[i].text);
    for (const std::string& word : std::set<std::string>(words.begin(), words.end())) {
      if (word.size() < shortest_word) continue;
      texts_with.try_emplace(word, clusters).first->second[c] += 1;
    }
  }
  std::vector<std::vector<std::pair<double, std::string>>> ranked(clusters);
  for (const auto& [word, counts] : texts_with) {
    double total = 0;
    for (const double count : counts) total += count;
    for (size_t c = 0; c < clusters; ++c) {
      if (counts[c] < 2) continue;
      const double share = counts[c] / size[c];
      const double elsewhere = (total - counts[c] + 1) / (all - size[c] + 1);
      if (share >= telling * elsewhere)
        ranked[c].emplace_back(-share * std::log(share / elsewhere), word);
    }
  }
  std::vector<std::string> names(clusters);
  for (size_t c = 0; c < clusters; ++c) {
    std::sort(ranked[c].begin(), ranked[c].end());
    for (size_t w = 0; w < std::min(words_named, ranked[c].size()); ++w)
      names[c] += (w ? ", " : "") + ranked[c][w].second;
  }
  return names;
}

static std::vector<std::string> nearest_names(storage::Store& store, const Project& project,
                                              std::span<const int64_t> rows,
                                              const kernels::Clustering& found, size_t clusters) {
  std::vector<size_t> order(rows.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return found.squared[a] < found.squared[b]; });
  std::vector<std::string> names(clusters);
  std::vector<int> named(clusters);
  for (const size_t i : order) {
    const auto c = static_cast<size_t>(found.cluster[i]);
    if (named[c] == 2) continue;
    const auto example = storage::find_example_by_row(store, project.id, rows[i]);
    if (!example) continue;
    names[c] += (named[c]++ ? ", " : "like ") +
                example->external_id.value_or(fmt::format("#{}", example->id));
  }
  return names;
}

metrics::SliceColumn cluster_column(storage::Store& store, const Project& project,
                                    std::span<const int64_t> rows, const storage::FeatureView& view,
                                    size_t clusters) {
  metrics::SliceColumn column{"cluster", {}, std::vector<int32_t>(rows.size(), -1)};
  if (view.geometry.kind == Features::Kind::sparse || rows.size() < clusters) return column;
  const auto seed = mix_seed(static_cast<uint64_t>(project.settings.integer("seed")), 91);
  std::vector<int64_t> used(rows.begin(), rows.end());
  Rng rng(seed);
  const auto others = rng.sample(view.rows, sample_size);
  used.insert(used.end(), others.begin(), others.end());
  const auto found =
      kernels::k_means(view.geometry, used, {}, {.clusters = clusters, .max_iterations = 30}, rng);
  for (size_t i = 0; i < rows.size(); ++i) column.codes[i] = found.cluster[i];
  const bool text = project.payload == PayloadKind::text;
  const auto names =
      text ? word_names(storage::payloads(store, project.id, used), found.cluster, clusters)
           : nearest_names(store, project, used, found, clusters);
  for (size_t c = 0; c < clusters; ++c)  // Numbered, so that no two have one name.
    column.values.push_back(fmt::format("{}{}{}", c + 1, names[c].empty() ? "" : ": ", names[c]));
  return column;
}

}  // namespace querist::loop
