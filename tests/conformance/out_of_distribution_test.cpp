// What every out-of-distribution detector must do, whichever it is; runs over the whole registry.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <set>

#include "base/error.h"
#include "base/rng.h"
#include "metrics/ranking.h"
#include "out_of_distribution/detector.h"

namespace querist::out_of_distribution {

// Rows about the corners of a square, one corner a class, and the probabilities of a model that
// looks at the distance to each corner.
struct Sample {
  std::vector<double> logits;
  Matrix embeddings;
  std::vector<int32_t> labels;

  Sample(size_t rows, uint64_t seed, bool strange = false) : embeddings(rows, 3) {
    Rng rng(seed);
    for (size_t i = 0; i < rows; ++i) {
      const auto label = static_cast<int32_t>(rng.below(4));
      labels.push_back(label);
      const double size = strange ? 0 : 2;  // Strange rows lie between the corners.
      embeddings.at(i, 0) = static_cast<float>((label & 1 ? size : -size) + 0.4 * rng.normal());
      embeddings.at(i, 1) = static_cast<float>((label & 2 ? size : -size) + 0.4 * rng.normal());
      embeddings.at(i, 2) = static_cast<float>(0.4 * rng.normal() + (strange ? 2 : 0));
      double x = double{embeddings.at(i, 0)};
      double y = double{embeddings.at(i, 1)};
      logits.insert(logits.end(), {-x - y, x - y, y - x, x + y});
    }
  }
  Rows rows() const { return {{labels.size(), 4, logits.data()}, Features(embeddings)}; }
  TrainingRows training() const { return {rows(), labels}; }
};

class EveryDetector : public testing::TestWithParam<std::string_view> {
 protected:
  const Detector& card() const { return find(GetParam()); }
  Fitted learn(const TrainingRows& training) const {
    return fit(card(), training, Params(card().params));
  }
};

TEST(Detectors, AreTheFilesOfTheirFolder) {
  std::set<std::string> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(QUERIST_SOURCE_DIR "/src/out_of_distribution")) {
    const std::string name = entry.path().stem();
    if (entry.path().extension() == ".cpp" && name != "registry" && !name.ends_with("_test"))
      files.insert(name);
  }
  std::set<std::string> names;
  for (const Detector& one : all()) names.insert(std::string(one.name));
  EXPECT_EQ(names, files);
  EXPECT_EQ(all().size(), files.size());
  EXPECT_THROW(find("unheard_of"), Error);
}

TEST_P(EveryDetector, SaysWhatItIs) {
  EXPECT_FALSE(card().summary.empty());
  EXPECT_FALSE(card().source.empty());
  for (const ParamSpec& spec : card().params) EXPECT_FALSE(spec.help.empty()) << spec.name;
}

TEST_P(EveryDetector, ScoresStrangeRowsHigher) {
  const Sample known(200, 1);
  const Sample fresh(150, 2);
  const Sample strange(150, 3, true);
  const Fitted fitted = learn(known.training());
  std::vector<double> scores = score(fitted, fresh.rows());
  const auto others = score(fitted, strange.rows());
  scores.insert(scores.end(), others.begin(), others.end());
  std::vector<uint8_t> is_strange(150);
  is_strange.resize(300, 1);
  EXPECT_GT(metrics::roc_auc(scores, is_strange), 0.95);
}

TEST_P(EveryDetector, IsTheSameAfterSavingAndLoading) {
  const Sample sample(80, 4);
  const Fitted one = learn(sample.training());
  const std::string bytes = save(one);
  const Fitted again = load(bytes);
  EXPECT_EQ(again.name, GetParam());
  EXPECT_EQ(save(again), bytes);
  EXPECT_EQ(score(again, sample.rows()), score(one, sample.rows()));
  EXPECT_EQ(save(learn(sample.training())), bytes);
}

// Cut at every length; every byte turned over: refused, or read as another sound state.
TEST_P(EveryDetector, NeverReadsPastDamage) {
  const Sample sample(9, 5);
  const std::string bytes = save(learn(sample.training()));
  for (size_t length = 0; length < bytes.size(); ++length)
    EXPECT_THROW(load(std::string_view(bytes).substr(0, length)), Error) << length;
  EXPECT_THROW(load(bytes + "x"), Error);
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (const int flip : {0x01, 0x80, 0xff}) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      try {
        const Fitted fitted = load(damaged);
        EXPECT_EQ(score(fitted, sample.rows()).size(), 9u);
      } catch (const Error&) {
      }
    }
  }
}

TEST_P(EveryDetector, ScoresARowAlikeInAnyCompany) {
  const Sample sample(300, 6);
  const Fitted fitted = learn(sample.training());
  const auto all_scores = score(fitted, sample.rows());
  for (const size_t row : {0, 130, 299}) {
    const Rows alone{{1, 4, sample.logits.data() + 4 * row},
                     Features(MatrixView(1, 3, sample.embeddings.values.data() + 3 * row))};
    EXPECT_NEAR(score(fitted, alone)[0], all_scores[row], 1e-9 * (1 + std::abs(all_scores[row])));
  }
}

TEST_P(EveryDetector, WorksOnOneRowAndOnNone) {
  const Sample one(1, 7);
  const Fitted fitted = learn(one.training());
  EXPECT_TRUE(std::isfinite(score(fitted, one.rows())[0]));
  EXPECT_TRUE(score(fitted, Sample(0, 8).rows()).empty());
}

TEST_P(EveryDetector, RefusesWhatItCannotRead) {
  const Sample sample(20, 9);
  const Fitted fitted = learn(sample.training());
  EXPECT_THROW(learn(Sample(0, 1).training()), Error);
  EXPECT_THROW(learn({sample.rows(), std::span(sample.labels).first(3)}), Error);
  std::vector<int32_t> wrong = sample.labels;
  wrong[0] = 4;
  EXPECT_THROW(learn({sample.rows(), wrong}), Error);
  Sample damaged = sample;
  damaged.logits[5] = NAN;
  damaged.embeddings.at(1, 1) = NAN;
  EXPECT_THROW(learn(damaged.training()), Error);
  EXPECT_THROW(score(fitted, damaged.rows()), Error);
  Rows narrow{{20, 2, sample.logits.data()},
              Features(MatrixView(20, 2, sample.embeddings.values.data()))};
  EXPECT_THROW(score(fitted, narrow), Error);
  EXPECT_FALSE(can_read(card(), {}));
}

INSTANTIATE_TEST_SUITE_P(All, EveryDetector, testing::ValuesIn([] {
                           std::vector<std::string_view> names;
                           for (const Detector& one : all()) names.push_back(one.name);
                           return names;
                         }()),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace querist::out_of_distribution
