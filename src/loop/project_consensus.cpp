// Answers by row from the store, and the labels that differ back into it.
#include "loop/project_consensus.h"

#include <algorithm>
#include <map>

#include "base/expression.h"
#include "loop/numbered_labels.h"
#include "storage/annotations.h"
#include "storage/events.h"
#include "storage/models.h"
#include "storage/projects.h"

namespace querist::loop {

static constexpr const char* key = "consensus";
static constexpr std::string_view plain = "majority_vote";
static constexpr double least_lead = 1e-9;  // Less is rounding: the label stays.

ChosenConsensus parse_consensus(std::string_view text) {
  const Expression expression = parse_expression(text);
  ChosenConsensus chosen{&consensus::find(expression.name), {}};
  if (chosen.method->reads_probabilities) {
    refuse(
        "{} reads a model's probabilities, so its labels cannot train and measure that model: "
        "choose another consensus method",
        chosen.method->name);
  }
  chosen.params = Params(chosen.method->params);
  for (const auto& [name, value] : expression.settings) chosen.params.set_text(name, value);
  return chosen;
}

namespace {

// The labelled examples that have answers, as items in ascending row, and those answers in the
// order in which they were given.
struct Crowd {
  std::vector<Labelled> labels;
  std::vector<int64_t> items, annotators;
  std::vector<int32_t> answers;
  std::vector<size_t> counts;  // Answers of each item.
};

}  // namespace

static Crowd crowd_of(storage::Store& store, const Project& project) {
  const auto labels = storage::labels(store, project.id, storage::LabelUse::all);
  std::map<int64_t, std::vector<std::pair<std::string, int32_t>>> by_row;
  std::map<std::string, int64_t> numbers;
  for (const storage::GivenAnswer& one : storage::answers_of_labeled(store, project.id)) {
    const auto label = std::ranges::find(project.classes, one.value);
    if (label == project.classes.end()) continue;
    numbers[one.annotator] = 0;
    by_row[one.row].emplace_back(one.annotator,
                                 static_cast<int32_t>(label - project.classes.begin()));
  }
  int64_t next = 0;
  for (auto& [name, number] : numbers) number = next++;
  Crowd crowd;
  for (const Labelled& label : labels) {
    const auto given = by_row.find(label.row);
    if (given == by_row.end()) continue;
    for (const auto& [annotator, answer] : given->second) {
      crowd.items.push_back(static_cast<int64_t>(crowd.labels.size()));
      crowd.annotators.push_back(numbers[annotator]);
      crowd.answers.push_back(answer);
    }
    crowd.labels.push_back(label);
    crowd.counts.push_back(given->second.size());
  }
  return crowd;
}

// Of each item the class with the most answers, among equals the one that was given first.
static std::vector<int32_t> majorities(const Crowd& crowd, size_t classes) {
  std::vector<int32_t> found;
  std::vector<size_t> votes(classes);
  size_t at = 0;
  for (const size_t count : crowd.counts) {
    std::ranges::fill(votes, 0);
    const auto answers = std::span(crowd.answers).subspan(at, count);
    for (const int32_t answer : answers) ++votes[static_cast<size_t>(answer)];
    const auto most = std::ranges::max(votes);
    found.push_back(*std::ranges::find_if(
        answers, [&](int32_t answer) { return votes[static_cast<size_t>(answer)] == most; }));
    at += count;
  }
  return found;
}

// Of each item the likeliest class; where its present label is as likely, that one.
static std::vector<int32_t> likeliest(const Crowd& crowd, const ChosenConsensus& chosen,
                                      const std::vector<std::string>& classes) {
  const auto found =
      consensus::aggregate(*chosen.method, {crowd.items, crowd.annotators, crowd.answers},
                           crowd.labels.size(), classes.size(), {}, chosen.params);
  std::vector<int32_t> labels = found.labels;
  for (size_t i = 0; i < labels.size(); ++i) {
    const auto present = std::ranges::find(classes, crowd.labels[i].label) - classes.begin();
    const auto probability = [&](std::ptrdiff_t cls) {
      return found.probabilities[i * classes.size() + static_cast<size_t>(cls)];
    };
    if (static_cast<size_t>(present) < classes.size() &&
        probability(labels[i]) <= probability(present) + least_lead)
      labels[i] = static_cast<int32_t>(present);
  }
  return labels;
}

// Those of the changes whose example still has the label that it had.
static void store_labels(storage::Store& store, const Project& project, const Crowd& crowd,
                         const std::vector<int32_t>& labels) {
  store.atomically([&] {
    std::map<int64_t, std::string> present;
    for (const Labelled& one : storage::labels(store, project.id, storage::LabelUse::all))
      present[one.example_id] = one.label;
    std::vector<std::pair<int64_t, std::string>> changes;
    int64_t overlapping = 0;
    for (size_t i = 0; i < labels.size(); ++i) {
      if (crowd.counts[i] < 2) continue;
      ++overlapping;
      const Labelled& old = crowd.labels[i];
      const std::string& label = project.classes[static_cast<size_t>(labels[i])];
      const auto now = present.find(old.example_id);
      if (label == old.label || now == present.end() || now->second != old.label) continue;
      changes.emplace_back(old.example_id, label);
    }
    if (changes.empty()) return;
    const int64_t sequence = storage::record(store, "labels_aggregated", project.id, "querist",
                                             {{"consensus", project.settings.text(key)},
                                              {"examples", overlapping},
                                              {"changed", changes.size()}});
    for (const auto& [example_id, label] : changes)
      storage::set_example_state(store, example_id, ExampleState::labeled, label, sequence);
  });
}

void aggregate_labels(storage::Store& store, int64_t project_id) {
  Project project;
  Crowd crowd;
  store.snapshot([&] {
    project = storage::project(store, project_id);
    crowd = {};
    const bool is_plain = project.settings.text(key) == plain;
    const auto newest = is_plain ? storage::latest_model(store, project_id) : std::nullopt;
    if (is_plain && !(newest && newest->data.contains(key))) return;
    crowd = crowd_of(store, project);
  });
  if (std::ranges::none_of(crowd.counts, [](size_t count) { return count > 1; })) return;
  const ChosenConsensus chosen = parse_consensus(project.settings.text(key));
  const auto labels = chosen.method->name == plain ? majorities(crowd, project.classes.size())
                                                   : likeliest(crowd, chosen, project.classes);
  store_labels(store, project, crowd, labels);
}

void note_consensus(const Project& project, ModelVersion& version) {
  const std::string& setting = project.settings.text(key);
  if (setting != plain) version.data[key] = setting;
}

}  // namespace querist::loop
