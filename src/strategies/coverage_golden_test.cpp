// Picks of max_herding and prob_cover against scikit-activeml's, densities against modAL's
// (tests/golden/coverage.json).
#include <gtest/gtest.h>

#include <numeric>

#include "base/file.h"
#include "base/json.h"
#include "strategies/strategy.h"

namespace querist::strategies {

// Rows of one golden case; the first ones are labelled.
struct CoverageGolden {
  const Json& one;
  Matrix x;
  std::vector<int64_t> rows;
  size_t labeled;

  explicit CoverageGolden(const Json& golden)
      : one(golden), labeled(golden["labeled"].get<size_t>()) {
    const auto values = one["x"].get<std::vector<float>>();
    const auto cols = one["cols"].get<size_t>();
    x = Matrix(values.size() / cols, cols);
    x.values = values;
    rows.resize(x.rows);
    std::iota(rows.begin(), rows.end(), 0);
  }
  Selection ask(const QueryStrategy& strategy, const Params& params, size_t batch) const {
    Pool pool;
    pool.size = x.rows;
    pool.candidates = std::span(rows).subspan(labeled);
    pool.labeled = std::span(rows).first(labeled);
    pool.embeddings = x;
    return select_batch(strategy, pool, batch, params, 1);
  }
};

static const Json& golden_cases() {
  static const Json all = parse_json(read_file(QUERIST_SOURCE_DIR "/tests/golden/coverage.json"));
  return all["cases"];
}

TEST(CoverageGolden, MaxHerdingPicksWhatScikitActivemlPicks) {
  for (const Json& one : golden_cases()) {
    const CoverageGolden golden(one);
    Params params(max_herding().params);
    params.set("gamma", one["gamma"].get<double>());
    params.set("max_targets", 0);
    params.set("max_candidates", 0);
    const auto picks = one["max_herding"].get<std::vector<int64_t>>();
    const auto gains = one["gains"].get<std::vector<double>>();
    const auto found = golden.ask(max_herding(), params, picks.size());
    EXPECT_EQ(found.rows, picks);
    // float32 similarities here, double there.
    for (size_t i = 0; i < gains.size(); ++i) EXPECT_NEAR(found.utilities[i], gains[i], 1e-5);
  }
}

TEST(CoverageGolden, ProbCoverPicksWhatScikitActivemlPicksWithTiesToTheLowerRow) {
  for (const Json& one : golden_cases()) {
    Params params(prob_cover().params);
    params.set("delta", one["delta"].get<double>());
    const auto picks = one["prob_cover"].get<std::vector<int64_t>>();
    EXPECT_EQ(CoverageGolden(one).ask(prob_cover(), params, picks.size()).rows, picks);
  }
}

TEST(CoverageGolden, InformationDensityIsModals) {
  for (const Json& one : golden_cases()) {
    const CoverageGolden golden(one);
    const auto densities = one["information_density"].get<std::vector<double>>();
    const auto found =
        golden.ask(information_density(), Params(information_density().params), golden.x.rows);
    ASSERT_EQ(found.rows.size(), golden.x.rows - golden.labeled);
    for (size_t i = 0; i < found.rows.size(); ++i)
      EXPECT_NEAR(found.utilities[i], densities[static_cast<size_t>(found.rows[i])], 1e-6);
  }
}

}  // namespace querist::strategies
