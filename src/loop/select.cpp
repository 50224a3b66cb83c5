// The selecting step: scores to a stored selection with its audit share, and its replay from the
// store.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>

#include "base/stop_point.h"
#include "loop/audit.h"
#include "loop/cycle.h"
#include "loop/numbered_labels.h"
#include "loop/project_arbiter.h"
#include "loop/signals.h"
#include "loop/usable_model.h"
#include "storage/annotations.h"
#include "storage/cycles.h"
#include "storage/events.h"
#include "storage/examples.h"
#include "storage/projects.h"
#include "storage/replay.h"
#include "storage/selections.h"
#include "strategies/door/expression.h"

namespace querist::loop {

static constexpr size_t first_batch = 10;  // Examples, where auto begins with few classes.

// All that a choice depends on; the same values give the same rows.
struct Choice {
  std::string strategy;
  size_t batch_size = 0;
  double audit_share = 0;
  uint64_t seed = 0;
  int64_t through_event = 0;
  int64_t rows = 0;    // Examples there were.
  size_t classes = 0;  // Classes there were.
  std::optional<int64_t> model_version;
  bool usable = true;            // Whether the strategy is shown what the model says.
  bool trees = false;            // Whether the model is one of trees.
  std::vector<int64_t> skipped;  // Rows that someone skipped unasked.
};

struct Chosen {
  std::vector<SelectionItem> items;  // In the order to ask about them.
  std::vector<int32_t> arms;         // One an item, where the strategy is an arbiter; -1: none.
  int64_t candidates = 0;
};

// Rows that nobody was asked about and that someone skipped all the same: nobody would be given
// them.
static std::vector<int64_t> skipped_unasked(storage::Store& store, int64_t project_id,
                                            int64_t through_event) {
  auto rows = storage::rows_in_state(store, project_id, ExampleState::skipped);
  if (rows.empty()) return rows;
  auto selected = storage::selected_rows(store, project_id, through_event);
  std::sort(selected.begin(), selected.end());
  std::erase_if(
      rows, [&](int64_t row) { return std::binary_search(selected.begin(), selected.end(), row); });
  return rows;
}

// Rows below `rows` that were neither labelled nor skipped nor ever selected when the event was
// written.
static std::vector<int64_t> candidates_as_of(storage::Store& store, int64_t project_id,
                                             const Choice& choice,
                                             const std::vector<Labelled>& labels) {
  std::vector<char> taken(static_cast<size_t>(choice.rows), 0);
  const auto take = [&](int64_t row) {
    if (row < choice.rows) taken[static_cast<size_t>(row)] = 1;
  };
  for (const Labelled& label : labels) take(label.row);
  for (const int64_t row : choice.skipped) take(row);
  for (const int64_t row : storage::selected_rows(store, project_id, choice.through_event))
    take(row);
  std::vector<int64_t> rows;
  for (int64_t row = 0; row < choice.rows; ++row) {
    if (!taken[static_cast<size_t>(row)]) rows.push_back(row);
  }
  return rows;
}

// Draws the audit rows of a batch out of the candidates, uniformly.
static std::vector<SelectionItem> draw_audit(std::vector<int64_t>& candidates, double share,
                                             size_t batch, Rng& rng) {
  std::vector<SelectionItem> items;
  const AuditCount count = audit_count(share, batch, rng);
  const double propensity =
      count.expected / std::max<double>(1, static_cast<double>(candidates.size()));
  std::vector<int64_t> drawn;
  for (const int64_t at : rng.sample(candidates.size(), count.drawn))
    drawn.push_back(candidates[static_cast<size_t>(at)]);
  for (const int64_t row : drawn) {
    SelectionItem item;
    item.row = row;
    item.propensity = propensity;
    item.audit = true;
    items.push_back(item);
    candidates.erase(std::lower_bound(candidates.begin(), candidates.end(), row));
  }
  return items;
}

static void add_predictions(std::vector<SelectionItem>& items, const Matrix& probabilities,
                            const std::vector<std::string>& classes) {
  for (SelectionItem& item : items) {
    const auto p = probabilities.row(static_cast<size_t>(item.row));
    const auto top = static_cast<size_t>(std::max_element(p.begin(), p.end()) - p.begin());
    item.prediction = classes[top];
    item.confidence = p[top];
  }
}

// So that nobody can tell an audit example by its place.
static void shuffle(Chosen& chosen, size_t audit, std::span<const int32_t> arms, Rng& rng) {
  std::unordered_map<int64_t, int32_t> arm_of;
  for (size_t i = 0; i < arms.size(); ++i) arm_of[chosen.items[audit + i].row] = arms[i];
  rng.shuffle(chosen.items);
  if (arms.empty()) return;
  for (const SelectionItem& item : chosen.items) {
    const auto found = arm_of.find(item.row);
    chosen.arms.push_back(found == arm_of.end() ? -1 : found->second);
  }
}

// What the choice's model says of the pool's rows; empty without a model.
struct ShownModel {
  const Matrix* probabilities = nullptr;
  Matrix own;      // Of a replay's older model; the workshop keeps the newest scores.
  Matrix members;  // (members * rows, classes), where the strategy reads them.
  size_t member_count = 0;
};

static ShownModel model_of(Workshop& workshop, const Choice& choice,
                           const storage::FeatureView& view,
                           const strategies::QueryStrategy& strategy) {
  ShownModel shown;
  if (!choice.model_version) return shown;
  LoadedModel model = workshop.newest_model();
  if (model.version == *choice.model_version) {
    shown.probabilities = &workshop.probabilities(model, view);
  } else {
    model = workshop.load_model(*choice.model_version);
    model.scorer()->probabilities(view.features, shown.own);
  }
  const bool reads = has(strategy.needs | strategy.reads, Signal::member_probabilities);
  const learners::Model& scorer = *model.scorer();
  if (reads && choice.usable && scorer.members() > 0) {
    Features then = view.features;  // The rows that there were: members lie one after the other.
    then.rows = then.sparse.rows = static_cast<size_t>(choice.rows);
    scorer.member_probabilities(then, shown.members);
    shown.member_count = scorer.members();
  }
  return shown;
}

static Chosen choose(Workshop& workshop, const Project& project, const Choice& choice,
                     const storage::FeatureView& view, std::any* memory) {
  const auto strategy = strategies::parse_strategy(choice.strategy);
  const auto labels = storage::labels_as_of(workshop.store(), project.id, storage::LabelUse::all,
                                            choice.through_event);
  auto candidates = candidates_as_of(workshop.store(), project.id, choice, labels);
  Chosen chosen;
  chosen.candidates = static_cast<int64_t>(candidates.size());
  const size_t batch = std::min(choice.batch_size, candidates.size());
  Rng rng(choice.seed);
  chosen.items = draw_audit(candidates, choice.audit_share, batch, rng);
  const size_t audit = chosen.items.size();

  ShownModel shown = model_of(workshop, choice, view, *strategy.card);
  const Matrix* probabilities = shown.probabilities;
  if (!probabilities && choice.model_version) probabilities = &shown.own;
  Pool pool;
  pool.size = static_cast<size_t>(choice.rows);
  pool.classes = probabilities ? probabilities->cols : choice.classes;
  pool.candidates = candidates;
  auto trained_on = labels;
  std::erase_if(trained_on, [](const Labelled& label) { return label.audit; });
  // Without those of classes that were added since the model was trained.
  const auto known = std::span(project.classes).first(pool.classes);
  const NumberedLabels given = numbered(trained_on, known, choice.rows);
  pool.labeled = given.rows;
  pool.labels = given.ids;
  pool.embeddings = view.geometry;
  pool.embeddings.rows = pool.size;
  pool.memory = memory;
  pool.checked = true;  // The workshop checks features as it stores them, the model its output.
  pool.trees = choice.trees;
  if (probabilities && choice.usable) {
    pool.probabilities = MatrixView(pool.size, probabilities->cols, probabilities->values.data());
  }
  if (shown.member_count > 0) {
    pool.member_probabilities = {shown.member_count, pool.size, shown.members.cols,
                                 shown.members.values.data()};
  }
  const auto selection =
      strategies::select_batch(*strategy.card, pool, batch - audit, strategy.params, rng.next64());
  for (size_t i = 0; i < selection.rows.size(); ++i) {
    SelectionItem item;
    item.row = selection.rows[i];
    item.utility = selection.utilities[i];
    item.propensity = selection.propensities[i];
    chosen.items.push_back(item);
  }
  shuffle(chosen, audit, selection.arms, rng);
  if (probabilities) add_predictions(chosen.items, *probabilities, project.classes);
  return chosen;
}

// Whether the model is worth asking, by cross-validation over the labels that it may be trained on.
static bool model_is_usable(Workshop& workshop, const Project& project,
                            const learners::ChosenLearner& learner, int64_t through_event,
                            const storage::FeatureView& view) {
  const auto labels = numbered(storage::labels_as_of(workshop.store(), project.id,
                                                     storage::LabelUse::training, through_event),
                               project.classes, static_cast<int64_t>(view.rows));
  const OwnedFeatures features = take_rows(view.features, labels.rows);
  Dataset data;
  data.features = features.view();
  data.labels = labels.ids;
  data.classes = project.classes.size();
  return is_usable(*learner.card, data, learner.params,
                   static_cast<uint64_t>(project.settings.integer("seed")));
}

// Before the first model ten labels, or one a class, are enough to begin with, unless the project
// says how many.
static size_t batch_size_now(const Project& project, const strategies::QueryStrategy& strategy,
                             const Cycle& cycle) {
  const auto set = static_cast<size_t>(project.settings.integer("batch_size"));
  const bool automatic = strategy.name == "auto" && !project.settings.changed("batch_size");
  if (!automatic || cycle.model_version || project.classes.empty()) return set;
  return std::max<size_t>(project.classes.size(), first_batch);
}

static Choice choice_now(const Cycle& cycle, Workshop& workshop, const Project& project,
                         const storage::FeatureView& view) {
  storage::Store& store = workshop.store();
  const auto learner = project_learner(project);
  Choice choice;
  choice.strategy = project.settings.text("strategy");
  const auto& strategy = *strategy_for(choice.strategy, *learner.card).card;
  choice.batch_size = batch_size_now(project, strategy, cycle);
  choice.audit_share =
      audit_share_now(project.settings.number("audit_share"), project.counts.audit);
  choice.seed = mix_seed(static_cast<uint64_t>(project.settings.integer("seed")),
                         static_cast<uint64_t>(cycle.id)) >>
                1;
  choice.through_event = storage::last_sequence(store);
  choice.rows = static_cast<int64_t>(view.rows);
  choice.classes = project.classes.size();
  choice.model_version = cycle.model_version;
  choice.skipped = skipped_unasked(store, project.id, choice.through_event);
  choice.trees = learner.card->trees;
  choice.usable = !strategy.handles_no_model || !cycle.model_version ||
                  model_is_usable(workshop, project, learner, choice.through_event, view);
  return choice;
}

static StoredSelection stored(const Choice& choice, const Chosen& chosen, const Cycle& cycle,
                              Workshop& workshop) {
  StoredSelection selection;
  selection.project_id = cycle.project_id;
  selection.cycle_id = cycle.id;
  selection.strategy = choice.strategy;
  selection.seed = static_cast<int64_t>(choice.seed);
  selection.model_version = choice.model_version;
  selection.pool_size = chosen.candidates;
  selection.through_event = choice.through_event;
  selection.data = {{"batch_size", choice.batch_size},
                    {"audit_share", choice.audit_share},
                    {"rows", choice.rows},
                    {"featurizer_version", workshop.featurizer_version()},
                    {"classes", choice.classes},
                    {"usable", choice.usable},
                    {"trees", choice.trees},
                    {"skipped", choice.skipped}};
  if (!chosen.arms.empty()) selection.data["arms"] = arms_json(choice.strategy, chosen.arms);
  selection.items = chosen.items;
  std::vector<int64_t> rows;
  for (const SelectionItem& item : selection.items) rows.push_back(item.row);
  const auto ids = storage::ids_of_rows(workshop.store(), cycle.project_id, rows);
  for (size_t i = 0; i < ids.size(); ++i) selection.items[i].example_id = ids[i];
  return selection;
}

Cycle select(Cycle cycle, Workshop& workshop, const Progress& progress) {
  storage::Store& store = workshop.store();
  const auto view = workshop.features(progress);
  if (!reads_present_features(cycle, workshop)) return train_again(cycle, workshop);
  const Project project = storage::project(store, workshop.project_id());
  Choice choice = choice_now(cycle, workshop, project, view);
  Json evidence;
  if (is_arbiter(choice.strategy)) {
    const auto arms = weigh_project_arms(workshop, project, choice.through_event, view, progress);
    choice.strategy = weighted_expression(choice.strategy, arms);
    evidence = evidence_json(arms);
  }
  const Chosen chosen = choose(workshop, project, choice, view, &workshop.memory());
  workshop.check_features();
  if (chosen.items.empty()) {
    cycle.state = CycleState::finished;
    cycle.selection_id = std::nullopt;
    storage::save_cycle(store, cycle, "querist");
    return cycle;
  }
  StoredSelection selection = stored(choice, chosen, cycle, workshop);
  if (!evidence.is_null()) selection.data["evidence"] = evidence;
  stop_point("selected");
  store.atomically([&] {
    cycle.selection_id = storage::add_selection(store, selection, "querist").id;
    cycle.state = CycleState::awaiting_labels;
    storage::save_cycle(store, cycle, "querist");
  });
  stop_point("selection_stored");
  return cycle;
}

Replay replay(Workshop& workshop, const StoredSelection& selection, const Progress& progress) {
  auto view = workshop.features(progress);
  const Project project = storage::project(workshop.store(), workshop.project_id());
  Choice choice;
  choice.strategy = selection.strategy;
  choice.batch_size = static_cast<size_t>(json_integer(selection.data, "batch_size"));
  choice.audit_share = json_number(selection.data, "audit_share");
  choice.seed = static_cast<uint64_t>(selection.seed);
  choice.through_event = selection.through_event;
  choice.rows = json_integer(selection.data, "rows");
  choice.classes = static_cast<size_t>(json_integer(selection.data, "classes"));
  choice.model_version = selection.model_version;
  choice.usable = selection.data.value("usable", true);
  choice.trees = selection.data.value("trees", false);
  if (selection.data.contains("skipped")) selection.data["skipped"].get_to(choice.skipped);
  const int64_t featurizer = json_integer(selection.data, "featurizer_version");
  if (featurizer != workshop.featurizer_version())
    view = past_features(workshop.store(), project.id, featurizer, choice.rows, progress);
  const Chosen chosen = choose(workshop, project, choice, view, nullptr);
  Replay result;
  result.identical = chosen.items.size() == selection.items.size();
  for (size_t i = 0; i < chosen.items.size(); ++i) {
    result.rows.push_back(chosen.items[i].row);
    result.identical = result.identical && chosen.items[i].row == selection.items[i].row;
  }
  result.example_ids = storage::ids_of_rows(workshop.store(), project.id, result.rows);
  return result;
}

}  // namespace querist::loop
