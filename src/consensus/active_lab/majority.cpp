// Ties are kept as sets of classes that each rule makes smaller.
#include "consensus/active_lab/majority.h"

#include <algorithm>
#include <limits>

namespace querist::consensus {

namespace {

struct Tie {
  size_t item;
  std::vector<int32_t> classes;  // Ascending.
};

// Keeps the classes of greatest score.
template <class Score>
void keep_best(Tie& tie, Score score) {
  double best = -std::numeric_limits<double>::infinity();
  std::vector<double> scores;
  for (const int32_t c : tie.classes) scores.push_back(score(c));
  for (const double s : scores) best = std::max(best, s);
  size_t kept = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    if (scores[i] == best) tie.classes[kept++] = tie.classes[i];
  }
  tie.classes.resize(std::max<size_t>(kept, 1));
}

// Sets the labels of items with one most frequent class; returns the others.
std::vector<Tie> count_answers(const AnswerTable& table, std::vector<int32_t>& labels) {
  std::vector<Tie> ties;
  std::vector<size_t> counts(table.classes);
  for (size_t i = 0; i < table.items; ++i) {
    const auto given = table.labels_of(i);
    size_t most = 0;
    for (const int32_t c : given) most = std::max(most, ++counts[static_cast<size_t>(c)]);
    std::vector<int32_t> modes;
    for (const int32_t c : given) {
      if (counts[static_cast<size_t>(c)] == most) modes.push_back(c);  // Once: then it is 0.
      counts[static_cast<size_t>(c)] = 0;
    }
    labels[i] = modes[0];
    if (modes.size() < 2) continue;
    std::sort(modes.begin(), modes.end());
    ties.push_back({i, std::move(modes)});
  }
  return ties;
}

// How often each annotator agrees with the labels of the items that `is_tied` leaves.
std::vector<double> agreements(const AnswerTable& table, const std::vector<int32_t>& labels,
                               const std::vector<bool>& is_tied) {
  std::vector<double> agreed(table.annotators);
  std::vector<double> answers(table.annotators);
  for (size_t i = 0; i < table.items; ++i) {
    if (is_tied[i]) continue;
    for (size_t j = table.offsets[i]; j < table.offsets[i + 1]; ++j) {
      const auto annotator = static_cast<size_t>(table.annotator[j]);
      agreed[annotator] += table.label[j] == labels[i];
      ++answers[annotator];
    }
  }
  double sum = 0;
  size_t known = 0;
  for (size_t a = 0; a < table.annotators; ++a) {
    if (answers[a] == 0) continue;
    agreed[a] /= answers[a];
    sum += agreed[a];
    ++known;
  }
  for (size_t a = 0; a < table.annotators; ++a) {
    if (answers[a] == 0) agreed[a] = known ? sum / static_cast<double>(known) : 0;
  }
  return agreed;
}

double mean_agreement(const AnswerTable& table, const std::vector<double>& agreed, size_t item,
                      int32_t of_class) {
  double sum = 0;
  double count = 0;
  for (size_t j = table.offsets[item]; j < table.offsets[item + 1]; ++j) {
    if (table.label[j] != of_class) continue;
    sum += agreed[static_cast<size_t>(table.annotator[j])];
    ++count;
  }
  return sum / count;
}

}  // namespace

std::vector<int32_t> majority_labels(const AnswerTable& table,
                                     std::span<const double> probabilities) {
  std::vector<int32_t> labels(table.items);
  std::vector<Tie> ties = count_answers(table, labels);
  if (ties.empty()) return labels;
  std::vector<bool> is_tied(table.items);
  for (const Tie& tie : ties) is_tied[tie.item] = true;
  std::vector<double> frequency(table.classes);
  for (const int32_t c : table.label) ++frequency[static_cast<size_t>(c)];

  std::vector<double> agreed;
  for (Tie& tie : ties) {
    const auto row = probabilities.subspan(tie.item * table.classes, table.classes);
    keep_best(tie, [&](int32_t c) { return row[static_cast<size_t>(c)]; });
    if (tie.classes.size() > 1) {
      keep_best(tie, [&](int32_t c) { return -frequency[static_cast<size_t>(c)]; });
    }
    if (tie.classes.size() > 1) {
      if (agreed.empty()) agreed = agreements(table, labels, is_tied);
      keep_best(tie, [&](int32_t c) { return mean_agreement(table, agreed, tie.item, c); });
    }
    labels[tie.item] = tie.classes[0];
  }
  return labels;
}

}  // namespace querist::consensus
