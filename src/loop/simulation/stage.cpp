// The split by a column or by chance, and the features of both sides.
#include "loop/simulation/stage.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/rng.h"

namespace querist::loop {

static Split split_rows(const Table& table, const SimulationPlan& plan, uint64_t seed) {
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
  Rng rng(mix_seed(seed, 1));
  rng.shuffle(rows);
  const auto test =
      static_cast<size_t>(std::llround(plan.test_fraction * static_cast<double>(rows.size())));
  split.test.assign(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(test));
  split.pool.assign(rows.begin() + static_cast<std::ptrdiff_t>(test), rows.end());
  std::sort(split.pool.begin(), split.pool.end());
  std::sort(split.test.begin(), split.test.end());
  return split;
}

static featurizers::FeatureBatch transform(const featurizers::Fitted& fitted, const Table& table,
                                           const std::vector<int64_t>& rows) {
  std::vector<Payload> payloads;
  payloads.reserve(rows.size());
  for (const int64_t row : rows) payloads.push_back(table.payloads[static_cast<size_t>(row)]);
  return fitted.transform(payloads);
}

Stage make_stage(const Table& table, const SimulationPlan& plan, uint64_t seed,
                 const Progress& progress) {
  Stage stage;
  stage.split = split_rows(table, plan, seed);
  if (stage.split.pool.size() < 2 || stage.split.test.empty()) {
    refuse(
        "the split leaves {} rows to choose from and {} to test on; pass --test-fraction, or a "
        "--split column with "
        "the values train and test",
        stage.split.pool.size(), stage.split.test.size());
  }
  const auto name = plan.featurizer.empty() ? featurizers::default_for(table.payload)
                                            : std::string_view(plan.featurizer);
  const auto& featurizer = featurizers::find(name);
  if (featurizer.payload != table.payload) {
    refuse("the featurizer {} reads {}, but the data has {}", name,
           payload_word(featurizer.payload), payload_word(table.payload));
  }
  featurizers::FitInput input;
  input.columns = table.columns;
  input.payloads = [&](const std::function<void(std::span<const Payload>)>& take) {
    for (const int64_t row : stage.split.pool) take({&table.payloads[static_cast<size_t>(row)], 1});
  };
  const auto fitted = featurizer.fit(input, Params(featurizer.params), mix_seed(seed, 2), progress);
  stage.pool = transform(fitted, table, stage.split.pool);
  stage.test = transform(fitted, table, stage.split.test);
  for (const int64_t row : stage.split.test)
    stage.test_labels.push_back(table.labels[static_cast<size_t>(row)]);
  for (const int64_t row : stage.split.pool)
    stage.pool_labels.push_back(table.labels[static_cast<size_t>(row)]);
  return stage;
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
