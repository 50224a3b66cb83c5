// The gate on worlds where pseudo-labels help, do harm or tell nothing.
#include "pseudo_labelers/gate/gate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "pseudo_labelers/centroid_trainer.h"

namespace querist::pseudo_labelers {

// Two round clusters in many columns: few labels say little of where their middles are.
struct Clusters {
  Matrix x;
  std::vector<int64_t> labeled, unlabeled;
  std::vector<int32_t> labels;

  Clusters(size_t rows, size_t label_count, uint64_t seed, bool others_lie_elsewhere)
      : x(rows, 12) {
    Rng rng(seed);
    for (size_t i = 0; i < rows; ++i) {
      const auto cls = static_cast<int32_t>(i % 2);
      const bool has_label = i < label_count;
      const bool elsewhere = others_lie_elsewhere && !has_label;
      for (float& value : x.row(i)) {
        // Elsewhere: far from both, so that whoever is the surer there is not the righter.
        const double middle = elsewhere ? 3 * rng.normal() : (cls == 0 ? -0.5 : 0.5);
        value = static_cast<float>(middle + rng.normal());
      }
      (has_label ? labeled : unlabeled).push_back(static_cast<int64_t>(i));
      if (has_label) labels.push_back(cls);
    }
  }
  PartlyLabeled data() const { return {x, x, {}, labeled, labels, unlabeled, 2}; }
};

static GateMethod method(std::string_view name) { return {&find(name), Params(find(name).params)}; }

TEST(Gate, UsesPseudoLabelsWhereTheyHelp) {
  int used = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Clusters world(400, 12, seed, false);
    const std::vector<GateMethod> methods = {method("self_training")};
    const auto decision = gate(world.data(), methods, train_centroids, 5, seed, Progress());
    ASSERT_EQ(decision.methods.size(), 2u);
    const auto& found = decision.methods[1];
    EXPECT_EQ(decision.chosen != nullptr, found.gain > found.standard_error);
    EXPECT_EQ(decision.chosen == nullptr, decision.pseudo.rows.empty());
    used += decision.chosen != nullptr;
  }
  EXPECT_GE(used, 14);
}

TEST(Gate, KeepsTheGivenLabelsWhereTheOthersLieElsewhere) {
  int used = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Clusters world(400, 40, seed, true);
    const std::vector<GateMethod> methods = {method("self_training")};
    used += gate(world.data(), methods, train_centroids, 5, seed, Progress()).chosen != nullptr;
  }
  EXPECT_LE(used, 4);
}

TEST(Gate, GivesWhatTheChosenMethodGivesOnAllLabels) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    const Clusters world(300, 12, seed, false);
    const std::vector<GateMethod> methods = {method("self_training"), method("consistency")};
    const auto decision = gate(world.data(), methods, train_centroids, 4, seed, Progress());
    const auto again = gate(world.data(), methods, train_centroids, 4, seed, Progress());
    EXPECT_EQ(decision.chosen, again.chosen);
    EXPECT_EQ(decision.pseudo.rows, again.pseudo.rows);
    if (!decision.chosen) continue;
    const auto plain = label(*decision.chosen, world.data(), Params(decision.chosen->params),
                             train_centroids, seed, Progress());
    EXPECT_EQ(decision.pseudo.rows, plain.rows);
    EXPECT_EQ(decision.pseudo.labels, plain.labels);
    EXPECT_EQ(decision.pseudo.weights, plain.weights);
  }
}

TEST(Gate, NeverTrainsOnARowThatItScores) {
  const Clusters world(60, 20, 3, false);
  std::vector<std::vector<float>> trained;
  const Trainer spy = [&](const Dataset& data) -> Predictor {
    std::vector<float> first;
    for (size_t i = 0; i < data.features.rows; ++i) first.push_back(data.features.dense[12 * i]);
    const Predictor inner = train_centroids(data);
    return [first, inner](const Features& asked, Matrix& out) {
      if (asked.rows < 20) {  // Held-out rows; the unlabelled ones are 40.
        for (size_t i = 0; i < asked.rows; ++i)
          EXPECT_EQ(std::count(first.begin(), first.end(), asked.dense[12 * i]), 0);
      }
      inner(asked, out);
    };
  };
  const std::vector<GateMethod> methods = {method("self_training")};
  gate(world.data(), methods, spy, 5, 1, Progress());
}

TEST(Gate, DecidesNothingWhereThereIsNothingToCompare) {
  Clusters world(30, 6, 4, false);
  const std::vector<GateMethod> methods = {method("self_training")};
  EXPECT_TRUE(gate(world.data(), {}, train_centroids, 5, 0, Progress()).methods.empty());
  const Clusters all(10, 10, 4, false);
  EXPECT_TRUE(gate(all.data(), methods, train_centroids, 5, 0, Progress()).methods.empty());
  std::fill(world.labels.begin(), world.labels.end(), 1);
  EXPECT_EQ(gate(world.data(), methods, train_centroids, 5, 0, Progress()).chosen, nullptr);
}

TEST(Gate, HoldsNoOnlyLabelOfAClassOut) {
  const std::vector<GateMethod> methods = {method("self_training")};
  const Clusters two(30, 2, 5, false);
  EXPECT_TRUE(gate(two.data(), methods, train_centroids, 5, 0, Progress()).methods.empty());
  const Clusters four(30, 4, 5, false);
  auto data = four.data();
  const std::vector<int32_t> labels = {0, 1, 0, 1, 2};
  const std::vector<int64_t> labeled = {0, 1, 2, 3, 4};
  data.labels = labels;
  data.labeled = labeled;
  data.unlabeled = data.unlabeled.subspan(1);
  data.classes = 3;
  const Trainer spy = [&](const Dataset& trained) -> Predictor {
    EXPECT_EQ(std::ranges::count(trained.labels, 2) > 0, true);
    return train_centroids(trained);
  };
  const auto decision = gate(data, methods, spy, 2, 0, Progress());
  EXPECT_EQ(decision.rows, 4u);
  EXPECT_EQ(decision.methods.size(), 2u);
  EXPECT_THROW(gate(four.data(), methods, train_centroids, 1, 0, Progress()), Error);
}

TEST(Gate, CountsErrorsWhereItIsAskedTo) {
  const Clusters world(400, 12, 2, false);
  const std::vector<GateMethod> methods = {method("self_training"), method("label_spreading")};
  const auto decision =
      gate(world.data(), methods, train_centroids, 5, 2, Progress(), {GateLoss::error, 3});
  for (const auto& found : decision.methods) {
    const double wrong = found.loss * 12 * 3;  // Of three times twelve labels a whole number.
    EXPECT_NEAR(wrong, std::round(wrong), 1e-9);
  }
  EXPECT_EQ(decision.chosen, decision.place == 0 ? nullptr : methods[decision.place - 1].labeler);
}

// Nobody looks again at a method that is clearly worse in a whole deal of the folds.
TEST(Gate, DropsAMethodThatIsClearlyWorse) {
  static int asked = 0;
  const auto useless = [](const PartlyLabeled& data, const Params&, const Trainer&, Rng&,
                          const Progress&) -> PseudoLabels {
    ++asked;
    PseudoLabels wrong;  // All of class 0, each as heavy as a given label.
    wrong.rows.assign(data.unlabeled.begin(), data.unlabeled.end());
    wrong.labels.assign(wrong.rows.size(), 0);
    wrong.weights.assign(wrong.rows.size(), 1);
    return wrong;
  };
  PseudoLabeler labeler = find("label_spreading");
  labeler.label = useless;
  const Clusters world(200, 12, 3, false);
  const std::vector<GateMethod> methods = {{&labeler, Params(labeler.params)},
                                           method("self_training")};
  const auto decision =
      gate(world.data(), methods, train_centroids, 4, 3, Progress(), {GateLoss::error, 3});
  EXPECT_EQ(asked, 4) << "of the first deal alone";
  EXPECT_LT(decision.methods[1].gain, 0);
  EXPECT_NE(decision.place, 1u);
}

}  // namespace querist::pseudo_labelers
