// Labels only grow in a simulation, so that those of the last look are the first of today's.
#include "loop/simulation/walk_guard.h"

namespace querist::loop {

void WalkGuard::watch(const learners::ChosenLearner& learner, const Features& features,
                      size_t classes, const WalkLabels& trained_on, const WalkLabels& audit,
                      uint64_t seed, const Progress& progress) {
  turn_ = GuardTurn::none;
  const bool first = rounds_ < 0;
  ++rounds_;
  if (!first && (rounds_ < guard_rounds || audit.rows.size() < audit_ + guard_labels)) {
    return;
  }
  if (!first) {
    const std::span<const int64_t> rows = audit.rows;
    const std::span<const int32_t> labels = audit.labels;
    std::vector<int64_t> order(trained_on_.rows.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int64_t>(i);
    turn_ = take(state_, guard_look(*learner.card, learner.params,
                                    {.features = features,
                                     .rows = trained_on_.rows,
                                     .labels = trained_on_.labels,
                                     .order = order,
                                     .chosen = trained_on_.chosen,
                                     .audit_rows = rows.first(audit_),
                                     .audit_labels = labels.first(audit_),
                                     .new_rows = rows.subspan(audit_),
                                     .new_labels = labels.subspan(audit_),
                                     .classes = classes},
                                    mix_seed(seed, trained_on_.rows.size()), progress));
  }
  trained_on_ = trained_on;
  audit_ = audit.rows.size();
  rounds_ = 0;
}

}  // namespace querist::loop
