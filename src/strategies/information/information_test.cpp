// batch_bald and epig against sums over all label configurations written out in double.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "strategies/information/contenders.h"
#include "strategies/information/greedy_joint.h"
#include "strategies/prices.h"
#include "strategies/strategy.h"

namespace querist::strategies {

struct CommitteePool {
  std::vector<float> values;
  std::vector<int64_t> candidates, labeled;
  std::vector<float> costs;
  Pool pool;

  CommitteePool(size_t members, size_t size, size_t classes, size_t label_count, Rng& rng) {
    for (size_t i = 0; i < members * size; ++i) {
      const double sharpness = 3 * rng.uniform();
      std::vector<double> p;
      double sum = 0;
      for (size_t c = 0; c < classes; ++c)
        sum += p.emplace_back(std::exp(sharpness * rng.normal()));
      for (const double value : p) values.push_back(static_cast<float>(value / sum));
    }
    for (size_t i = 0; i < size; ++i)
      (i < label_count ? labeled : candidates).push_back(static_cast<int64_t>(i));
    pool.size = size;
    pool.classes = classes;
    pool.candidates = candidates;
    pool.labeled = labeled;
    pool.member_probabilities = {members, size, classes, values.data()};
  }
  void set_costs(Rng& rng) {
    for (size_t i = 0; i < pool.size; ++i)
      costs.push_back(static_cast<float>(0.5 + 2 * rng.uniform()));
    pool.costs = costs;
  }
  double cost(int64_t row) const {
    return costs.empty() ? 1 : static_cast<double>(costs[static_cast<size_t>(row)]);
  }
  std::vector<double> seen(int64_t row) const {
    std::vector<double> out(pool.member_probabilities.members * pool.classes);
    kernels::read_row(committee_of(pool), static_cast<size_t>(row), out);
    return out;
  }
};

// H(y_1..b) - sum of E H(y_i | member), by running over all classes^b configurations.
static double mutual_information(const CommitteePool& world, const std::vector<int64_t>& rows) {
  const size_t classes = world.pool.classes;
  const size_t members = world.pool.member_probabilities.members;
  std::vector<std::vector<double>> seen;
  for (const int64_t row : rows) seen.push_back(world.seen(row));
  std::vector<size_t> labels(rows.size(), 0);
  double information = 0;
  for (bool more = true; more;) {
    double mean = 0;
    for (size_t k = 0; k < members; ++k) {
      double p = 1;
      for (size_t j = 0; j < rows.size(); ++j) p *= seen[j][k * classes + labels[j]];
      mean += p / static_cast<double>(members);
    }
    information -= mean * std::log(mean);
    size_t j = 0;
    while (j < labels.size() && ++labels[j] == classes) labels[j++] = 0;
    more = j < labels.size();
  }
  for (const auto& row : seen)
    for (const double p : row) information += p * std::log(p) / static_cast<double>(members);
  return information;
}

static Selection choose(const QueryStrategy& strategy, const Pool& pool, size_t batch) {
  return select_batch(strategy, pool, batch, Params(strategy.params), 1);
}

TEST(BatchBald, PicksAsGreedyEnumerationDoes) {
  Rng rng(1);
  for (int trial = 0; trial < 200; ++trial) {
    CommitteePool world(1 + rng.below(6), 4 + rng.below(12), 2 + rng.below(3), rng.below(3), rng);
    if (trial % 3 == 0) world.set_costs(rng);
    const auto found = choose(batch_bald(), world.pool, 4);
    std::vector<int64_t> picked;
    double before = 0;
    for (size_t step = 0; step < found.rows.size(); ++step) {
      double most = -1;
      double gain = 0;
      int64_t best = -1;
      for (const int64_t row : world.candidates) {
        if (std::find(picked.begin(), picked.end(), row) != picked.end()) continue;
        auto with = picked;
        with.push_back(row);
        const double more = mutual_information(world, with) - before;
        if (std::max(more, 0.0) / world.cost(row) <= most + 1e-12) continue;
        most = std::max(more, 0.0) / world.cost(row);
        gain = more;
        best = row;
      }
      ASSERT_EQ(found.rows[step], best) << "trial " << trial << " step " << step;
      EXPECT_NEAR(found.utilities[step], gain, 1e-9);
      picked.push_back(best);
      before += gain;
    }
  }
}

// Gains of scikit-activeml 1.0's batch_bald for the same numbers. It does not scale clipped rows to
// sum to 1; float32 rows are off by 1e-7, which the entropy of the earlier labels multiplies.
TEST(BatchBald, EqualsThePeerWhereBothAreExact) {
  const std::vector<float> values = {
      0.0365772396f, 0.697546899f,   0.265875876f, 0.218797654f, 0.649581075f,  0.131621271f,
      0.642248452f,  0.0690640211f,  0.288687497f, 0.200364798f, 0.328787655f,  0.470847547f,
      0.540253758f,  0.0768443495f,  0.382901877f, 0.740622222f, 0.0739614144f, 0.185416371f,
      0.739501595f,  0.00696624815f, 0.253532141f, 0.739370465f, 0.0645481125f, 0.196081445f,
      0.73067373f,   0.0435398184f,  0.225786448f, 0.444244534f, 0.353900492f,  0.201854989f,
      0.1673287f,    0.492625803f,   0.340045482f, 0.221926421f, 0.155784398f,  0.622289181f,
      0.544011235f,  0.140059888f,   0.315928906f, 0.237274379f, 0.44293198f,   0.319793642f,
      0.498624325f,  0.21533066f,    0.286045015f, 0.304525465f, 0.127681032f,  0.567793489f,
      0.0947981328f, 0.643757343f,   0.261444509f, 0.241480306f, 0.437058389f,  0.32146132f};
  const std::vector<int64_t> candidates = {0, 1, 2, 3, 4, 5};
  Pool pool;
  pool.size = 6;
  pool.classes = 3;
  pool.candidates = candidates;
  pool.member_probabilities = {3, 6, 3, values.data()};
  const auto found = choose(batch_bald(), pool, 4);
  EXPECT_EQ(found.rows, (std::vector<int64_t>{0, 1, 4, 5}));
  const std::vector<double> gains = {0.3071796059, 0.1234656946, 0.0908876701, 0.0696504703};
  for (size_t i = 0; i < gains.size(); ++i) EXPECT_NEAR(found.utilities[i], gains[i], 1e-6);
}

TEST(BatchBald, LazilyPicksTheSameWithLessWork) {
  Rng rng(2);
  size_t lazy_work = 0;
  size_t plain_work = 0;
  for (int trial = 0; trial < 30; ++trial) {
    CommitteePool world(5, 600, 2 + rng.below(3), 0, rng);
    if (trial % 2) world.set_costs(rng);
    const auto costs = candidate_prices(world.pool);
    const auto committee = committee_of(world.pool);
    Rng one(3), other(3);
    const auto lazy = greedy_joint(committee, world.candidates, costs, 6, 200, one, true);
    const auto plain = greedy_joint(committee, world.candidates, costs, 6, 200, other, false);
    ASSERT_EQ(lazy.picks.size(), plain.picks.size());
    for (size_t i = 0; i < lazy.picks.size(); ++i) {
      EXPECT_EQ(lazy.picks[i].candidate, plain.picks[i].candidate) << trial << " " << i;
      EXPECT_EQ(lazy.picks[i].gain, plain.picks[i].gain);
    }
    lazy_work += lazy.evaluations;
    plain_work += plain.evaluations;
  }
  EXPECT_LT(lazy_work, plain_work);
}

// 2^3 configurations are more than 5 samples would allow; 4,000 drawn ones have a standard error
// below ln 2 / sqrt(4,000) = 0.011, of which five are allowed.
TEST(BatchBald, SampledGainsAreNearTheExactOnes) {
  Rng rng(4);
  for (int trial = 0; trial < 20; ++trial) {
    const CommitteePool world(4, 16, 2, 0, rng);
    const auto costs = candidate_prices(world.pool);
    const auto committee = committee_of(world.pool);
    const auto found = greedy_joint(committee, world.candidates, costs, 14, 4000, rng);
    std::vector<int64_t> picked;
    double before = 0;
    for (size_t i = 0; i < found.picks.size(); ++i) {  // From the 13th on 2^12 > 4,000: sampled.
      picked.push_back(world.candidates[found.picks[i].candidate]);
      const double total = mutual_information(world, picked);
      EXPECT_NEAR(found.picks[i].gain, total - before, i < 12 ? 1e-9 : 0.055) << i;
      before = total;
    }
  }
}

TEST(BatchBald, GivesEqualMembersTheLowestRows) {
  Rng rng(5);
  CommitteePool world(4, 300, 3, 0, rng);
  for (size_t k = 1; k < 4; ++k)
    std::copy_n(world.values.begin(), 900, world.values.begin() + static_cast<long>(k * 900));
  const auto found = choose(batch_bald(), world.pool, 3);
  EXPECT_EQ(found.rows, (std::vector<int64_t>{0, 1, 2}));
  EXPECT_EQ(choose(epig(), world.pool, 3).rows, (std::vector<int64_t>{0, 1, 2}));
}

// Mean over targets of sum p(y, y*) ln(p(y, y*) / p(y) p(y*)).
static double predictive_gain(const CommitteePool& world, int64_t row) {
  const size_t classes = world.pool.classes;
  const size_t members = world.pool.member_probabilities.members;
  const auto mine = world.seen(row);
  double total = 0;
  for (const int64_t target : world.candidates) {
    const auto theirs = world.seen(target);
    for (size_t c = 0; c < classes; ++c) {
      for (size_t e = 0; e < classes; ++e) {
        double both = 0, first = 0, second = 0;
        for (size_t k = 0; k < members; ++k) {
          both += mine[k * classes + c] * theirs[k * classes + e] / static_cast<double>(members);
          first += mine[k * classes + c] / static_cast<double>(members);
          second += theirs[k * classes + e] / static_cast<double>(members);
        }
        total += both * std::log(both / (first * second));
      }
    }
  }
  return total / static_cast<double>(world.candidates.size());
}

TEST(Epig, EqualsTheDoubleSumOverTargets) {
  Rng rng(6);
  for (int trial = 0; trial < 200; ++trial) {
    CommitteePool world(2 + rng.below(5), 4 + rng.below(30), 2 + rng.below(5), rng.below(4), rng);
    if (trial % 3 == 0) world.set_costs(rng);
    std::vector<std::pair<double, int64_t>> expected;
    for (const int64_t row : world.candidates)
      expected.emplace_back(-predictive_gain(world, row) / world.cost(row), row);
    std::sort(expected.begin(), expected.end());
    const auto found = choose(epig(), world.pool, 6);
    for (size_t i = 0; i < found.rows.size(); ++i) {
      EXPECT_EQ(found.rows[i], expected[i].second) << trial << " " << i;
      // Utilities are rounded to 1e-12 so that ties are ties.
      EXPECT_NEAR(found.utilities[i], -expected[i].first, 4e-12 - 1e-6 * expected[i].first);
    }
  }
}

}  // namespace querist::strategies
