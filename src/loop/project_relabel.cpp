// Answers by row from the store, out-of-fold predictions from the project's learner.
#include "loop/project_relabel.h"

#include <algorithm>
#include <map>
#include <set>

#include "loop/numbered_labels.h"
#include "loop/out_of_fold.h"
#include "loop/project_learner.h"
#include "loop/signals.h"
#include "storage/annotations.h"
#include "storage/examples.h"
#include "storage/selections.h"

namespace querist::loop {

static constexpr size_t at_work = 200;  // Who gave none of the last so many answers has left.
static constexpr int64_t answers_that_count = 10;  // Of each of two annotators at least.

// Answers of an item, annotators numbered by name.
struct Crowd {
  std::vector<int64_t> items, annotators;
  std::vector<int32_t> labels;
  std::vector<uint8_t> eligible;
};

static Crowd crowd_of(storage::Store& store, const Project& project,
                      const NumberedLabels& labeled) {
  const auto given = storage::answers_of_labeled(store, project.id);
  std::map<std::string, size_t> answers;
  for (const storage::GivenAnswer& one : given) ++answers[one.annotator];
  Crowd crowd;
  std::set<std::string> working;
  for (size_t i = given.size() - std::min(given.size(), at_work); i < given.size(); ++i)
    working.insert(given[i].annotator);

  const auto open = storage::open_rows(store, project.id);
  std::vector<size_t> answered(labeled.rows.size(), 0);  // By those who are at work.
  for (const storage::GivenAnswer& one : given) {
    const auto at = std::lower_bound(labeled.rows.begin(), labeled.rows.end(), one.row);
    const auto label = std::find(project.classes.begin(), project.classes.end(), one.value);
    if (at == labeled.rows.end() || *at != one.row || label == project.classes.end()) continue;
    const auto item = at - labeled.rows.begin();
    crowd.items.push_back(item);
    crowd.annotators.push_back(std::distance(answers.begin(), answers.find(one.annotator)));
    crowd.labels.push_back(static_cast<int32_t>(label - project.classes.begin()));
    answered[static_cast<size_t>(item)] += working.count(one.annotator);
  }
  for (size_t i = 0; i < answered.size(); ++i) {
    const bool is_open = std::binary_search(open.begin(), open.end(), labeled.rows[i]);
    crowd.eligible.push_back(!is_open && answered[i] < working.size());
  }
  return crowd;
}

// Every labelled row must have an answer: a label without one (its annotator was erased) leaves.
static NumberedLabels answered_only(const NumberedLabels& labeled, Crowd& crowd) {
  std::vector<int64_t> place(labeled.rows.size(), -1);
  for (const int64_t item : crowd.items) place[static_cast<size_t>(item)] = 0;
  NumberedLabels kept;
  std::vector<uint8_t> eligible;
  for (size_t i = 0; i < place.size(); ++i) {
    if (place[i] < 0) continue;
    place[i] = static_cast<int64_t>(kept.rows.size());
    kept.rows.push_back(labeled.rows[i]);
    kept.ids.push_back(labeled.ids[i]);
    eligible.push_back(crowd.eligible[i]);
  }
  for (int64_t& item : crowd.items) item = place[static_cast<size_t>(item)];
  crowd.eligible = std::move(eligible);
  return kept;
}

// The model's rows for the `most` examples without a label that it is least sure of: no others can
// be among the lowest scores, which rise with the likeliest class's probability.
static Matrix least_sure(storage::Store& store, const Project& project, const Matrix& probabilities,
                         size_t most) {
  const auto labeled = storage::rows_in_state(store, project.id, ExampleState::labeled);
  std::vector<std::pair<float, size_t>> rows;
  size_t next = 0;
  for (size_t row = 0; row < probabilities.rows; ++row) {
    while (next < labeled.size() && labeled[next] < static_cast<int64_t>(row)) ++next;
    if (next < labeled.size() && labeled[next] == static_cast<int64_t>(row)) continue;
    rows.emplace_back(std::ranges::max(probabilities.row(row)), row);
  }
  most = std::min(most, rows.size());
  std::partial_sort(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(most), rows.end());
  Matrix least(most, probabilities.cols);
  for (size_t i = 0; i < most; ++i)
    std::ranges::copy(probabilities.row(rows[i].second), least.row(i).begin());
  return least;
}

// Whether two annotators at least have answered enough to be compared.
static bool has_crowd(storage::Store& store, const Project& project) {
  const auto counts = storage::answers_by_annotator(store, project.id);
  return std::ranges::count_if(counts, [](int64_t count) { return count >= answers_that_count; }) >=
         2;
}

RelabelRows rows_to_relabel(Workshop& workshop, const Project& project, const LoadedModel& model,
                            const storage::FeatureView& view, size_t batch,
                            const Progress& progress) {
  const auto strategy = strategies::parse_strategy(project.settings.text("strategy"));
  if (project.settings.text("relabel") == "off" || strategy.card->name != "auto") return {};
  storage::Store& store = workshop.store();
  if (!has_crowd(store, project)) return {};
  NumberedLabels labeled = numbered(storage::labels(store, project.id, storage::LabelUse::training),
                                    project.classes, static_cast<int64_t>(view.rows));
  Crowd crowd = crowd_of(store, project, labeled);
  if (crowd.items.empty()) return {};
  labeled = answered_only(labeled, crowd);
  const OwnedFeatures features = take_rows(view.features, labeled.rows);
  const Dataset data = {features.view(), labeled.ids, {}, project.classes.size()};
  const auto learner = project_learner(store, project);
  const auto held_out =
      out_of_fold(*learner.card, data, learner.params, *model.scorer().plain,
                  static_cast<uint64_t>(project.settings.integer("seed")), progress);
  if (!held_out) return {};
  const Matrix unlabeled = least_sure(store, project, workshop.probabilities(model, view), batch);
  const Relabel relabel =
      items_to_relabel({.answers = {crowd.items, crowd.annotators, crowd.labels},
                        .out_of_fold = *held_out,
                        .unlabeled = unlabeled,
                        .eligible = crowd.eligible},
                       batch);
  RelabelRows result;
  for (const size_t item : relabel.items) result.rows.push_back(labeled.rows[item]);
  result.sentence = relabel.sentence;
  return result;
}

}  // namespace querist::loop
