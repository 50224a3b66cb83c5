// Committees over any learner: by bootstrap (Breiman 1996), by random subspaces (Ho 1998) or by
// seeds alone (deep ensembles, Lakshminarayanan et al. 2017).
#include <algorithm>
#include <cmath>
#include <mutex>

#include "base/threads.h"
#include "learners/committee/committee_model.h"
#include "learners/learner.h"

namespace querist::learners {

// How often each row is drawn. With classes, each draws as many as it has, so that none is lost.
static std::vector<size_t> draw_rows(const Dataset& data, Rng& rng) {
  const size_t rows = data.features.rows;
  std::vector<std::vector<size_t>> groups(data.task == Task::classification ? data.classes : 1);
  for (size_t i = 0; i < rows; ++i) {
    groups[data.task == Task::classification ? static_cast<size_t>(data.labels[i]) : 0].push_back(
        i);
  }
  std::vector<size_t> counts(rows);
  for (const std::vector<size_t>& group : groups) {
    for (size_t draw = 0; draw < group.size(); ++draw) ++counts[group[rng.below(group.size())]];
  }
  return counts;
}

// A row that is drawn twice weighs twice: the same fit from fewer rows.
static std::unique_ptr<Model> train_on_draws(const Learner& learner, const Dataset& data,
                                             const Params& params, uint64_t seed,
                                             const Progress& progress) {
  Rng rng(seed, 1);
  const std::vector<size_t> counts = draw_rows(data, rng);
  std::vector<int64_t> rows;
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0) rows.push_back(static_cast<int64_t>(i));
  }
  const OwnedFeatures owned = take_rows(data.features, rows);
  Matrix labels;
  Dataset part{.features = owned.view(), .classes = data.classes, .task = data.task};
  for (const int64_t row : rows) {
    const auto at = static_cast<size_t>(row);
    const float weight = data.weights.empty() ? 1 : data.weights[at];
    part.weights.push_back(weight * static_cast<float>(counts[at]));
    if (data.task == Task::classification) part.labels.push_back(data.labels[at]);
    if (data.task == Task::regression) part.targets.push_back(data.targets[at]);
    if (data.task == Task::multi_label) {
      const auto values = data.label_matrix.row(at);
      labels.values.insert(labels.values.end(), values.begin(), values.end());
    }
  }
  if (data.task == Task::multi_label) {
    labels.rows = rows.size();
    labels.cols = data.classes;
    part.label_matrix = labels;
  }
  return train(learner, part, params, nullptr, seed, progress);
}

static Member train_on_columns(const Learner& learner, const Dataset& data, const Params& params,
                               double share, uint64_t seed, const Progress& progress) {
  const size_t cols = data.features.cols;
  const auto count = static_cast<size_t>(std::ceil(share * static_cast<double>(cols)));
  Member member;
  for (const int64_t column : Rng(seed, 1).sample(cols, count)) {
    member.columns.push_back(static_cast<int32_t>(column));
  }
  std::sort(member.columns.begin(), member.columns.end());
  const OwnedFeatures owned = take_columns(data.features, 0, data.features.rows, member.columns);
  Dataset part = data;
  part.features = owned.view();
  member.model = train(learner, part, params, nullptr, seed, progress);
  return member;
}

static std::unique_ptr<Model> train(const Dataset& data, const Params& params, const Model*,
                                    uint64_t seed, const Progress& progress) {
  std::string_view named = params.text("learner");
  if (named.empty()) named = data.task == Task::regression ? "ridge" : "logistic_regression";
  const auto [card, own] = parse_learner(named);
  const Learner& learner = *card;
  const std::string& diversity = params.text("diversity");
  const double share = params.number("column_share");
  std::vector<Member> members(static_cast<size_t>(params.integer("members")));
  std::mutex mutex;
  size_t done = 0;
  parallel_for(members.size(), 1, [&](size_t begin, size_t end) {
    for (size_t m = begin; m < end; ++m) {
      progress.check();
      // A member's reports are no news; it only asks whether to stop.
      const Progress inner([&](double, double, std::string_view) { progress.check(); });
      const uint64_t member_seed = mix_seed(seed, m);
      if (diversity == "random_subspaces") {
        members[m] = train_on_columns(learner, data, own, share, member_seed, inner);
      } else if (diversity == "bootstrap") {
        members[m].model = train_on_draws(learner, data, own, member_seed, inner);
      } else {
        members[m].model = train(learner, data, own, nullptr, member_seed, inner);
      }
      const std::lock_guard lock(mutex);
      progress.at(static_cast<double>(++done), static_cast<double>(members.size()), "members");
    }
  });
  return std::make_unique<CommitteeModel>(std::string(learner.name), data.features.cols,
                                          std::move(members));
}

Learner committee() {
  return {
      .name = "committee",
      .summary =
          "Several models of one learner, trained apart; each starts afresh, a warm start "
          "changes nothing.",
      .params = {{.name = "learner",
                  .fallback = "",
                  .help = "Learner of the members; may set parameters of its own in parentheses. "
                          "Empty: logistic_regression, or ridge for regression."},
                 {.name = "members",
                  .fallback = 10,
                  .min = 1,
                  .max = 1000,
                  .whole = true,
                  .help = "Models to train."},
                 {.name = "diversity",
                  .fallback = "bootstrap",
                  .choices = {"bootstrap", "seeds", "random_subspaces"},
                  .help = "What makes the members differ: rows drawn with replacement, the "
                          "learner's own chance, or random columns."},
                 {.name = "column_share",
                  .fallback = 0.5,
                  .min = 1e-6,
                  .max = 1,
                  .help = "Share of the columns that a member of random_subspaces reads."}},
      .train = train,
      .load = load_committee,
      .source = "Breiman 1996; Ho 1998; Lakshminarayanan et al. 2017",
      .gives = Signal::probabilities | Signal::member_probabilities | Signal::predictions |
               Signal::member_predictions,
      .tasks = {Task::classification, Task::multi_label, Task::regression},
  };
}

}  // namespace querist::learners
