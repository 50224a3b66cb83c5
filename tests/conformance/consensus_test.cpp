// What every consensus method must do, whichever it is; runs over the whole registry.
#include "consensus/consensus.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <numeric>
#include <set>

#include "base/error.h"
#include "base/rng.h"
#include "base/threads.h"

namespace querist::consensus {

// Annotators of whom the last answers by chance, and a model that is fairly good.
struct Sample {
  size_t items;
  size_t classes;
  std::vector<int64_t> item;
  std::vector<int64_t> annotator;
  std::vector<int32_t> label;
  std::vector<int32_t> truth;
  std::vector<double> model;

  Sample(size_t count, size_t class_count, uint64_t seed, size_t answers = 5)
      : items(count), classes(class_count) {
    Rng rng(seed);
    for (size_t i = 0; i < items; ++i) {
      truth.push_back(static_cast<int32_t>(rng.below(classes)));
      for (const int64_t a : rng.sample(7, answers)) {
        const double skill = a == 6 ? 0 : 0.85;
        item.push_back(static_cast<int64_t>(i));
        annotator.push_back(a);
        label.push_back(rng.uniform() < skill ? truth.back()
                                              : static_cast<int32_t>(rng.below(classes)));
      }
      for (size_t c = 0; c < classes; ++c) {
        const bool right = c == static_cast<size_t>(truth.back());
        model.push_back((right ? 0.5 : 0) + 0.5 / static_cast<double>(classes));
      }
    }
  }
  CrowdAnswers answers() const { return {item, annotator, label}; }
  Probabilities probabilities() const { return {items, classes, model.data()}; }
  double accuracy(const std::vector<int32_t>& labels) const {
    double right = 0;
    for (size_t i = 0; i < items; ++i) right += labels[i] == truth[i];
    return right / static_cast<double>(items);
  }
};

class EveryConsensusMethod : public testing::TestWithParam<std::string_view> {
 protected:
  const ConsensusMethod& card() const { return find(GetParam()); }
  Consensus ask(const Sample& sample) const {
    return aggregate(card(), sample.answers(), sample.items, sample.classes, sample.probabilities(),
                     Params(card().params));
  }
};

TEST(ConsensusMethods, AreTheFilesOfTheirFolder) {
  std::set<std::string> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(QUERIST_SOURCE_DIR "/src/consensus")) {
    const std::string name = entry.path().stem();
    if (entry.path().extension() == ".cpp" && name != "registry" && !name.ends_with("_test"))
      files.insert(name);
  }
  std::set<std::string> names;
  for (const ConsensusMethod& one : all()) names.insert(std::string(one.name));
  EXPECT_EQ(names, files);
  EXPECT_THROW(find("unheard_of"), Error);
}

TEST_P(EveryConsensusMethod, SaysWhatItIs) {
  EXPECT_FALSE(card().summary.empty());
  EXPECT_FALSE(card().source.empty());
  for (const ParamSpec& spec : card().params) EXPECT_FALSE(spec.help.empty()) << spec.name;
}

TEST_P(EveryConsensusMethod, GivesProbabilitiesAndTheirLikeliestClass) {
  for (const size_t classes : {1, 2, 5}) {
    for (const size_t answers : {1, 2, 5}) {
      const Sample sample(60, classes, 1, answers);
      const Consensus found = ask(sample);
      ASSERT_EQ(found.probabilities.size(), 60 * classes);
      ASSERT_EQ(found.labels.size(), 60u);
      for (size_t i = 0; i < 60; ++i) {
        const double* row = found.probabilities.data() + i * classes;
        EXPECT_NEAR(std::accumulate(row, row + classes, 0.0), 1, 1e-9);
        for (size_t c = 0; c < classes; ++c) {
          EXPECT_TRUE(row[c] >= 0 && row[c] <= 1 + 1e-12) << row[c];
          EXPECT_LE(row[c], row[found.labels[i]]);
        }
      }
    }
  }
}

TEST_P(EveryConsensusMethod, FindsTheTruthAndWhoKnowsIt) {
  const Sample sample(400, 3, 2);
  const Consensus found = ask(sample);
  EXPECT_GT(sample.accuracy(found.labels), 0.93);
  ASSERT_EQ(found.annotator_quality.size(), 7u);
  for (size_t a = 0; a < 6; ++a)
    EXPECT_GT(found.annotator_quality[a], found.annotator_quality[6] + 0.1);
}

TEST_P(EveryConsensusMethod, DoesNotDependOnTheOrderOfAnswersNorOnThreads) {
  const Sample sample(3000, 3, 3);
  set_threads(1);
  const Consensus alone = ask(sample);
  set_threads(2);
  Sample turned = sample;
  std::reverse(turned.item.begin(), turned.item.end());
  std::reverse(turned.annotator.begin(), turned.annotator.end());
  std::reverse(turned.label.begin(), turned.label.end());
  const Consensus again = ask(turned);
  EXPECT_EQ(alone.probabilities, again.probabilities);
  EXPECT_EQ(alone.annotator_quality, again.annotator_quality);
}

TEST_P(EveryConsensusMethod, LeavesNumbersThatNobodyBearsUnknown) {
  Sample sample(30, 2, 4);
  for (int64_t& a : sample.annotator) a *= 2;
  const Consensus found = ask(sample);
  ASSERT_EQ(found.annotator_quality.size(), 13u);
  EXPECT_TRUE(std::isnan(found.annotator_quality[1]));
  EXPECT_FALSE(std::isnan(found.annotator_quality[2]));
}

TEST_P(EveryConsensusMethod, RefusesAnswersThatAreNone) {
  Sample sample(10, 2, 5);
  sample.label[3] = 2;
  EXPECT_THROW(ask(sample), Error);
  Sample twice(10, 2, 5);
  twice.annotator[1] = twice.annotator[0];
  EXPECT_THROW(ask(twice), Error);
}

INSTANTIATE_TEST_SUITE_P(All, EveryConsensusMethod, testing::ValuesIn([] {
                           std::vector<std::string_view> names;
                           for (const ConsensusMethod& one : all()) names.push_back(one.name);
                           return names;
                         }()),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace querist::consensus
