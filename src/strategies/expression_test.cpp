// Strategies written with their parameters.
#include <gtest/gtest.h>

#include "base/error.h"
#include "strategies/door/expression.h"

namespace querist::strategies {

TEST(Expression, IsANameOrANameWithParameters) {
  EXPECT_EQ(parse_strategy(" margin ").card->name, "margin");
  const auto chosen = parse_strategy("max_herding( gamma = 2.5, max_targets=100 )");
  EXPECT_EQ(chosen.card->name, "max_herding");
  EXPECT_EQ(chosen.params.number("gamma"), 2.5);
  EXPECT_EQ(chosen.params.integer("max_targets"), 100);
  EXPECT_FALSE(chosen.params.changed("max_candidates"));
  EXPECT_EQ(parse_strategy("margin()").card->name, "margin");
  const auto composed = parse_strategy("compose(ranks=(margin:1, entropy:2), choose=)");
  EXPECT_EQ(composed.params.text("ranks"), "margin:1, entropy:2");
  EXPECT_EQ(composed.params.text("choose"), "");
  EXPECT_EQ(parse_strategy("compose(filter=(a), choose=b(c=1))").params.text("choose"), "b(c=1)");
}

TEST(Expression, RefusesWhatIsWrongByName) {
  for (const char* text :
       {"", "magic", "margin(", "margin)", "margin(beta=1)", "max_herding(gamma)",
        "max_herding(gamma=-1)", "max_herding(gamma=x)", "max_herding(gamma=1) x"}) {
    EXPECT_THROW(parse_strategy(text), Error) << text;
  }
}

TEST(Expression, AListSplitsOutsideParentheses) {
  EXPECT_EQ(split_strategies("auto, max_herding(gamma=2,max_targets=50),margin,"),
            (std::vector<std::string>{"auto", "max_herding(gamma=2,max_targets=50)", "margin"}));
  EXPECT_THROW(split_strategies("auto, max_herding(gamma=2"), Error);
}

}  // namespace querist::strategies
