// Every strategy's reading order on every seed.
#include "loop/screening.h"

#include <algorithm>
#include <any>
#include <atomic>

#include "base/error.h"
#include "base/rng.h"
#include "base/threads.h"
#include "featurizers/featurizer.h"
#include "learners/named_learner.h"
#include "loop/signals.h"
#include "loop/simulation/named_once.h"
#include "loop/usable_model.h"

namespace querist::loop {

namespace {

// What all runs share: the labelled rows of the table with their features.
struct Records {
  std::vector<int64_t> source_rows;
  std::vector<int32_t> labels;
  featurizers::FeatureBatch batch;
  int32_t relevant = 0;
};

// One strategy's reading on one seed.
class Reading {
 public:
  Reading(const Records& records, const SimulationPlan& plan, const std::string& strategy,
          size_t seed)
      : records_(records),
        plan_(plan),
        learner_(learner_for(plan.learner)),
        chosen_(strategy_for(strategy, *learner_.card)) {
    run_.strategy = strategy;
    run_.seed = seed;
    if (looks_for_a_class() && !chosen_.params.changed("positive_class"))
      chosen_.params.set("positive_class", int64_t{records.relevant});
    read_.assign(records.labels.size(), false);
    to_find_ = std::count(records.labels.begin(), records.labels.end(), records.relevant) - 1;
  }

  ScreeningRun run(const Progress& progress) {
    Rng rng(mix_seed(run_.seed, 4));
    for (const bool relevant : {true, false}) {
      std::vector<int64_t> rows;
      for (size_t i = 0; i < read_.size(); ++i) {
        if (is_relevant(i) == relevant) rows.push_back(static_cast<int64_t>(i));
      }
      const auto row = static_cast<size_t>(rows[rng.below(rows.size())]);
      read_[row] = true;
      run_.prior.push_back(records_.source_rows[row]);
    }
    while (static_cast<int64_t>(run_.found_at.size()) < to_find_) {
      progress.check();
      read_next(progress);
    }
    return std::move(run_);
  }

 private:
  bool looks_for_a_class() const {
    const ParamSpecs& rows = chosen_.params.specs();
    return std::any_of(rows.begin(), rows.end(),
                       [](const ParamSpec& row) { return row.name == "positive_class"; });
  }

  bool is_relevant(size_t row) const { return records_.labels[row] == records_.relevant; }

  std::vector<int64_t> rows_where(bool read) const {
    std::vector<int64_t> rows;
    for (size_t i = 0; i < read_.size(); ++i) {
      if (read_[i] == read) rows.push_back(static_cast<int64_t>(i));
    }
    return rows;
  }

  // Whether the strategy is shown what the model says.
  bool train(const std::vector<int64_t>& labeled, const std::vector<int32_t>& labels,
             const Progress& progress) {
    const OwnedFeatures features = take_rows(records_.batch.features(), labeled);
    Dataset data;
    data.features = features.view();
    data.labels = labels;
    data.classes = 2;
    model_ = learners::train(*learner_.card, data, learner_.params, model_.get(),
                             mix_seed(run_.seed, 5), progress);
    return !chosen_.card->handles_no_model || is_usable(data.labels, data.classes);
  }

  void read_next(const Progress& progress) {
    const auto candidates = rows_where(false);
    const auto labeled = rows_where(true);
    std::vector<int32_t> labels;
    for (const int64_t row : labeled) labels.push_back(records_.labels[static_cast<size_t>(row)]);
    Pool pool;
    pool.size = read_.size();
    pool.classes = 2;
    pool.candidates = candidates;
    pool.labeled = labeled;
    pool.labels = labels;
    pool.memory = &memory_;
    pool.trees = learner_.card->trees;
    const Signal read = chosen_.card->needs | chosen_.card->reads;
    const bool asks_model =
        has(read, Signal::probabilities) || has(read, Signal::member_probabilities);
    Matrix probabilities;
    Matrix members;
    if (asks_model && train(labeled, labels, progress)) {
      if (has(read, Signal::probabilities)) {
        model_->probabilities(records_.batch.features(), probabilities);
        pool.probabilities = probabilities;
      }
      if (has(read, Signal::member_probabilities) && model_->members() > 0) {
        model_->member_probabilities(records_.batch.features(), members);
        pool.member_probabilities = {model_->members(), pool.size, members.cols,
                                     members.values.data()};
      }
    }
    if (has(read, Signal::embeddings)) {
      pool.embeddings = records_.batch.geometry.cols ? Features(records_.batch.geometry)
                                                     : records_.batch.features();
    }
    const size_t count = std::min(plan_.batch_size, candidates.size());
    const auto selection =
        strategies::select_batch(*chosen_.card, pool, count, chosen_.params,
                                 mix_seed(mix_seed(run_.seed, 6), labeled.size()));
    for (const int64_t row : selection.rows) {
      const auto at = static_cast<size_t>(row);
      read_[at] = true;
      run_.indices.push_back(records_.source_rows[at]);
      if (is_relevant(at)) run_.found_at.push_back(static_cast<int64_t>(run_.indices.size()));
    }
  }

  const Records& records_;
  const SimulationPlan& plan_;
  learners::ChosenLearner learner_;
  strategies::ChosenStrategy chosen_;
  std::unique_ptr<learners::Model> model_;
  std::any memory_;
  std::vector<bool> read_;
  int64_t to_find_ = 0;
  ScreeningRun run_;
};

int32_t class_named(const Table& table, const std::string& relevant_class) {
  if (relevant_class.empty()) {
    const auto first = std::count(table.labels.begin(), table.labels.end(), 0);
    const auto second = std::count(table.labels.begin(), table.labels.end(), 1);
    return first < second ? 0 : 1;
  }
  const auto found = std::find(table.classes.begin(), table.classes.end(), relevant_class);
  if (found == table.classes.end()) {
    refuse("the data have no class {}; their classes are {} and {}", relevant_class,
           table.classes[0], table.classes[1]);
  }
  return static_cast<int32_t>(found - table.classes.begin());
}

Records records_of(const Table& table, const SimulationPlan& plan, const Progress& progress) {
  const auto featurizer = featurizers::parse_featurizer(plan.featurizer, table.payload);
  Records records;
  std::vector<Payload> payloads;
  for (size_t i = 0; i < table.labels.size(); ++i) {
    if (table.labels[i] < 0) continue;
    payloads.push_back(table.payloads[i]);
    records.labels.push_back(table.labels[i]);
    records.source_rows.push_back(table.source_rows[i]);
  }
  featurizers::FitInput input;
  input.columns = table.columns;
  input.payloads = [&](const std::function<void(std::span<const Payload>)>& take) {
    take(payloads);
  };
  const auto fitted = featurizer.card->fit(input, featurizer.params, mix_seed(0, 2), progress);
  records.batch = fitted.transform(payloads);
  return records;
}

}  // namespace

Screening simulate_screening(const Table& table, const SimulationPlan& plan,
                             const std::string& relevant_class, const Progress& progress) {
  if (table.classes.size() != 2)
    refuse("screening is for two classes; the data have {}", table.classes.size());
  if (plan.seeds == 0 || plan.batch_size == 0) refuse("seeds and batch_size must be at least 1");
  const auto learner = learner_for(plan.learner);
  learners::check_named_learner(plan.learner, Task::classification);
  check_names("strategies", plan.strategies);
  for (const std::string& strategy : plan.strategies) strategy_for(strategy, *learner.card);
  const int32_t relevant = class_named(table, relevant_class);
  const auto total = std::count(table.labels.begin(), table.labels.end(), relevant);
  if (total < 2) {
    refuse(
        "screening starts from one relevant record and looks for the others, but the data have "
        "{} of class {}",
        total, table.classes[static_cast<size_t>(relevant)]);
  }
  Records records = records_of(table, plan, progress);
  records.relevant = relevant;

  Screening screening;
  screening.records = records.labels.size() - 2;
  screening.relevant = static_cast<size_t>(total) - 1;
  screening.relevant_class = table.classes[static_cast<size_t>(relevant)];
  screening.runs.resize(plan.strategies.size() * plan.seeds);
  std::atomic<size_t> done = 0;
  parallel_for(screening.runs.size(), 1, [&](size_t begin, size_t end) {
    for (size_t at = begin; at < end; ++at) {
      screening.runs[at] = Reading(records, plan, plan.strategies[at / plan.seeds],
                                   plan.first_seed + at % plan.seeds)
                               .run(progress);
      progress.at(static_cast<double>(++done), static_cast<double>(screening.runs.size()), "runs");
    }
  });
  return screening;
}

}  // namespace querist::loop
