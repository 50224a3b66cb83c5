// Pseudo-labels in worlds where they help, tell nothing or do harm.
#include "loop/semi_supervised.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/threads.h"
#include "metrics/classification.h"

namespace querist::loop {

// Two clusters in many columns, of which the first row of every `rare` is of class 1.
struct Clusters {
  Matrix x;
  std::vector<int64_t> labeled, audit;
  std::vector<int32_t> labels, audit_labels, truth;

  // distance: of the middles from zero in each column, in standard deviations; per_class labels of
  // each class, then `audit_count` audit rows drawn in order.
  Clusters(uint64_t seed, double distance, int per_class, size_t audit_count, size_t rare = 2,
           size_t rows = 600)
      : x(rows, 12) {
    Rng rng(seed);
    int left[2] = {per_class, per_class};
    for (size_t i = 0; i < rows; ++i) {
      const int32_t cls = i % rare == 0 ? 1 : 0;
      truth.push_back(cls);
      for (float& v : x.row(i))
        v = static_cast<float>((cls == 0 ? -distance : distance) + rng.normal());
      if (left[cls] > 0) {
        --left[cls];
        labeled.push_back(static_cast<int64_t>(i));
        labels.push_back(cls);
      } else if (audit.size() < audit_count) {
        audit.push_back(static_cast<int64_t>(i));
        audit_labels.push_back(cls);
      }
    }
  }
  SslData data() const { return {x, x, labeled, labels, audit, audit_labels, 2}; }
};

struct Trained {
  std::shared_ptr<const learners::Model> supervised;
  SemiSupervised result;
};

static const auto& head() {
  static const auto chosen = learners::parse_learner("logistic_regression");
  return chosen;
}

static Trained train(const Clusters& world, SslPlan plan, const learners::Model* before = nullptr) {
  const OwnedFeatures rows = take_rows(world.x, world.labeled);
  Trained out;
  out.supervised = learners::train(*head().card, {rows.view(), world.labels, {}, 2}, head().params,
                                   nullptr, plan.seed, Progress());
  out.result = semi_supervise(world.data(), plan, *head().card, head().params, out.supervised,
                              before, Progress());
  return out;
}

static double accuracy(const learners::Model& model, const Clusters& world) {
  Matrix p;
  model.probabilities(world.x, p);
  return metrics::accuracy(world.truth, metrics::likeliest(p));
}

TEST(SemiSupervised, ReadsTheSetting) {
  EXPECT_TRUE(parse_ssl("off").is_off);
  EXPECT_FALSE(parse_ssl("auto").is_off);
  EXPECT_EQ(parse_ssl("auto").forced.labeler, nullptr);
  const auto forced = parse_ssl("self_training(share=0.3)").forced;
  EXPECT_EQ(forced.labeler->name, "self_training");
  EXPECT_EQ(forced.params.number("share"), 0.3);
  EXPECT_THROW(parse_ssl("on"), Error);
  EXPECT_THROW(parse_ssl("self_training(share=3)"), Error);
}

TEST(SemiSupervised, GainsWhereLabelsAreFewAndClustersTell) {
  double gain = 0;
  int used = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Clusters world(seed, 0.3, 6, 0);
    const auto trained = train(world, {.setting = "auto", .seed = seed});
    const Json& report = trained.result.report;
    EXPECT_EQ(report["judged_by"], "out_of_fold");
    EXPECT_EQ(report["judged_labels"], 12);
    EXPECT_EQ(report["method"].is_null(), trained.result.model == nullptr);
    if (!trained.result.model) continue;
    ++used;
    gain += accuracy(*trained.result.model, world) - accuracy(*trained.supervised, world);
    EXPECT_EQ(report["pseudo_labels"], trained.result.pseudo.rows.size());
  }
  EXPECT_GE(used, 4);
  EXPECT_GT(gain / used, 0.02);
}

TEST(SemiSupervised, LosesLittleWhereClustersAreNotTheClasses) {
  // The class is written in the first column; the others form two clusters that have nothing to do
  // with it, and labels that spread along them are noise.
  double automatic = 0, forced = 0;
  constexpr int worlds = 8;
  for (uint64_t seed = 0; seed < worlds; ++seed) {
    Clusters world(seed, 0, 20, 0, 2, 300);
    Rng rng(seed);
    for (size_t i = 0; i < world.x.rows; ++i) {
      const float side = rng.uniform() < 0.5 ? -2 : 2;
      for (float& v : world.x.row(i)) v += side;
      world.x.at(i, 0) += 2 * static_cast<float>(world.truth[i]) - 1 - side;
    }
    for (const char* setting : {"auto", "label_spreading(weight=4)"}) {
      const auto trained = train(world, {.setting = setting, .seed = seed});
      if (!trained.result.model) continue;
      const double lost =
          accuracy(*trained.supervised, world) - accuracy(*trained.result.model, world);
      (std::string_view(setting) == "auto" ? automatic : forced) += lost / worlds;
    }
  }
  EXPECT_LT(automatic, 0.01);
  EXPECT_GT(forced, 0.05);
}

TEST(SemiSupervised, LabelsNoRowThatHasALabelOrIsOfTheAudit) {
  const Clusters world(3, 0.5, 6, 60);
  const auto trained = train(world, {.setting = "label_spreading", .seed = 3});
  const auto& rows = trained.result.pseudo.rows;
  ASSERT_GT(rows.size(), 300u);
  for (const auto* taken : {&world.labeled, &world.audit}) {
    std::vector<int64_t> both;
    std::ranges::set_intersection(rows, *taken, std::back_inserter(both));
    EXPECT_TRUE(both.empty());
  }
  // And does not read the audit labels, which a forced method has no use for.
  Clusters flipped = world;
  for (int32_t& label : flipped.audit_labels) label = 1 - label;
  const auto again = train(flipped, {.setting = "label_spreading", .seed = 3});
  EXPECT_EQ(again.result.model->save(), trained.result.model->save());
}

TEST(SemiSupervised, IsJudgedByTheAuditOnceItHasFiftyLabels) {
  for (const size_t count : {size_t{49}, size_t{50}}) {
    const Clusters world(5, 0.4, 6, count);
    const Json report = train(world, {.setting = "auto", .seed = 5}).result.report;
    EXPECT_EQ(report["judged_by"], count < 50 ? "out_of_fold" : "audit");
    EXPECT_EQ(report["judged_labels"], count < 50 ? 12 : 50);
    // By hand: whole numbers of the audit labels are wrong, and the first row is the plain model's.
    if (count < 50) continue;
    const auto trained = train(world, {.setting = "auto", .seed = 5});
    Matrix p;
    trained.supervised->probabilities(take_rows(world.x, world.audit).view(), p);
    EXPECT_NEAR(report["candidates"][0]["error"].get<double>(),
                1 - metrics::accuracy(world.audit_labels, metrics::likeliest(p)), 1e-12);
  }
}

TEST(SemiSupervised, TakesItsChoiceBackWhereTheClassesAreNotTheAudits) {
  // One row of twelve is of class 1, but half of the labels are: what spreads from them takes the
  // classes for even, which 40 audit labels contradict.
  int rolled_back = 0;
  for (uint64_t seed = 0; seed < 8; ++seed) {
    const Clusters world(seed, 0.35, 6, 40, 12);
    const auto trained = train(world, {.setting = "auto", .seed = seed});
    const Json& report = trained.result.report;
    if (!report["rolled_back"]) continue;
    ++rolled_back;
    EXPECT_EQ(trained.result.model, nullptr);
    EXPECT_TRUE(trained.result.pseudo.rows.empty());
    EXPECT_NE(report["sentence"].get<std::string>().find("taken back"), std::string::npos);
    EXPECT_TRUE(report["hazards"][0]["seen"]);
    const auto forced = train(world, {.setting = report["method"], .seed = seed});
    EXPECT_NE(forced.result.model, nullptr) << "what is forced stays";
    EXPECT_TRUE(forced.result.report["forced"]);
    EXPECT_NE(forced.result.report["sentence"].get<std::string>().find("A hazard was seen"),
              std::string::npos);
  }
  EXPECT_GE(rolled_back, 1);
}

TEST(SemiSupervised, LooksAtASampleOfALargePoolAndGivesTheSameOnManyThreads) {
  const Clusters world(7, 0.5, 6, 0);
  std::string saved;
  for (const size_t threads : {size_t{1}, size_t{4}}) {
    set_threads(threads);
    const auto trained = train(world, {"label_spreading", 200, 7});
    EXPECT_EQ(trained.result.report["looked_at"], 200);
    EXPECT_EQ(trained.result.report["unlabeled"], 588);
    EXPECT_LE(trained.result.pseudo.rows.size(), 200u);
    EXPECT_GT(trained.result.pseudo.rows.back(), 400) << "a sample of the whole pool";
    if (saved.empty()) saved = trained.result.model->save();
    EXPECT_EQ(trained.result.model->save(), saved);
  }
  set_threads(0);
}

TEST(SemiSupervised, SaysWhyThereIsNothingToDo) {
  const auto says = [](const Clusters& world, const std::string& setting) {
    return train(world, {.setting = setting}).result.report["sentence"].get<std::string>();
  };
  Clusters one_class(1, 0.5, 3, 0);
  std::ranges::fill(one_class.labels, 0);
  EXPECT_NE(says(one_class, "label_spreading").find("of one class"), std::string::npos);
  EXPECT_NE(says(Clusters(1, 0.5, 1, 0), "auto").find("two labels"), std::string::npos);
  EXPECT_NE(says(Clusters(1, 0.5, 20, 0, 2, 40), "auto").find("without a label"),
            std::string::npos);
  EXPECT_NE(says(Clusters(1, 0.5, 210, 0), "auto").find("more than 200"), std::string::npos);
  EXPECT_NE(says(Clusters(1, 0, 6, 0), "self_training(threshold=1)").find("found no example"),
            std::string::npos);
}

TEST(SemiSupervised, WorksForEveryMethodOnFeaturesOfEveryKind) {
  Clusters world(2, 0.8, 6, 0);
  for (float& v : world.x.values) v = std::max(0.0f, v);
  std::vector<int64_t> all(world.x.rows);
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int64_t>(i);
  Csr sparse;
  sparse.cols = world.x.cols;
  for (size_t i = 0; i < world.x.rows; ++i) {
    for (size_t j = 0; j < world.x.cols; ++j) {
      if (world.x.at(i, j) == 0) continue;
      sparse.columns.push_back(static_cast<int32_t>(j));
      sparse.values.push_back(world.x.at(i, j));
    }
    sparse.offsets.push_back(static_cast<int64_t>(sparse.columns.size()));
  }
  SslData data = world.data();
  for (const bool is_sparse : {false, true}) {
    if (is_sparse) data.features = data.geometry = Features(sparse);
    const OwnedFeatures rows = take_rows(data.features, world.labeled);
    const std::shared_ptr<const learners::Model> supervised = learners::train(
        *head().card, {rows.view(), world.labels, {}, 2}, head().params, nullptr, 0, Progress());
    for (const auto& card : pseudo_labelers::all()) {
      const auto found = semi_supervise(data, {.setting = std::string(card.name)}, *head().card,
                                        head().params, supervised, nullptr, Progress());
      // Without distances spreading reaches nobody, and says that it is of no use.
      const bool blind = is_sparse && card.reads_geometry;
      EXPECT_EQ(found.model == nullptr, blind) << card.name << ": " << found.report["sentence"];
    }
  }
}

TEST(SemiSupervised, PredictsGivenLabelsOutOfFold) {
  // Labels that say nothing: who had seen a label would be right on it more often than by chance.
  Clusters world(9, 0.5, 40, 0);
  Rng rng(4);
  for (int32_t& label : world.labels) label = rng.uniform() < 0.5 ? 0 : 1;
  for (const char* method : {"label_spreading(weight=4)", "self_training"}) {
    const Matrix p =
        semi_supervised_out_of_fold(world.data(), {.setting = "auto", .seed = 1},
                                    {{"method", method}}, *head().card, head().params, Progress());
    ASSERT_EQ(p.rows, 80u);
    EXPECT_LT(metrics::accuracy(world.labels, metrics::likeliest(p)), 0.66) << method;
    for (size_t i = 0; i < p.rows; ++i) EXPECT_NEAR(p.at(i, 0) + p.at(i, 1), 1, 1e-5);
  }
  const Clusters honest(9, 0.8, 40, 0);
  const Matrix p = semi_supervised_out_of_fold(honest.data(), {.setting = "auto", .seed = 1},
                                               {{"method", "label_spreading"}}, *head().card,
                                               head().params, Progress());
  EXPECT_GT(metrics::accuracy(honest.labels, metrics::likeliest(p)), 0.95);
}

}  // namespace querist::loop
