// The default policy against its formula, and near duplicates against plain distances.
#include <gtest/gtest.h>

#include <algorithm>
#include <any>
#include <cmath>
#include <set>

#include "base/error.h"
#include "strategies/door/expression.h"
#include "strategies/herding/herding.h"
#include "strategies/herding/near_duplicates.h"
#include "strategies/random_pool_fixture.h"

namespace querist::strategies {

static Selection choose(const std::string& expression, const Pool& pool, size_t count) {
  const auto chosen = parse_strategy(expression);
  return select_batch(*chosen.card, pool, count, chosen.params, 1);
}

// Rows of length one in groups of near copies, row i of group i / copies.
struct Groups {
  size_t copies;
  Matrix embeddings, probabilities;
  std::vector<int64_t> candidates, labeled;
  std::vector<int32_t> labels;

  Groups(size_t groups, size_t count, uint64_t seed)
      : copies(count), embeddings(groups * count, 24), probabilities(groups * count, 2) {
    Rng rng(seed);
    std::vector<float> centre(24);
    for (size_t i = 0; i < embeddings.rows; ++i) {
      if (i % copies == 0) {
        for (float& v : centre) v = static_cast<float>(rng.normal());
      }
      double norm = 0;
      for (size_t j = 0; j < 24; ++j) {
        const auto v = embeddings.at(i, j) = centre[j] + static_cast<float>(0.005 * rng.normal());
        norm += static_cast<double>(v) * static_cast<double>(v);
      }
      for (float& v : embeddings.row(i))
        v = static_cast<float>(static_cast<double>(v) / std::sqrt(norm));
      probabilities.at(i, 0) = static_cast<float>(0.3 + 0.4 * rng.uniform());
      probabilities.at(i, 1) = 1 - probabilities.at(i, 0);
    }
  }
  // The first row of each of the first `count` groups has a label.
  Pool pool(size_t count) {
    candidates.clear();
    labeled.clear();
    labels.clear();
    for (size_t i = 0; i < embeddings.rows; ++i) {
      const bool has_label = i % copies == 0 && i / copies < count;
      (has_label ? labeled : candidates).push_back(static_cast<int64_t>(i));
      if (has_label) labels.push_back(static_cast<int32_t>(labels.size() % 2));
    }
    return {embeddings.rows, 2, candidates, labeled, labels, probabilities, embeddings};
  }
  std::set<size_t> groups_of(const std::vector<int64_t>& rows) const {
    std::set<size_t> found;
    for (const int64_t row : rows) found.insert(static_cast<size_t>(row) / copies);
    return found;
  }
};

// In few columns rows lie near each other by chance: those are no duplicates.
TEST(Auto, TakesNoEvenlySpreadRowsForNearDuplicates) {
  for (const size_t columns : {1, 2, 3, 30}) {
    Rng rng(columns);
    Matrix x(500, columns);
    for (float& v : x.values) v = static_cast<float>(rng.uniform());
    const float farthest = duplicate_distance({.size = x.rows, .embeddings = x});
    double near = 0;
    for (size_t i = 0; i < x.rows; ++i) {
      for (size_t j = 0; j < i; ++j) {
        double squared = 0;
        for (size_t c = 0; c < columns; ++c)
          squared += std::pow(double{x.at(i, c)} - double{x.at(j, c)}, 2);
        near += 2 * (std::sqrt(squared) <= farthest);
      }
    }
    EXPECT_GT(farthest, 0);
    EXPECT_LT(near / 500, 0.2) << columns;
  }
}

TEST(Auto, AsksForOneOfAGroupOfNearDuplicates) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    for (const char* expression : {"auto", "auto(late_labels_per_class=0)"}) {
      Groups world(40, 5, seed);
      for (const size_t with_label : {0, 8}) {
        const Pool pool = world.pool(with_label);
        const auto picks = choose(expression, pool, 12).rows;
        const auto groups = world.groups_of(picks);
        EXPECT_EQ(groups.size(), 12u) << expression << ", " << with_label << " with a label";
        for (const size_t group : groups) EXPECT_GE(group, with_label) << expression;
      }
    }
  }
}

TEST(Auto, TakesNearDuplicatesOnceNothingElseIsLeft) {
  Groups world(6, 5, 3);
  const Pool pool = world.pool(4);
  const auto picks = choose("auto", pool, 26).rows;
  EXPECT_EQ(std::set<int64_t>(picks.begin(), picks.end()).size(), 26u);
  EXPECT_EQ(world.groups_of({picks[0], picks[1]}), (std::set<size_t>{4, 5}));
}

TEST(NearDuplicates, AreThoseOfThePlainRule) {
  Rng rng(5);
  size_t found = 0, asked = 0;
  for (int round = 0; round < 200; ++round) {
    const RandomPool world(rng, false);
    const Pool pool = world.pool();
    const auto farthest = static_cast<float>(0.3 + 2 * rng.uniform());
    Matrix x = world.embeddings;  // Drawn closer together, so that some are near.
    const size_t kinds = 1 + rng.below(10);
    for (size_t i = 0; i < x.rows; ++i) {
      for (size_t j = 0; j < x.cols; ++j) {
        x.at(i, j) = world.embeddings.at(i % kinds, j) + static_cast<float>(0.03 * rng.normal());
      }
    }
    Pool near = pool;
    near.embeddings = x;
    const auto repeated = near_duplicates(near, pool.candidates, farthest);
    const auto is_near = [&](int64_t a, int64_t b) {
      double squared = 0, na = 0, nb = 0;
      for (size_t j = 0; j < x.cols; ++j) {
        const double u = x.at(static_cast<size_t>(a), j), v = x.at(static_cast<size_t>(b), j);
        squared += (u - v) * (u - v);
        na += u * u;
        nb += v * v;
      }
      return squared <= farthest * farthest && squared <= 0.01 * std::sqrt(na * nb);
    };
    std::vector<int64_t> kept(pool.labeled.begin(), pool.labeled.end());
    for (size_t i = 0; i < pool.candidates.size(); ++i) {
      const int64_t row = pool.candidates[i];
      const bool expected =
          std::any_of(kept.begin(), kept.end(), [&](int64_t other) { return is_near(row, other); });
      EXPECT_EQ(repeated[i], expected) << "round " << round << ", row " << row;
      if (!expected) kept.push_back(row);
      found += expected;
      ++asked;
    }
  }
  EXPECT_GT(found, asked / 10);
  EXPECT_LT(found, asked * 9 / 10);
}

// With a kernel so narrow that each row covers itself alone, a pick is the row of largest weight.
TEST(Auto, WeighsByMarginAtATemperatureAndByTheRarityOfClasses) {
  Rng rng(6);
  int checked = 0;
  for (int round = 0; round < 300; ++round) {
    const RandomPool world(rng, false);
    Pool pool = world.pool();
    Matrix apart(world.size, 3);  // No two rows alike: copies stand for each other and add up.
    for (float& v : apart.values) v = static_cast<float>(rng.normal());
    pool.embeddings = apart;
    std::vector<double> counts(world.classes, 0);
    for (const int32_t label : world.labels) ++counts[static_cast<size_t>(label)];
    const auto seen = std::count_if(counts.begin(), counts.end(), [](double n) { return n > 0; });
    if (seen < 2 || world.labeled.size() < 2 * world.classes || pool.candidates.empty()) continue;
    const double temperature = round % 2 ? 1 : 2.5;
    const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
    const double power = std::min(1.0, std::log((*most + 10) / (*least + 10)) / std::log(10.0));
    const double per_class =
        static_cast<double>(world.labeled.size()) / static_cast<double>(world.classes);
    std::vector<double> margins;
    double mean = 0;
    for (const int64_t row : world.candidates) {
      std::vector<double> p(world.classes);
      double sum = 0;
      for (size_t c = 0; c < p.size(); ++c)
        sum += p[c] = std::pow(world.p(row, c), 1 / temperature);
      std::sort(p.rbegin(), p.rend());
      margins.push_back(1 - (p[0] - (p.size() > 1 ? p[1] : 0)) / sum);
      mean += margins.back() / static_cast<double>(world.candidates.size());
    }
    double best = 0;
    for (size_t i = 0; i < margins.size(); ++i) {
      double balance = 0;
      for (size_t c = 0; c < counts.size(); ++c)
        balance += world.p(world.candidates[i], c) * std::sqrt(per_class / (counts[c] + 1));
      const double weight = (0.1 * mean + 0.9 * margins[i]) * std::pow(balance, power);
      best = std::max(best, weight / world.cost(world.candidates[i]));
    }
    const auto picked =
        choose(fmt::format("auto(gamma=1e9, outliers=0, max_targets=0, max_candidates=0, "
                           "late_labels_per_class=1e9, temperature={})",
                           temperature),
               pool, 1);
    EXPECT_NEAR(picked.utilities[0], best, 1e-4 * best) << "round " << round;  // float32 weights.
    ++checked;
  }
  EXPECT_GT(checked, 30);
}

TEST(Auto, SpreadsTheHeaviestOverClustersOnceItIsLate) {
  Groups world(60, 1, 9);
  const Pool pool = world.pool(20);
  const auto late = choose("auto(late_labels_per_class=0)", pool, 3).rows;
  Pool of_trees = pool;
  of_trees.trees = true;
  EXPECT_EQ(choose("auto", of_trees, 3).rows, late);
  EXPECT_NE(choose("auto", pool, 3).rows, late);
  auto margins = choose("margin", pool, 9).rows;  // Two classes, evenly labelled: the same order.
  for (const int64_t row : late) {
    EXPECT_NE(std::find(margins.begin(), margins.end(), row), margins.end());
  }
}

TEST(Auto, ChoosesTheSameWithWhatItKeptFromEarlierCalls) {
  Groups world(60, 2, 11);
  std::any memory;
  for (const size_t with_label : {10, 11, 14, 30}) {
    for (const char* expression : {"auto(late_labels_per_class=0)", "auto"}) {
      for (const size_t batch : {3, 7, 3}) {
        Pool pool = world.pool(with_label);
        const auto alone = choose(expression, pool, batch);
        pool.memory = &memory;
        const auto kept = choose(expression, pool, batch);
        EXPECT_EQ(kept.rows, alone.rows) << expression << ", " << with_label << ", " << batch;
        EXPECT_EQ(kept.utilities, alone.utilities);
      }
    }
  }
}

TEST(Auto, CountsAnExampleFarFromAllOthersForLess) {
  Matrix x(101, 8);
  Rng rng(4);
  for (float& v : x.values) v = static_cast<float>(rng.normal());
  for (float& v : x.row(100)) v = 40;
  Matrix p(101, 2);
  std::fill(p.values.begin(), p.values.end(), 0.5f);
  std::vector<int64_t> candidates(101);
  for (size_t i = 0; i < candidates.size(); ++i) candidates[i] = static_cast<int64_t>(i);
  const Pool pool{101, 2, candidates, {}, {}, {}, x};
  const auto utility_of_far = [&](const char* power) {
    const auto picks = choose(fmt::format("auto(gamma=1e9, outliers={})", power), pool, 101);
    const auto at = std::find(picks.rows.begin(), picks.rows.end(), 100) - picks.rows.begin();
    return picks.utilities[static_cast<size_t>(at)];
  };
  std::vector<double> radii;
  for (size_t i = 0; i < 101; ++i) {
    std::vector<double> distances;
    for (size_t j = 0; j < 101; ++j) {
      double squared = 0;
      for (size_t d = 0; d < 8; ++d) {
        const double step = static_cast<double>(x.at(i, d)) - static_cast<double>(x.at(j, d));
        squared += step * step;
      }
      if (i != j) distances.push_back(std::sqrt(squared));
    }
    std::sort(distances.begin(), distances.end());
    radii.push_back(distances[19]);
  }
  const double own = radii[100];
  std::sort(radii.begin(), radii.end());
  EXPECT_EQ(utility_of_far("0"), 1);
  EXPECT_NEAR(utility_of_far("1"), radii[95] / own, 1e-5);  // float32 distances.
  EXPECT_NEAR(utility_of_far("2"), std::pow(radii[95] / own, 2), 1e-5);
}

}  // namespace querist::strategies
