// The one-standard-error rule against hand-made numbers and how often chance gets past it.
#include "metrics/one_standard_error.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/rng.h"

namespace querist::metrics {

using Losses = std::vector<std::vector<double>>;

TEST(OneStandardError, CountsTheGainByItsPairedError) {
  // Differences 0.1, 0.3, 0.2: mean 0.2, deviation 0.1, error 0.1 / sqrt(3).
  const auto found = choose_by_one_standard_error(Losses{{1.1, 2.3, 3.2}, {1.0, 2.0, 3.0}});
  EXPECT_EQ(found.chosen, 1u);
  EXPECT_NEAR(found.methods[0].loss, 2.2, 1e-12);
  EXPECT_NEAR(found.methods[1].loss, 2.0, 1e-12);
  EXPECT_NEAR(found.methods[1].gain, 0.2, 1e-12);
  EXPECT_NEAR(found.methods[1].standard_error, 0.1 / std::sqrt(3.0), 1e-12);
}

TEST(OneStandardError, KeepsTheFirstWithinOneError) {
  // Differences 1, -0.5, 0: mean 1/6, error about 0.44.
  EXPECT_EQ(choose_by_one_standard_error(Losses{{2, 1, 1}, {1, 1.5, 1}}).chosen, 0u);
  EXPECT_EQ(choose_by_one_standard_error(Losses{{2, 1, 1}, {2, 1, 1}}).chosen, 0u);
  EXPECT_EQ(choose_by_one_standard_error(Losses{{9}, {1}}).chosen, 0u) << "one row";
  EXPECT_EQ(choose_by_one_standard_error(Losses{{9, 8}}).chosen, 0u) << "nothing else";
}

TEST(OneStandardError, TakesTheLeastLossOfThoseBeyondIt) {
  const Losses losses = {{2, 2, 2, 2}, {1.9, 1.9, 1.9, 1.9}, {1.5, 1.4, 1.5, 1.4}, {7, 0, 0, 0.5}};
  EXPECT_EQ(choose_by_one_standard_error(losses).chosen, 2u);
  EXPECT_EQ(choose_by_one_standard_error(Losses{{2, 2}, {1, 1}, {1, 1}}).chosen, 1u) << "a tie";
}

TEST(OneStandardError, LetsChancePastAboutOneTimeInSix) {
  Rng rng(4);
  int passed = 0;
  for (int round = 0; round < 2000; ++round) {
    Losses losses(2, std::vector<double>(60));
    for (auto& method : losses) {
      for (double& loss : method) loss = 1 + rng.normal();
    }
    passed += choose_by_one_standard_error(losses).chosen == 1;
  }
  // P(t > 1) with 59 degrees of freedom is 0.1607: 321 of 2,000, four standard deviations 66.
  EXPECT_NEAR(passed, 321, 66);
}

TEST(OneStandardError, RefusesWhatCannotBeCompared) {
  const double nan = std::nan("");
  const double infinite = std::numeric_limits<double>::infinity();
  EXPECT_THROW(choose_by_one_standard_error(Losses{}), Error);
  EXPECT_THROW(choose_by_one_standard_error(Losses{{}}), Error);
  EXPECT_THROW(choose_by_one_standard_error(Losses{{1, 2}, {1}}), Error);
  EXPECT_THROW(choose_by_one_standard_error(Losses{{1, nan}}), Error);
  EXPECT_THROW(choose_by_one_standard_error(Losses{{1, 1}, {1, infinite}}), Error);
}

}  // namespace querist::metrics
