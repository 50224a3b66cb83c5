// The split by a column or by chance, and the features of both sides.
#include "loop/simulation/stage.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "base/rng.h"
#include "loop/simulation/label_sets.h"
#include "loop/simulation/typos.h"

namespace querist::loop {

Split split_rows(const Table& table, const SimulationPlan& plan, uint64_t seed) {
  Split split;
  if (plan.test_fraction == 0) {
    for (size_t i = 0; i < table.labels.size(); ++i) {
      if (table.labels[i] < 0) continue;
      if (table.splits[i] == "train") split.pool.push_back(static_cast<int64_t>(i));
      if (table.splits[i] == "test") split.test.push_back(static_cast<int64_t>(i));
    }
    return split;
  }
  std::vector<int64_t> rows;
  for (size_t i = 0; i < table.labels.size(); ++i) {
    if (table.labels[i] >= 0) rows.push_back(static_cast<int64_t>(i));
  }
  std::vector<int64_t> order(rows.size());
  std::iota(order.begin(), order.end(), 0);
  Rng rng(mix_seed(seed, 1));
  rng.shuffle(order);
  const auto test =
      static_cast<size_t>(std::llround(plan.test_fraction * static_cast<double>(rows.size())));
  std::vector<char> is_test(rows.size());
  for (size_t i = 0; i < test; ++i) is_test[static_cast<size_t>(order[i])] = 1;
  for (size_t i = 0; i < rows.size(); ++i)
    (is_test[i] ? split.test : split.pool).push_back(rows[i]);
  return split;
}

std::vector<int64_t> used_rows(const Table& table, const SimulationPlan& plan) {
  std::vector<int64_t> rows;
  for (size_t i = 0; i < table.labels.size(); ++i) {
    if (table.labels[i] < 0) continue;
    if (plan.test_fraction > 0 || table.splits[i] == "train" || table.splits[i] == "test")
      rows.push_back(static_cast<int64_t>(i));
  }
  return rows;
}

// Where the given table rows lie among the used ones, both ascending.
static std::vector<int64_t> places_of(const std::vector<int64_t>& rows,
                                      const std::vector<int64_t>& used) {
  std::vector<int64_t> places;
  places.reserve(rows.size());
  size_t at = 0;
  for (const int64_t row : rows) {
    while (used[at] < row) ++at;
    places.push_back(static_cast<int64_t>(at));
  }
  return places;
}

static std::vector<Payload> payloads_of(const Table& table, const std::vector<int64_t>& rows) {
  std::vector<Payload> payloads;
  payloads.reserve(rows.size());
  for (const int64_t row : rows) payloads.push_back(table.payloads[static_cast<size_t>(row)]);
  return payloads;
}

static void mistype(std::span<Payload> payloads, double rate, uint64_t seed) {
  Rng rng(seed);
  for (Payload& payload : payloads) payload.text = with_typos(payload.text, rate, rng);
}

// The texts with typos that the plan asks for, by the featurizer of the texts without.
static void add_typos(const featurizers::Fitted& fitted, const Table& table,
                      const SimulationPlan& plan, uint64_t seed, Stage& stage) {
  const bool augments = plan.augment == "typos";
  if (plan.typos <= 0 && !augments) return;
  if (table.payload != PayloadKind::text)
    refuse("typos are for texts, but the data has {}", payload_word(table.payload));
  if (plan.typos <= 0) refuse("to augment with typos, say how many: --typos 0.05");
  auto test = payloads_of(table, stage.split.test);
  mistype(test, plan.typos, mix_seed(seed, 6));
  stage.typo_test = block_of(fitted, test);
  if (!augments) return;
  auto doubled = payloads_of(table, stage.split.pool);
  const size_t rows = doubled.size();
  doubled.insert(doubled.end(), doubled.begin(), doubled.end());
  mistype(std::span(doubled).subspan(rows), plan.typos, mix_seed(seed, 7));
  stage.doubled = block_of(fitted, doubled);
}

static void add_label_sets(const Table& table, Stage& stage) {
  for (const int64_t row : stage.split.pool)
    stage.pool_sets.push_back(table.label_sets[static_cast<size_t>(row)]);
  const Matrix flags = label_matrix(table.label_sets, stage.split.test, table.classes.size());
  stage.test_flags.assign(flags.values.begin(), flags.values.end());
}

Stage make_stage(const Table& table, const SimulationPlan& plan, uint64_t seed,
                 FeatureTable& features, const Progress& progress) {
  Stage stage;
  stage.split = split_rows(table, plan, seed);
  if (stage.split.pool.size() < 2 || stage.split.test.empty()) {
    refuse(
        "the split leaves {} rows to choose from and {} to test on; pass --test-fraction, or a "
        "--split column with "
        "the values train and test",
        stage.split.pool.size(), stage.split.test.size());
  }
  const auto made = features.fit(stage.split.pool, mix_seed(seed, 2), progress);
  stage.pool = made->block.chosen(places_of(stage.split.pool, features.rows()));
  stage.test = made->block.chosen(places_of(stage.split.test, features.rows()));
  add_typos(made->fitted, table, plan, seed, stage);
  for (const int64_t row : stage.split.test)
    stage.test_labels.push_back(table.labels[static_cast<size_t>(row)]);
  for (const int64_t row : stage.split.pool)
    stage.pool_labels.push_back(table.labels[static_cast<size_t>(row)]);
  if (plan.task == Task::multi_label) add_label_sets(table, stage);
  if (plan.task != Task::regression) return stage;
  for (const int64_t row : stage.split.test)
    stage.test_targets.push_back(table.targets[static_cast<size_t>(row)]);
  for (const int64_t row : stage.split.pool)
    stage.pool_targets.push_back(table.targets[static_cast<size_t>(row)]);
  return stage;
}

std::vector<double> answer_costs(const Table& table, const SimulationPlan& plan) {
  if (plan.cost_per_label <= 0) return {};
  const double votes = plan.crowd.annotators > 0 ? static_cast<double>(plan.crowd.votes) : 1;
  std::vector<double> costs(table.labels.size(), plan.cost_per_label * votes);
  if (!plan.costs_by_row) return costs;
  for (size_t i = 0; i < costs.size(); ++i) {
    if (table.labels[i] < 0) continue;
    const std::string& text = table.groups[i];
    double cost = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), cost);
    if (error != std::errc() || end != text.data() + text.size() || !(cost > 0) ||
        !std::isfinite(cost)) {
      refuse("row {} has the cost \"{}\": each must be a positive number", table.source_rows[i],
             text);
    }
    costs[i] *= cost;
  }
  return costs;
}

void add_noise(Stage& stage, const SimulationPlan& plan, size_t classes, uint64_t seed) {
  if (plan.noise <= 0 || classes < 2) return;
  Rng rng(mix_seed(seed, 3));
  for (int32_t& label : stage.pool_labels) {
    const bool wrong = rng.uniform() < plan.noise;
    const auto shift = static_cast<int32_t>(1 + rng.below(classes - 1));
    if (wrong) label = (label + shift) % static_cast<int32_t>(classes);
  }
}

size_t initial_labels(const Table& table, const SimulationPlan& plan) {
  return plan.initial_per_class > 0 ? plan.initial_per_class * table.classes.size() : plan.initial;
}

std::vector<int64_t> initial_rows(const Stage& stage, const SimulationPlan& plan, size_t classes,
                                  Rng& rng) {
  const size_t pool = stage.pool_labels.size();
  if (plan.initial_per_class == 0) return rng.sample(pool, std::min(plan.initial, plan.budget));
  std::vector<std::vector<int64_t>> of_class(classes);
  for (size_t i = 0; i < pool; ++i)
    of_class[static_cast<size_t>(stage.pool_labels[i])].push_back(static_cast<int64_t>(i));
  std::vector<int64_t> rows;
  for (const auto& all : of_class) {
    if (all.size() < plan.initial_per_class) {
      refuse("a class has {} rows to choose from, fewer than the {} to begin with", all.size(),
             plan.initial_per_class);
    }
    for (const int64_t at : rng.sample(all.size(), plan.initial_per_class))
      rows.push_back(all[static_cast<size_t>(at)]);
  }
  return rows;
}

}  // namespace querist::loop
