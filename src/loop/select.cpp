// The selecting step: scores to a stored selection with its audit share, and its replay from the
// store.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <unordered_map>

#include "base/stop_point.h"
#include "loop/audit.h"
#include "loop/calibration.h"
#include "loop/cycle.h"
#include "loop/numbered_labels.h"
#include "loop/project_arbiter.h"
#include "loop/project_guard.h"
#include "loop/project_learner.h"
#include "loop/project_relabel.h"
#include "loop/signals.h"
#include "loop/usable_model.h"
#include "metrics/decision.h"
#include "storage/annotations.h"
#include "storage/cycles.h"
#include "storage/events.h"
#include "storage/examples.h"
#include "storage/models.h"
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
  double random_share = 0;  // Of the batch, the audit rows among it.
  uint64_t seed = 0;
  int64_t through_event = 0;
  int64_t rows = 0;    // Examples there were.
  size_t classes = 0;  // Classes there were.
  std::optional<int64_t> model_version;
  bool usable = true;                 // Whether the strategy is shown what the model says.
  std::optional<double> temperature;  // Set where the strategy takes one.
  bool trees = false;                 // Whether the model is one of trees.
  std::vector<int64_t> skipped;       // Rows that someone skipped unasked.
  RelabelRows relabel;                // Labelled rows to ask about again.
};

struct Chosen {
  std::vector<SelectionItem> items;  // In the order to ask about them.
  std::vector<int32_t> arms;         // One an item, where the strategy is an arbiter; -1: none.
  std::vector<int64_t> random_rows;  // Drawn at random, and to be trained on.
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

// Draws rows of a batch out of the candidates, uniformly; `expected` is their mean number.
static std::vector<SelectionItem> draw(std::vector<int64_t>& candidates, size_t count,
                                       double expected, bool audit, Rng& rng) {
  std::vector<SelectionItem> items;
  const double propensity = expected / std::max<double>(1, static_cast<double>(candidates.size()));
  std::vector<int64_t> drawn;
  for (const int64_t at : rng.sample(candidates.size(), count))
    drawn.push_back(candidates[static_cast<size_t>(at)]);
  for (const int64_t row : drawn) {
    SelectionItem item;
    item.row = row;
    item.propensity = propensity;
    item.audit = audit;
    items.push_back(item);
    candidates.erase(std::lower_bound(candidates.begin(), candidates.end(), row));
  }
  return items;
}

// The audit rows of a batch, and then those that the guard wants drawn at random.
static void draw_random(Chosen& chosen, std::vector<int64_t>& candidates, const Choice& choice,
                        size_t batch, Rng& rng) {
  const AuditCount audit = audit_count(choice.audit_share, batch, rng);
  chosen.items = draw(candidates, audit.drawn, audit.expected, true, rng);
  if (choice.random_share <= 0) return;
  const size_t count = random_count(choice.random_share, batch, audit.drawn, rng);
  for (const SelectionItem& item :
       draw(candidates, count, static_cast<double>(count), false, rng)) {
    chosen.random_rows.push_back(item.row);
    chosen.items.push_back(item);
  }
}

static void add_predictions(std::vector<SelectionItem>& items, const Matrix& probabilities,
                            const std::vector<double>& class_weights,
                            const std::vector<std::string>& classes) {
  for (SelectionItem& item : items) {
    const auto p = probabilities.row(static_cast<size_t>(item.row));
    const size_t top = metrics::decide(p, class_weights);
    item.prediction = classes[top];
    item.confidence = p[top];
  }
}

// So that nobody can tell an audit example by its place.
static void shuffle(Chosen& chosen, size_t drawn, std::span<const int32_t> arms, Rng& rng) {
  std::unordered_map<int64_t, int32_t> arm_of;
  for (size_t i = 0; i < arms.size(); ++i) arm_of[chosen.items[drawn + i].row] = arms[i];
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
  std::vector<double> class_weights;  // How it decides.
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
    model.scorer().model->probabilities(view.features, shown.own);
  }
  shown.class_weights = model.scorer().class_weights;
  const bool reads = has(strategy.needs | strategy.reads, Signal::member_probabilities);
  const learners::Model& scorer = *model.scorer().model;
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
  auto strategy = strategies::parse_strategy(choice.strategy);
  if (choice.temperature) strategy.params.set("temperature", *choice.temperature);
  const auto labels = storage::labels_as_of(workshop.store(), project.id, storage::LabelUse::all,
                                            choice.through_event);
  auto candidates = candidates_as_of(workshop.store(), project.id, choice, labels);
  Chosen chosen;
  chosen.candidates = static_cast<int64_t>(candidates.size());
  const auto again = std::min(choice.batch_size, choice.relabel.rows.size());
  const size_t batch = std::min(choice.batch_size - again, candidates.size());
  Rng rng(choice.seed);
  draw_random(chosen, candidates, choice, batch, rng);
  const size_t drawn = chosen.items.size();

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
      strategies::select_batch(*strategy.card, pool, batch - drawn, strategy.params, rng.next64());
  for (size_t i = 0; i < selection.rows.size(); ++i) {
    SelectionItem item;
    item.row = selection.rows[i];
    item.utility = selection.utilities[i];
    item.propensity = selection.propensities[i];
    chosen.items.push_back(item);
  }
  for (const int64_t row : std::span(choice.relabel.rows).first(again)) {
    SelectionItem item;
    item.row = row;
    item.relabel = true;
    chosen.items.push_back(item);
  }
  shuffle(chosen, drawn, selection.arms, rng);
  if (probabilities)
    add_predictions(chosen.items, *probabilities, shown.class_weights, project.classes);
  return chosen;
}

static bool model_is_usable(storage::Store& store, const Project& project, int64_t through_event) {
  const auto labels =
      storage::labels_as_of(store, project.id, storage::LabelUse::training, through_event);
  const auto given = numbered(labels, project.classes, std::numeric_limits<int64_t>::max());
  return is_usable(given.ids, project.classes.size());
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
  const auto learner = project_learner(store, project);
  Choice choice;
  choice.strategy = project.settings.text("strategy");
  const auto chosen = strategy_for(choice.strategy, *learner.card);
  const auto& strategy = *chosen.card;
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
  if (!cycle.model_version) return choice;
  const Json known = storage::find_model(store, project.id, *cycle.model_version).value().data;
  choice.usable =
      !strategy.handles_no_model || model_is_usable(store, project, choice.through_event);
  if (takes_temperature(chosen)) choice.temperature = temperature_left(supervised_data(known));
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
  if (!choice.relabel.sentence.empty()) {
    selection.data["relabel"] = {{"rows", choice.relabel.rows},
                                 {"sentence", choice.relabel.sentence}};
  }
  if (choice.temperature) selection.data["temperature"] = *choice.temperature;
  if (choice.random_share > 0) {
    selection.data["random_share"] = choice.random_share;
    selection.data["random_rows"] = chosen.random_rows;
  }
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
  const ProjectGuard guard = watch_project(workshop, project, choice.through_event, view, progress);
  choice.random_share = guard.random_share();
  Json evidence;
  if (is_arbiter(choice.strategy)) {
    const auto arms = weigh_project_arms(workshop, project, choice.through_event, view, progress);
    choice.strategy = weighted_expression(choice.strategy, arms);
    evidence = evidence_json(arms);
  }
  if (cycle.model_version && choice.usable) {
    choice.relabel = rows_to_relabel(workshop, project, workshop.newest_model(), view,
                                     choice.batch_size, progress);
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
  store_guard(guard, selection);
  stop_point("selected");
  store.atomically([&] {
    cycle.selection_id = storage::add_selection(store, selection, "querist").id;
    record_turn(store, project, guard);
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
  choice.random_share = selection.data.value("random_share", 0.0);
  choice.usable = selection.data.value("usable", true);
  choice.trees = selection.data.value("trees", false);
  if (selection.data.contains("relabel"))
    selection.data["relabel"]["rows"].get_to(choice.relabel.rows);
  if (selection.data.contains("temperature"))
    choice.temperature = json_number(selection.data, "temperature");
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
