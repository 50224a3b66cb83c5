// Columns, dimensions and words that give the class away by themselves.
#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_map>

#include "base/error.h"
#include "loop/leakage/findings.h"
#include "loop/words.h"
#include "metrics/ranking.h"
#include "metrics/slices.h"
#include "metrics/stratified_folds.h"

namespace querist::loop::leakage {

static constexpr size_t most_rows = 20'000;  // Looked at, the first of them.
static constexpr size_t most_classes = 50;   // Those with the most rows.
static constexpr double least_rows = 10;     // Of a class and of the others.

// Rows that have a label, with it, and the classes that are told from the others.
struct Labelled {
  std::vector<size_t> rows;
  std::vector<int32_t> ids;
  std::vector<double> count;     // By class.
  std::vector<size_t> contrast;  // Classes.
};

static Labelled labelled(std::span<const int32_t> labels, size_t classes) {
  Labelled set;
  set.count.resize(classes);
  for (size_t i = 0; i < labels.size() && set.rows.size() < most_rows; ++i) {
    if (labels[i] < 0) continue;
    set.rows.push_back(i);
    set.ids.push_back(labels[i]);
    set.count[static_cast<size_t>(labels[i])] += 1;
  }
  for (size_t c = 0; c < classes; ++c) {
    const double others = static_cast<double>(set.rows.size()) - set.count[c];
    if (set.count[c] >= least_rows && others >= least_rows) set.contrast.push_back(c);
  }
  std::stable_sort(set.contrast.begin(), set.contrast.end(),
                   [&](size_t a, size_t b) { return set.count[a] > set.count[b]; });
  if (set.contrast.size() > most_classes) set.contrast.resize(most_classes);
  if (classes == 2 && set.contrast.size() == 2) set.contrast = {1};  // The other says the same.
  return set;
}

static void keep_better(TellingFeature& best, size_t cls, double auc) {
  if (std::max(auc, 1 - auc) > best.auc) best = {best.name, cls, std::max(auc, 1 - auc)};
}

static TellingFeature by_number(std::string name, const Labelled& set,
                                const std::vector<double>& numbers) {
  TellingFeature best{std::move(name), 0, 0};
  const metrics::RankedScores ranked(numbers);
  std::vector<double> is(set.rows.size()), is_not(set.rows.size());
  for (const size_t cls : set.contrast) {
    for (size_t i = 0; i < is.size(); ++i) {
      is[i] = set.ids[i] == static_cast<int32_t>(cls);
      is_not[i] = 1 - is[i];
    }
    keep_better(best, cls, ranked.roc_auc(is, is_not));
  }
  return best;
}

// The share of the class among the other folds' rows of the same value, drawn to the class's share
// overall by one row's weight.
static TellingFeature by_category(std::string name, const Labelled& set,
                                  const std::vector<int32_t>& codes, size_t values, uint64_t seed) {
  constexpr size_t folds = 5;
  TellingFeature best{std::move(name), 0, 0};
  const auto fold = metrics::stratified_folds(set.ids, set.count.size(), folds, seed);
  for (const size_t cls : set.contrast) {
    std::vector<double> hits(values * folds), all(values * folds), fold_hits(folds),
        fold_all(folds);
    std::vector<uint8_t> is(set.rows.size());
    for (size_t i = 0; i < is.size(); ++i) {
      is[i] = set.ids[i] == static_cast<int32_t>(cls);
      for (size_t f = 0; f < folds; ++f) {
        if (f == fold[i]) continue;
        const size_t cell = static_cast<size_t>(codes[i]) * folds + f;
        hits[cell] += is[i];
        all[cell] += 1;
        fold_hits[f] += is[i];
        fold_all[f] += 1;
      }
    }
    std::vector<double> scores(set.rows.size());
    for (size_t i = 0; i < is.size(); ++i) {
      const size_t cell = static_cast<size_t>(codes[i]) * folds + fold[i];
      scores[i] = (hits[cell] + fold_hits[fold[i]] / fold_all[fold[i]]) / (all[cell] + 1);
    }
    // Below a half out of fold is chance, not a direction.
    keep_better(best, cls, std::max(0.5, metrics::roc_auc(scores, is)));
  }
  return best;
}

static void tell_columns(const Rows& rows, const Labelled& set, uint64_t seed,
                         std::vector<TellingFeature>& found) {
  constexpr size_t many_bins = 4;  // From so many distinct numbers on they are taken by size.
  for (size_t c = 0; c < rows.columns.size(); ++c) {
    std::vector<std::string> texts;
    for (const size_t row : set.rows) texts.push_back(rows.payloads[row].cells[c]);
    const auto column = metrics::inferred_column(rows.columns[c], texts, many_bins);
    const bool binned = std::ranges::any_of(
        column.values, [](const std::string& value) { return value.starts_with("up to "); });
    TellingFeature best =
        by_category(rows.columns[c], set, column.codes, column.values.size(), seed);
    if (binned) {  // By size; a missing number goes to the end.
      std::vector<double> numbers;
      for (const std::string& text : texts) {
        char* end = nullptr;
        const double number = std::strtod(text.c_str(), &end);
        numbers.push_back(end == text.c_str() || !std::isfinite(number) ? 1e308 : number);
      }
      const TellingFeature sorted = by_number(rows.columns[c], set, numbers);
      if (sorted.auc > best.auc) best = sorted;
    }
    found.push_back(best);
  }
}

static void tell_words(const Rows& rows, const Labelled& set, std::vector<TellingFeature>& found) {
  std::unordered_map<std::string, std::vector<int32_t>> texts_with;  // By word and class.
  for (size_t i = 0; i < set.rows.size(); ++i) {
    const auto words = words_of(rows.payloads[set.rows[i]].text);
    for (const std::string& word : std::set<std::string>(words.begin(), words.end()))
      ++texts_with.try_emplace(word, set.count.size())
            .first->second[static_cast<size_t>(set.ids[i])];
  }
  for (const auto& [word, counts] : texts_with) {
    double total = 0;
    for (const int32_t count : counts) total += count;
    TellingFeature best{word, 0, 0};
    for (const size_t cls : set.contrast) {
      const double others = static_cast<double>(set.rows.size()) - set.count[cls];
      const double hit = counts[cls] / set.count[cls];
      keep_better(best, cls, (1 + hit - (total - counts[cls]) / others) / 2);
    }
    found.push_back(best);
  }
}

std::vector<TellingFeature> telling_features(const Rows& rows, std::span<const int32_t> labels,
                                             size_t classes, uint64_t seed) {
  std::vector<TellingFeature> found;
  const Labelled set = labelled(labels, classes);
  if (set.contrast.empty()) return found;
  if (rows.payload == PayloadKind::columns) tell_columns(rows, set, seed, found);
  if (rows.payload == PayloadKind::text) tell_words(rows, set, found);
  if (rows.payload == PayloadKind::embedding) {
    for (size_t d = 0; d < rows.payloads.front().embedding.size(); ++d) {
      std::vector<double> numbers;
      for (const size_t row : set.rows) numbers.push_back(rows.payloads[row].embedding[d]);
      found.push_back(by_number(fmt::format("dimension {}", d), set, numbers));
    }
  }
  std::sort(found.begin(), found.end(), [](const TellingFeature& a, const TellingFeature& b) {
    return a.auc != b.auc ? a.auc > b.auc : a.name < b.name;
  });
  return found;
}

void single_features(const Rows& rows, uint64_t seed, Report& report) {
  constexpr std::string_view check = "single_feature";
  if (rows.payload == PayloadKind::image)
    return skip(report, check, "no single number of an image is looked at");
  const auto features = telling_features(rows, rows.labels, rows.classes.size(), seed);
  if (features.empty()) return skip(report, check, "it needs ten labelled rows of two classes");
  const bool text = rows.payload == PayloadKind::text;
  Finding finding;
  finding.of = static_cast<int64_t>(features.size());
  for (const TellingFeature& feature : features) {
    if (feature.auc <= telling_auc) break;
    ++finding.count;
    if (finding.examples.size() < shown_examples)
      finding.examples.push_back({{text ? "word" : "column", feature.name},
                                  {"class", rows.classes[feature.cls]},
                                  {"auc", feature.auc}});
  }
  if (finding.count > 0) {
    finding.severity = features.front().auc >= 0.999 ? "high" : "medium";
    finding.sentence = fmt::format(
        "{} of {} {} tell a class almost surely alone (area under the curve above {}), first {} "
        "for {}. If it is written down only once the answer is known, take it out and train anew.",
        finding.count, finding.of, text ? "words" : "columns", telling_auc, features.front().name,
        rows.classes[features.front().cls]);
  }
  conclude(report, check, std::move(finding));
}

}  // namespace querist::loop::leakage
