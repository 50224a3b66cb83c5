// What every pseudo-labeler must do, whichever it is; runs over the whole registry.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "base/error.h"
#include "base/threads.h"
#include "pseudo_labelers/centroid_trainer.h"
#include "pseudo_labelers/pseudo_labeler.h"

namespace querist::pseudo_labelers {

// Points around one centre a class, in two views; a few have labels.
struct World {
  Matrix x, second;
  std::vector<int64_t> labeled, unlabeled;
  std::vector<int32_t> labels, truth;
  size_t classes;

  World(size_t rows, size_t class_count, size_t label_count, uint64_t seed, size_t columns = 4)
      : x(rows, columns), second(rows, columns), classes(class_count) {
    Rng rng(seed);
    Matrix centres(classes, 2 * columns);
    for (float& v : centres.values) v = static_cast<float>(3 * rng.normal());
    for (size_t i = 0; i < rows; ++i) {
      truth.push_back(static_cast<int32_t>(i % classes));
      for (size_t j = 0; j < columns; ++j) {
        x.at(i, j) = centres.at(i % classes, j) + static_cast<float>(rng.normal());
        second.at(i, j) = centres.at(i % classes, columns + j) + static_cast<float>(rng.normal());
      }
      for (float& v : x.row(i)) v = std::abs(v);  // Counts for those that read words.
      const bool has_label = i < label_count;
      (has_label ? labeled : unlabeled).push_back(static_cast<int64_t>(i));
      if (has_label) labels.push_back(truth.back());
    }
  }
  PartlyLabeled data() const { return {x, x, second, labeled, labels, unlabeled, classes}; }
};

class EveryPseudoLabeler : public testing::TestWithParam<std::string_view> {
 protected:
  const PseudoLabeler& labeler() const { return find(GetParam()); }
  PseudoLabels run(const PartlyLabeled& data, uint64_t seed = 1) const {
    return label(labeler(), data, Params(labeler().params), train_centroids, seed, Progress());
  }
  void expect_refused(const PartlyLabeled& data, const std::string& why) const {
    try {
      run(data);
      ADD_FAILURE() << why << " was not refused";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::invalid_argument) << why;
    }
  }
};

TEST(PseudoLabelers, AreTheFilesOfTheirFolder) {
  std::set<std::string> files, names;
  for (const auto& entry :
       std::filesystem::directory_iterator(QUERIST_SOURCE_DIR "/src/pseudo_labelers")) {
    const std::string name = entry.path().stem();
    if (entry.path().extension() == ".cpp" && name != "registry" && !name.ends_with("_test"))
      files.insert(name);
  }
  for (const PseudoLabeler& card : all()) names.insert(std::string(card.name));
  EXPECT_EQ(names, files);
}

TEST_P(EveryPseudoLabeler, SaysWhatItIs) {
  EXPECT_FALSE(labeler().summary.empty());
  EXPECT_FALSE(labeler().source.empty());
  for (const ParamSpec& spec : labeler().params) EXPECT_FALSE(spec.help.empty()) << spec.name;
}

TEST_P(EveryPseudoLabeler, LabelsSomeOfTheUnlabelledWithPositiveWeights) {
  for (uint64_t seed = 0; seed < 30; ++seed) {
    const World world(20 + 9 * seed, 2 + seed % 4, 8 + seed % 5, seed);
    const auto pseudo = run(world.data());
    EXPECT_FALSE(pseudo.rows.empty());
    EXPECT_TRUE(std::is_sorted(pseudo.rows.begin(), pseudo.rows.end()));
    EXPECT_EQ(std::set(pseudo.rows.begin(), pseudo.rows.end()).size(), pseudo.rows.size());
    for (size_t i = 0; i < pseudo.rows.size(); ++i) {
      EXPECT_TRUE(
          std::binary_search(world.unlabeled.begin(), world.unlabeled.end(), pseudo.rows[i]));
      EXPECT_GE(pseudo.labels[i], 0);
      EXPECT_LT(static_cast<size_t>(pseudo.labels[i]), world.classes);
      EXPECT_TRUE(pseudo.weights[i] > 0 && std::isfinite(pseudo.weights[i]));
    }
  }
}

TEST_P(EveryPseudoLabeler, IsMostlyRightWhereClassesLieApart) {
  const World world(400, 3, 9, 5);
  const auto pseudo = run(world.data());
  size_t right = 0;
  for (size_t i = 0; i < pseudo.rows.size(); ++i)
    right += pseudo.labels[i] == world.truth[static_cast<size_t>(pseudo.rows[i])];
  EXPECT_GT(static_cast<double>(right), 0.9 * static_cast<double>(pseudo.rows.size()));
}

TEST_P(EveryPseudoLabeler, GivesTheSameOnOneThreadAndOnMany) {
  const World world(500, 4, 12, 6);
  set_threads(1);
  const auto one = run(world.data());
  set_threads(0);
  const auto many = run(world.data());
  EXPECT_EQ(one.rows, many.rows);
  EXPECT_EQ(one.labels, many.labels);
  EXPECT_EQ(one.weights, many.weights);
}

TEST_P(EveryPseudoLabeler, LabelsNothingWhereThereIsNothingToTell) {
  World one_class(30, 2, 6, 7);
  std::fill(one_class.labels.begin(), one_class.labels.end(), 1);
  EXPECT_TRUE(run(one_class.data()).rows.empty());
  World all_labelled(10, 2, 10, 8);
  EXPECT_TRUE(run(all_labelled.data()).rows.empty());
  const World none(20, 2, 0, 9);
  EXPECT_TRUE(run(none.data()).rows.empty());
}

TEST_P(EveryPseudoLabeler, TakesRowsOfZerosRepeatedRowsAndFewRows) {
  World zeros(30, 2, 6, 10);
  std::fill(zeros.x.values.begin(), zeros.x.values.end(), 0.0f);
  run(zeros.data());
  World same(30, 2, 6, 11);
  for (size_t i = 1; i < 30; ++i) std::copy_n(same.x.row(0).begin(), 4, same.x.row(i).begin());
  run(same.data());
  const World tiny(3, 2, 2, 12);
  run(tiny.data());
}

TEST_P(EveryPseudoLabeler, RefusesWhatIsWrong) {
  const World world(20, 2, 6, 13);
  World bad = world;
  bad.labeled[5] = 20;
  expect_refused(bad.data(), "a row too many");
  bad = world;
  bad.unlabeled[0] = 2;
  expect_refused(bad.data(), "a row of both");
  bad = world;
  std::swap(bad.unlabeled[0], bad.unlabeled[1]);
  expect_refused(bad.data(), "rows out of order");
  bad = world;
  bad.labels[0] = 2;
  expect_refused(bad.data(), "a class too many");
  bad = world;
  bad.labels.pop_back();
  expect_refused(bad.data(), "too few labels");
  PartlyLabeled data = world.data();
  data.geometry.rows = 19;
  expect_refused(data, "a geometry of other rows");
  if (!labeler().needs_second_view) return;
  data = world.data();
  data.second_view = {};
  expect_refused(data, "no second view");
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryPseudoLabeler, testing::ValuesIn([] {
                           std::vector<std::string_view> names;
                           for (const auto& card : all()) names.push_back(card.name);
                           return names;
                         }()),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace querist::pseudo_labelers
