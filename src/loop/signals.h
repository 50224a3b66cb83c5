// Which strategies a project can use: those whose signals its learner and its features give.
#pragma once

#include "learners/learner.h"
#include "strategies/door/expression.h"

namespace querist::loop {

// Throws invalid_argument, naming the strategy, the signal and the learner, where one of the
// signals that the strategy needs is given by nothing at hand, or where its task is not
// classification.
void check_strategy(const strategies::QueryStrategy& strategy, const learners::Learner& learner);

// The strategy of an expression, its parameters with it, checked for this learner; an arbiter's
// portfolio too.
strategies::ChosenStrategy strategy_for(std::string_view expression,
                                        const learners::Learner& learner);

// The same for whatever learner an expression may come to: auto chooses among several, and the
// strategy must do with each.
strategies::ChosenStrategy strategy_for(std::string_view expression, std::string_view learner);

// The learner of an expression. Throws invalid_argument where it does not learn classes.
learners::ChosenLearner learner_for(std::string_view expression);

}  // namespace querist::loop
