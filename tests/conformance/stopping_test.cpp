// What every stopping rule must do, whichever it is; runs over the whole registry.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <set>

#include "stopping/stopping.h"

namespace querist::stopping {

class EveryStoppingRule : public testing::TestWithParam<std::string_view> {
 protected:
  Advice ask(const History& history) const {
    const StoppingRule& rule = find(GetParam());
    return decide(rule, history, Params(rule.params));
  }
};

TEST(StoppingRules, AreTheFilesOfTheirFolder) {
  std::set<std::string> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(QUERIST_SOURCE_DIR "/src/stopping")) {
    const std::string name = entry.path().stem();
    if (entry.path().extension() == ".cpp" && name != "registry" && !name.ends_with("_test")) {
      files.insert(name);
    }
  }
  std::set<std::string> names;
  for (const StoppingRule& rule : all()) names.insert(std::string(rule.name));
  EXPECT_EQ(names, files);
  EXPECT_EQ(all().size(), files.size());
}

TEST_P(EveryStoppingRule, SaysWhatItIs) {
  const StoppingRule& rule = find(GetParam());
  EXPECT_FALSE(rule.summary.empty());
  EXPECT_FALSE(rule.source.empty());
  for (const ParamSpec& spec : rule.params) EXPECT_FALSE(spec.help.empty()) << spec.name;
}

TEST_P(EveryStoppingRule, AnswersInOneSentenceOnAnyHistory) {
  std::vector<History> histories(8);
  histories[1].models = {{10, {}}, {20, {}}, {30, {}}, {40, {}}, {400, {}}};
  histories[2].models = {{10, {0}}, {10, {1}}, {10, {0}}, {10, {1}}};
  histories[3] = {.models = std::vector<ModelRecord>(50, {7, {0, 1, 2}}),
                  .batch_size = 0,
                  .target = 1,
                  .budget = 1,
                  .pool_left = 1};
  histories[4] = {.audit = metrics::Estimate{1, 1, 1, "wilson"},
                  .audit_labels = 1000,
                  .metric = "balanced_accuracy",
                  .target = 0.001,
                  .labels = 1,
                  .budget = SIZE_MAX,
                  .pool_left = SIZE_MAX};
  // Audits of one label, all wrong and all right, more models than points and a law has.
  for (size_t i = 1; i <= 300; ++i) {
    ModelRecord record{.labels = i, .predictions = {0, 1}, .entropy = 0, .classes = 2};
    record.audit = metrics::wilson_interval(i % 2, 1);
    record.audit_labels = i;
    histories[5].models.push_back(record);
  }
  histories[5].audit = metrics::Estimate{0, 0, 0, "wilson"};
  histories[5].audit_shares = {{0, 0}, {0, 50}};
  histories[5].audit_labels = 50;
  histories[5].target = 0.5;
  histories[5].pool_left = 1;
  histories[5].seconds_per_label = 0;
  histories[5].cost_per_hour = histories[5].value_per_point = 1e12;
  histories[6].review = Review{"a", {}, {0, 0}};
  histories[7].review = Review{"a", {{0, 1, true}}, {1, 0}};
  for (const History& history : histories) {
    const Advice advice = ask(history);
    EXPECT_EQ(advice.name, GetParam());
    EXPECT_EQ(advice.met.has_value(), advice.verdict != Verdict::unknown);
    if (advice.met) {
      EXPECT_EQ(*advice.met, advice.verdict == Verdict::stop);
    }
    EXPECT_TRUE(std::isfinite(advice.value));
    ASSERT_GE(advice.sentence.size(), 10u);
    const auto first = static_cast<unsigned char>(advice.sentence.front());
    EXPECT_TRUE(std::isupper(first) || std::isdigit(first));
    EXPECT_EQ(advice.sentence.back(), '.');
    const Advice again = ask(history);
    EXPECT_EQ(again.sentence, advice.sentence);
  }
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryStoppingRule, testing::ValuesIn([] {
                           std::vector<std::string_view> names;
                           for (const StoppingRule& rule : all()) names.push_back(rule.name);
                           return names;
                         }()),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace querist::stopping
