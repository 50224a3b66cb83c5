// Texts that name learners which could never be trained are refused, and the wrong part is named.
#include "learners/named_learner.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace querist::learners {

static std::string refusal(std::string_view text, Task task = Task::classification) {
  try {
    check_named_learner(text, task);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::invalid_argument) << text;
    return error.what();
  }
  return "";
}

TEST(NamedLearner, TakesWhatCanBeTrained) {
  for (const char* text : {"forest", "forest(trees=10)", "committee", "committee(learner=)",
                           "committee(learner=forest(trees=3, max_features=2), members=2)",
                           "committee(learner=committee(learner=naive_bayes), diversity=seeds)"}) {
    EXPECT_EQ(refusal(text), "");
  }
  EXPECT_EQ(refusal("committee(learner=ridge)", Task::regression), "");
  EXPECT_EQ(refusal("committee(learner=neural_head)", Task::multi_label), "");
}

TEST(NamedLearner, NamesThePartThatIsWrong) {
  const auto says = [](std::string_view text, std::string_view words,
                       Task task = Task::classification) {
    const std::string found = refusal(text, task);
    EXPECT_NE(found.find(words), std::string::npos) << text << ": " << found;
  };
  says("nosuch", "there is no learner \"nosuch\"; those that learn classes are committee, forest");
  says("ridge", "the learner ridge does not learn classes");
  says("committee(learner=ridge)",
       "learner of committee: the learner ridge does not learn classes");
  says("committee(learner=auto)", "learner of committee: there is no learner \"auto\"");
  says("committee(learner=committee(learner=(committee(members=2, learner=nosuch))))",
       "learner of committee: learner of committee: learner of committee: there is no learner");
  says("committee(learner=forest(trees=0))", "trees");
  says("committee(learner=forest(leaves=2))", "leaves");
  says("forest(trees=10, trees=20)", "forest is given trees twice");
  says("committee(learner=forest(trees=1,trees=1))",
       "learner of committee: forest is given trees twice");
  says("committee(learner=forest)", "forest does not learn several labels an example",
       Task::multi_label);
  says("committee(learner=logistic_regression)", "does not learn numbers", Task::regression);
  says("forest(trees=10", "parenthesis");
  EXPECT_EQ(refusal("ridge").find("gaussian_process"), std::string::npos);
}

}  // namespace querist::learners
