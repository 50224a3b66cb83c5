// Simulations of several labels an example against one logistic regression a label, counted scores
// and selections made anew.
#include <gtest/gtest.h>

#include <numeric>

#include "loop/simulation/combined.h"
#include "loop/simulation/label_scores.h"
#include "loop/simulation/label_sets.h"
#include "loop/simulation/task_fixture.h"
#include "metrics/learning_curve.h"

namespace querist::loop {

static constexpr size_t labels = 3;

// Three labels that lean on four numbers; one row in five or so has none.
static Table sets_table(int rows) {
  Table table = numbered_rows(rows, 5, [](Table& into, const std::vector<float>& x, Rng& rng) {
    std::vector<int32_t> set;
    if (x[0] - x[1] + 0.7 * rng.normal() > 0.5) set.push_back(0);
    if (x[2] + x[0] + 0.7 * rng.normal() > 0) set.push_back(1);
    if (x[3] - 0.5 * x[2] + 0.7 * rng.normal() > 1) set.push_back(2);
    into.label_sets.push_back(set);
  });
  table.classes = {"blue", "green", "red"};
  return table;
}

static SimulationPlan sets_plan(std::vector<std::string> strategies) {
  SimulationPlan plan;
  plan.task = Task::multi_label;
  plan.strategies = std::move(strategies);
  plan.learner = "logistic_regression(strength=1)";
  plan.initial = 8;
  plan.batch_size = 6;
  plan.budget = 32;
  plan.seeds = 2;
  return plan;
}

static Matrix features_of(const Table& table, const std::vector<int64_t>& rows) {
  Matrix x(rows.size(), 4);
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto& from = table.payloads[static_cast<size_t>(rows[i])].embedding;
    std::copy(from.begin(), from.end(), x.row(i).begin());
  }
  return x;
}

static std::vector<int64_t> rows_of(const Table& table, std::string_view split) {
  std::vector<int64_t> rows;
  for (size_t i = 0; i < table.splits.size(); ++i)
    if (table.splits[i] == split) rows.push_back(static_cast<int64_t>(i));
  return rows;
}

static bool has_label(const Table& table, int64_t row, size_t label) {
  const auto& set = table.label_sets[static_cast<size_t>(row)];
  return std::ranges::find(set, static_cast<int32_t>(label)) != set.end();
}

// The area of steps in recall, each as high as the precision there, by going down the ranking.
static double precision_by_hand(const std::vector<double>& scores, const std::vector<bool>& has) {
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  double hits = 0, area = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    if (!has[order[i]]) continue;
    ++hits;
    area += hits / static_cast<double>(i + 1);
  }
  return area / hits;
}

// A classifier of two classes for each label, on its own; all scores by counting.
static LabelScores one_against_the_rest(const Table& table, const std::vector<int64_t>& rows) {
  const auto test = rows_of(table, "test");
  const Matrix x = features_of(table, rows), at = features_of(table, test);
  const auto learner = learners::parse_learner("logistic_regression(strength=1)");
  LabelScores scores;
  double both = 0, either = 0, wrong = 0;
  std::vector<char> exact(test.size(), 1);
  for (size_t k = 0; k < labels; ++k) {
    Dataset data{.features = x, .classes = 2};
    for (const int64_t row : rows) data.labels.push_back(has_label(table, row, k));
    Matrix p;
    learners::train(*learner.card, data, learner.params, nullptr, 99, Progress())
        ->probabilities(at, p);
    double hits = 0, sizes = 0;
    std::vector<double> of_label;
    std::vector<bool> truth;
    for (size_t i = 0; i < test.size(); ++i) {
      const bool is = has_label(table, test[i], k), said = p.at(i, 1) > p.at(i, 0);
      hits += is && said;
      sizes += is + said;
      wrong += is != said;
      if (is != said) exact[i] = 0;
      scores.log_loss -= std::log(double{p.at(i, is)}) / static_cast<double>(labels * test.size());
      of_label.push_back(p.at(i, 1));
      truth.push_back(is);
    }
    both += hits;
    either += sizes;
    scores.macro_f1 += sizes > 0 ? 2 * hits / sizes / labels : 0;
    scores.average_precision += precision_by_hand(of_label, truth) / labels;
  }
  scores.micro_f1 = 2 * both / either;
  scores.hamming_loss = wrong / static_cast<double>(labels * test.size());
  scores.subset_accuracy =
      std::accumulate(exact.begin(), exact.end(), 0.0) / static_cast<double>(test.size());
  return scores;
}

// No test row lies within float32 of one half, so that counts agree to the last; the model's one
// weight a label is the difference of the classifier's two, rounded.
TEST(SimulatedSets, AreOneClassifierALabelAtEveryPoint) {
  SimulationPlan plan = sets_plan({"random"});
  plan.full_accuracy = true;
  const Table table = sets_table(150);
  for (const SimulationRun& run : simulate(table, plan, Progress()).runs) {
    std::vector<int64_t> labelled;
    ASSERT_EQ(run.labels, (std::vector<double>{8, 14, 20, 26, 32}));
    ASSERT_EQ(run.indices.size(), run.labels.size());
    for (size_t i = 0; i < run.labels.size(); ++i) {
      labelled.insert(labelled.end(), run.indices[i].begin(), run.indices[i].end());
      std::ranges::sort(labelled);
      const LabelScores expected = one_against_the_rest(table, labelled);
      EXPECT_NEAR(run.micro_f1[i], expected.micro_f1, 1e-12);
      EXPECT_NEAR(run.macro_f1[i], expected.macro_f1, 1e-12);
      EXPECT_NEAR(run.subset_accuracy[i], expected.subset_accuracy, 1e-12);
      EXPECT_NEAR(run.hamming_loss[i], expected.hamming_loss, 1e-12);
      EXPECT_NEAR(run.average_precision[i], expected.average_precision, 1e-12);
      EXPECT_NEAR(run.log_loss[i], expected.log_loss, 1e-6);
    }
    EXPECT_TRUE(run.accuracy.empty());
    const LabelScores full = one_against_the_rest(table, rows_of(table, "train"));
    EXPECT_NEAR(run.full_micro_f1.value(), full.micro_f1, 1e-12);
    EXPECT_NEAR(run.full_macro_f1.value(), full.macro_f1, 1e-12);
    EXPECT_NEAR(run.full_subset_accuracy.value(), full.subset_accuracy, 1e-12);
    EXPECT_NEAR(run.full_average_precision.value(), full.average_precision, 1e-12);
    EXPECT_FALSE(run.full_accuracy);
  }
}

// What the strategy picks from the pool as it stands after each point of the run.
static void expect_picks(const Table& table, const SimulationRun& run) {
  const auto train = rows_of(table, "train");
  const Matrix x = features_of(table, train);
  const auto learner = learners::parse_learner(run.learner);
  const auto strategy = strategies::parse_strategy(run.strategy);
  std::vector<int64_t> labelled;  // Places in the pool.
  for (size_t i = 0; i + 1 < run.indices.size(); ++i) {
    for (const int64_t row : run.indices[i])
      labelled.push_back(std::ranges::lower_bound(train, row) - train.begin());
    std::ranges::sort(labelled);
    std::vector<int64_t> open, file_rows;
    for (int64_t at = 0; at < static_cast<int64_t>(train.size()); ++at)
      if (!std::ranges::binary_search(labelled, at)) open.push_back(at);
    for (const int64_t at : labelled) file_rows.push_back(train[static_cast<size_t>(at)]);
    const Matrix near = features_of(table, file_rows);
    const Matrix sets = label_matrix(table.label_sets, file_rows, labels);
    const Dataset data{
        .features = near, .classes = labels, .task = Task::multi_label, .label_matrix = sets};
    Matrix p;
    learners::train(*learner.card, data, learner.params, nullptr, 99, Progress())
        ->probabilities(x, p);
    Pool pool;
    pool.size = train.size();
    pool.classes = labels;
    pool.candidates = open;
    pool.labeled = labelled;
    pool.label_matrix = sets;
    pool.probabilities = p;
    auto picked = strategies::select_batch(*strategy.card, pool, run.indices[i + 1].size(),
                                           strategy.params, 0)
                      .rows;
    for (int64_t& at : picked) at = train[static_cast<size_t>(at)];
    EXPECT_EQ(run.indices[i + 1], picked) << run.strategy << " at " << run.labels[i];
  }
}

TEST(SimulatedSets, PickWhatTheStrategyPicksFromThePool) {
  const Table table = sets_table(150);
  const auto simulation =
      simulate(table, sets_plan({"mmc", "multilabel_margin", "multilabel_margin(reduction=max)"}),
               Progress());
  for (const SimulationRun& run : simulation.runs) expect_picks(table, run);
  EXPECT_NE(simulation.runs[0].indices, simulation.runs[2].indices);
}

TEST(SimulatedSets, AreTheSameOnAnyThreadsAndTakenOverFromTheirSideFile) {
  SimulationPlan plan = sets_plan({"mmc", "k_center"});
  plan.learner = "logistic_regression(strength=1),committee(members=3)";
  plan.full_accuracy = true;
  plan.seeds = 3;
  Table other = sets_table(150);
  other.label_sets[1].push_back(2);
  expect_same_on_any_threads_and_resumed(sets_table(150), other, plan);
}

TEST(SimulatedSets, TakeASmallerBudgetFromTheLargerOnesRuns) {
  expect_smaller_budget_from_the_larger_ones_runs(sets_table(150), sets_plan({"mmc"}), 20);
}

// One label that all rows of the pool have, one that none has, and rows without any.
TEST(SimulatedSets, BearLabelsThatDoNotVary) {
  Table table = sets_table(90);
  table.classes = {"blue", "every", "never", "red"};
  for (size_t i = 0; i < table.label_sets.size(); ++i) {
    const bool blue = has_label(table, static_cast<int64_t>(i), 0);
    auto& set = table.label_sets[i] = {};
    if (blue) set.push_back(0);
    if (i % 3) set.push_back(1);
    if (i == 0) set.push_back(2);
    if (i % 30 == 1) set.push_back(3);
  }
  SimulationPlan plan = sets_plan({"mmc", "multilabel_margin", "typiclust"});
  plan.learner = "logistic_regression,neural_head(max_epochs=5),committee(members=2)";
  plan.initial = 1;
  plan.seeds = 1;
  plan.full_accuracy = true;
  for (const SimulationRun& run : simulate(table, plan, Progress()).runs) {
    EXPECT_EQ(run.labels.back(), 32) << run.strategy << " " << run.learner;
    for (const Measure& measure : measures_of(Task::multi_label)) {
      for (const double value : run.*measure.curve) EXPECT_TRUE(std::isfinite(value));
    }
  }
  for (auto& set : table.label_sets) set.clear();  // Nothing to find in the test rows.
  for (const SimulationRun& run : simulate(table, plan, Progress()).runs) {
    EXPECT_EQ(run.micro_f1.back(), 0);
    EXPECT_EQ(run.average_precision.back(), 0);
    EXPECT_EQ(run.hamming_loss.back(), 0);
  }
}

TEST(SimulatedSets, AreJudgedByEachOfTheirMetrics) {
  SimulationPlan plan = sets_plan({"mmc", "random"});
  plan.full_accuracy = true;
  plan.seeds = 3;
  const Table table = sets_table(150);
  const Simulation simulation = simulate(table, plan, Progress());
  double sizes = 0;
  for (const auto& set : table.label_sets) sizes += static_cast<double>(set.size()) / 150;
  for (const std::string_view name : {"micro_f1", "macro_f1", "subset_accuracy", "hamming_loss",
                                      "average_precision", "log_loss"}) {
    const Metric& metric = find_metric(name);
    EXPECT_EQ(metric.judged().key, name);
    const Json result = simulation_json(simulation, std::string(name));
    EXPECT_EQ(result["data"]["classes"], 3);
    EXPECT_NEAR(result["data"]["label_cardinality"].get<double>(), sizes, 1e-12);
    for (const Json& row : result["summary"]) {
      for (const Measure& measure : measures_of(Task::multi_label))
        EXPECT_TRUE(row.contains(fmt::format("final_{}_mean", measure.key))) << measure.key;
      EXPECT_TRUE(row.contains(fmt::format("full_{}_mean", metric.reached().key)));
      EXPECT_EQ(row["labels_to_reach"].size(), 3u);
      EXPECT_FALSE(row.contains("final_typo_accuracy_mean"));
    }
    double worse = 0;  // Seeds on which random has the better area; ties count half.
    for (size_t seed = 0; seed < 3; ++seed) {
      const auto area = [&](const SimulationRun& run) {
        return metrics::aulc(run.labels, run.*metric.judged().curve);
      };
      const double gap = area(simulation.runs[seed]) - area(simulation.runs[3 + seed]);
      worse += gap == 0 ? 0.5 : (gap > 0) == metric.lower_is_better;
    }
    EXPECT_NEAR(result["summary"][0]["rank_mean"].get<double>(), 1 + worse / 3, 1e-12) << name;
    const std::string page = simulation_html(result, "sets");
    EXPECT_NE(page.find("3 labels ("), std::string::npos);
    EXPECT_EQ(page.find("Log loss along the way") != std::string::npos, name != "log_loss");
    EXPECT_EQ(page.find("accuracy on"), std::string::npos);
    const Json combined =
        combined_results({{"a.json", result.dump()}, {"b.json", result.dump() + "\n"}});
    EXPECT_EQ(area_note(combined).empty(), !metric.lower_is_better) << area_note(combined);
  }
}

TEST(SimulatedSets, RunEveryStrategyThatTheirRefusalNames) {
  expect_named_strategies_run(
      sets_table(150), sets_plan({}),
      {"random", "mmc", "multilabel_margin", "typiclust", "lcmd", "k_center"},
      {"auto", "badge", "igs", "arbiter", "compose"});
}

TEST(SimulatedSets, RefuseWhatIsOfOneClassAnExample) {
  Table table = sets_table(30);
  expect_options_of_classes_refused(table, sets_plan({"random"}), "forest",
                                    "committee, logistic_regression, neural_head");
  table.label_sets.clear();
  EXPECT_THROW(simulate(table, sets_plan({"random"}), Progress()), Error);
}

TEST(ReadLabelSets, NumbersTheNamesAndTellsNoneFromNotLabelled) {
  Table table = labelled({R"(["b","c"])", "", "[]", R"(["c","a","c"])"});
  read_label_sets(table);
  EXPECT_EQ(table.classes, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(table.labels, (std::vector<int32_t>{0, -1, 0, 0}));
  EXPECT_EQ(table.label_sets, (std::vector<std::vector<int32_t>>{{1, 2}, {}, {}, {0, 2}}));
  const std::vector<int64_t> rows = {3, 2};
  EXPECT_EQ(label_matrix(table.label_sets, rows, 3).values, (std::vector<float>{1, 0, 1, 0, 0, 0}));
}

TEST(ReadLabelSets, NamesTheRowOfWhatIsNoList) {
  for (const char* text : {"a", "[1]", "{}", "[", R"(["a",["b"]])"})
    expect_third_row_named(read_label_sets, labelled({R"(["a","b"])", "", text}));
  Table one = labelled({R"(["a"])", "[]"}), none = labelled({"", ""});
  EXPECT_THROW(read_label_sets(one), Error);
  EXPECT_THROW(read_label_sets(none), Error);
}

}  // namespace querist::loop
