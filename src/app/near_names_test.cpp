// Names that somebody may have meant.
#include "app/near_names.h"

#include <gtest/gtest.h>

namespace querist::app {

using Names = std::vector<std::string>;

// Distances by hand: stratgy 1 (a letter left out), startegy 1 (two swapped), sed 1.
TEST(NearNames, ArePutByTheLettersBetween) {
  const Names names = {"strategy", "target", "target_metric", "batch_size", "seed", "ssl"};
  EXPECT_EQ(near_names("stratgy", names), Names{"strategy"});
  EXPECT_EQ(near_names("startegy", names), Names{"strategy"});
  EXPECT_EQ(near_names("target", names), (Names{"target", "target_metric"}));
  EXPECT_EQ(near_names("metric", names), Names{"target_metric"}) << "which holds it";
  EXPECT_EQ(near_names("sed", names), (Names{"seed"}));
  EXPECT_EQ(near_names("kappa", names), Names{});
  EXPECT_EQ(near_names("", names), Names{});
}

TEST(NearNames, ASwapIsOneChange) {
  EXPECT_EQ(near_names("ba", {"ab"}), Names{"ab"});
  EXPECT_EQ(near_names("cd", {"ab"}), Names{});
}

TEST(NearNames, ShowsFiveAtMost) {
  EXPECT_EQ(near_names("abc", {"abc1", "abc2", "abc3", "abc", "abc4", "abc5"}),
            (Names{"abc", "abc1", "abc2", "abc3", "abc4"}));
}

}  // namespace querist::app
