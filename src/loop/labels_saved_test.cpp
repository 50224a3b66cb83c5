// Labels saved where the answer is known, where there is none, and as sentences.
#include "loop/labels_saved.h"

#include <gtest/gtest.h>

#include <cmath>

namespace querist::loop {

// A learner with a known law: it errs on a share of rows that falls as the root of what its labels
// are worth. A row has its class, a number in [0, 1) that says how hard it is, and its worth; the
// model errs where the number lies below its error.
class LawModel : public learners::Model {
 public:
  explicit LawModel(double worth) : error_(std::min(0.5, 1 / std::sqrt(worth))) {}
  size_t classes() const override { return 2; }
  size_t features() const override { return 3; }
  void probabilities(const Features& features, Matrix& out) const override {
    out = Matrix(features.rows, 2);
    for (size_t i = 0; i < features.rows; ++i) {
      const float* row = features.dense + 3 * i;
      const bool wrong = row[1] < error_;
      out.row(i)[(row[0] > 0.5f) != wrong] = 1;
    }
  }
  std::string save() const override { return {}; }

 private:
  double error_;
};

static std::unique_ptr<learners::Model> train_law(const Dataset& data, const Params&,
                                                  const learners::Model*, uint64_t,
                                                  const Progress&) {
  double worth = 0;
  for (size_t i = 0; i < data.features.rows; ++i) worth += data.features.dense[3 * i + 2];
  return std::make_unique<LawModel>(worth);
}

// Of 20,000 rows the first 600 are labelled in order, worth as much each as `worth` others, and the
// next `audit` are the audit's.
static Json estimated(double worth, size_t audit, uint64_t seed,
                      decltype(&train_law) train = train_law, std::string name = "law") {
  Rng rng(seed);
  Matrix x(20'000, 3);
  std::vector<int64_t> rows, audit_rows, unlabeled, before;
  std::vector<int32_t> labels, audit_labels;
  for (size_t i = 0; i < x.rows; ++i) {
    const auto label = static_cast<int32_t>(rng.below(2));
    x.row(i)[0] = static_cast<float>(label);
    x.row(i)[1] = static_cast<float>(rng.uniform());
    x.row(i)[2] = i < 600 ? static_cast<float>(worth) : 1.0f;
    const auto row = static_cast<int64_t>(i);
    if (i < 600) {
      rows.push_back(row);
      labels.push_back(label);
      before.push_back(row / 10);
    } else if (i < 600 + audit) {
      audit_rows.push_back(row);
      audit_labels.push_back(label);
    } else {
      unlabeled.push_back(row);
    }
  }
  const learners::Learner law{.name = std::move(name), .summary = "errs by a law", .train = train};
  const LawModel present(600 * worth);
  return estimate_labels_saved(law, Params(law.params),
                               {.features = Features(x),
                                .rows = rows,
                                .labels = labels,
                                .audit_before = before,
                                .audit_rows = audit_rows,
                                .audit_labels = audit_labels,
                                .unlabeled = unlabeled,
                                .present = &present,
                                .classes = 2},
                               seed, Progress());
}

// 100 labels worth three each teach what 300 random ones do. Some draws hold labelled rows, which
// are worth more: 3 % of them, so that the answer is 1 - 1 / 2.83.
TEST(LabelsSaved, FindsTheKnownAnswerOfALearnerWithAKnownLaw) {
  for (const uint64_t seed : {1, 2, 3}) {
    const Json json = estimated(3, 400, seed);
    EXPECT_EQ(json["labels"], 100) << "a learner that is not linear is asked about few";
    EXPECT_NEAR(json["value"].get<double>(), 0.65, 0.06);
    EXPECT_LT(json["ci_low"].get<double>(), 0.65);
    EXPECT_GT(json["ci_high"].get<double>(), 0.65);
    EXPECT_NEAR(json["with_audit"].get<double>(), 1 - 109 / json["random_labels"].get<double>(),
                1e-9);
    EXPECT_TRUE(json["back_test"]["held"].get<bool>());
    EXPECT_NEAR(json["back_test"]["measured"].get<double>(),
                json["back_test"]["predicted"].get<double>(), 0.02);
  }
  EXPECT_EQ(estimated(3, 400, 1), estimated(3, 400, 1));
}

// Models that err on the same three rows in ten whatever they are taught: real and simulated labels
// teach the same, and no difference at all is no miss. A cheap learner's name has 24 halves taught,
// whose 24 shares of an error do not add up to one: that rounding is no miss either.
TEST(LabelsSaved, AModelThatLearnsNothingHoldsInTheBackTest) {
  const auto deaf = [](const Dataset&, const Params&, const learners::Model*, uint64_t,
                       const Progress&) -> std::unique_ptr<learners::Model> {
    return std::make_unique<LawModel>(1 / 0.09);
  };
  for (const uint64_t seed : {1, 2, 3, 4, 5}) {
    const Json json = estimated(3, 57, seed, deaf, "naive_bayes");
    ASSERT_TRUE(json.contains("back_test")) << json.dump();
    EXPECT_NEAR(json["back_test"]["difference"].get<double>(), 0, 1e-12);
    EXPECT_TRUE(json["back_test"]["held"].get<bool>()) << json.dump();
  }
}

TEST(LabelsSaved, SaysNoneWhereChoosingIsAsGoodAsRandomAndLessWhereItIsWorse) {
  EXPECT_NEAR(estimated(1, 400, 4)["value"].get<double>(), 0, 0.15);
  EXPECT_NEAR(estimated(0.5, 400, 5)["value"].get<double>(), -1, 0.3);
  const Json never = estimated(30, 400, 6);  // 3,000 random labels; 1,000 are tried.
  EXPECT_TRUE(never["ci_high"].is_null());
  EXPECT_TRUE(never["beyond"].get<bool>());
  EXPECT_GT(never["ci_low"].get<double>(), 0.8);
  EXPECT_EQ(saved_sentence(never).rfind("at least", 0), 0u) << saved_sentence(never);
}

TEST(LabelsSaved, SaysWhatIsMissing) {
  EXPECT_EQ(unsaved_reason(500, 49, 500, 2), "49 of 50 audit labels yet");
  EXPECT_EQ(unsaved_reason(500, 50, 500, 20), "50 of 80 audit labels yet");
  EXPECT_EQ(unsaved_reason(89, 50, 500, 2), "89 of 90 labels to train on yet");
  EXPECT_NE(unsaved_reason(90, 50, 49, 2), "");
  EXPECT_EQ(unsaved_reason(90, 50, 50, 2), "");
}

TEST(LabelsSaved, DoesNotAskALearnerThatTakesMinutes) {
  const Matrix narrow(10, 57), wide(10, 384);
  const auto& boosting = learners::find("gbdt");
  EXPECT_EQ(too_dear_reason(boosting, Features(narrow), 2), "");
  EXPECT_EQ(too_dear_reason(boosting, Features(wide), 6),
            "gbdt takes too long for it on 384 columns and 6 classes");
  EXPECT_EQ(too_dear_reason(learners::find("forest"), Features(wide), 6), "");
}

TEST(LabelsSaved, SpeaksOfWhatItKnows) {
  Json json = {{"labels", 100},   {"audit_labels", 60}, {"random_labels", 256.4}, {"value", 0.61},
               {"ci_low", 0.483}, {"ci_high", 0.7},     {"beyond", false}};
  EXPECT_EQ(
      saved_sentence(json),
      "61 % (95 % CI 48 to 70 %): about 256 random labels teach as much as the first 100 did");
  json["ci_high"] = nullptr;
  EXPECT_EQ(saved_sentence(json),
            "about 61 %, at least 48 % (95 %): it takes at least 193 random labels to teach as "
            "much as the first 100 did");
  json["ci_low"] = nullptr;
  EXPECT_EQ(saved_sentence(json), "60 audit labels cannot tell what the first 100 labels saved");
  json["back_test"] = {
      {"random_labels", 30}, {"predicted", 0.842}, {"measured", 0.848}, {"held", true}};
  EXPECT_EQ(saved_back_test_sentence(json),
            "30 simulated random labels teach 84.2 of 100, as many real ones 84.8");
}

// What the range leaves open is no saving, whatever its ends; what costs more is said to.
TEST(LabelsSaved, SpeaksOfNoSavingWhereTheRangeHoldsNoneOrALoss) {
  const auto said = [](double value, const Json& low, const Json& high, bool beyond = false) {
    return saved_sentence({{"labels", 318},
                           {"audit_labels", 106},
                           {"random_labels", 318 / (1 - value)},
                           {"value", value},
                           {"ci_low", low},
                           {"ci_high", high},
                           {"beyond", beyond}});
  };
  EXPECT_EQ(said(-3.03, nullptr, 0.9364, true),
            "cannot be told yet: between far more labels than random ones and 94 % fewer (95 %), "
            "the estimate is far more");
  EXPECT_EQ(said(0.61, -0.1, 0.7),
            "cannot be told yet: between 10 % more labels than random ones and 70 % fewer (95 %), "
            "the estimate is 61 % fewer");
  EXPECT_EQ(said(0.95, -0.35, nullptr, true),
            "cannot be told yet: between 35 % more labels than random ones and far fewer (95 %), "
            "the estimate is far fewer");
  EXPECT_EQ(said(-3.05, nullptr, -0.913),
            "costs more labels than random so far: at least 91 % more (95 %), since at most 166 "
            "random labels teach as much as the first 318 did");
  EXPECT_EQ(said(-0.5, -0.8, -0.2),
            "costs more labels than random so far: 50 % more (95 % CI 20 to 80 %), since about 212 "
            "random labels teach as much as the first 318 did");
}

}  // namespace querist::loop
