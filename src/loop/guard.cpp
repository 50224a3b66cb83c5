// Two trainings of equal size, judged by labels that neither has seen and that count once.
#include "loop/guard.h"

#include <algorithm>
#include <cmath>

#include "metrics/classification.h"
#include "metrics/paired_tests.h"
#include "strategies/door/expression.h"

namespace querist::loop {

// Classes of the new rows by a model of these labels.
static std::vector<int32_t> judged_by(const learners::Learner& learner, const Params& params,
                                      const GuardData& data, const std::vector<int64_t>& rows,
                                      const std::vector<int32_t>& labels, uint64_t seed,
                                      const Progress& progress) {
  const OwnedFeatures features = take_rows(data.features, rows);
  const Dataset set = {features.view(), labels, {}, data.classes};
  const OwnedFeatures asked = take_rows(data.features, data.new_rows);
  Matrix probabilities;
  learners::train(learner, set, params, nullptr, seed, progress)
      ->probabilities(asked.view(), probabilities);
  return metrics::likeliest(probabilities);
}

struct Taught {
  std::vector<int64_t> rows;
  std::vector<int32_t> labels;

  void add(int64_t row, int32_t label) {
    rows.push_back(row);
    labels.push_back(label);
  }
};

// The chance with which a label of each class is judged.
static std::vector<double> judged_chances(const GuardData& data) {
  std::vector<double> counts(data.classes, 1);  // None is taken for impossible.
  for (const int32_t label : data.audit_labels) ++counts[static_cast<size_t>(label)];
  const double least = *std::min_element(counts.begin(), counts.end());
  for (double& count : counts) count = data.balanced ? least / count : 1;
  return counts;
}

GuardLook guard_look(const learners::Learner& learner, const Params& params, const GuardData& data,
                     uint64_t seed, const Progress& progress) {
  std::vector<size_t> by_age;
  for (size_t i = 0; i < data.rows.size(); ++i) {
    if (data.chosen[i]) by_age.push_back(i);
  }
  std::stable_sort(by_age.begin(), by_age.end(),
                   [&](size_t a, size_t b) { return data.order[a] < data.order[b]; });
  const size_t m = std::min(by_age.size(), data.audit_rows.size());
  GuardLook look;
  if (m < guard_labels || data.new_rows.size() < guard_labels) return look;
  Rng rng(mix_seed(seed, 91));
  Taught chosen, random;
  for (size_t i = 0; i < m; ++i) chosen.add(data.rows[by_age[i]], data.labels[by_age[i]]);
  for (const int64_t i : rng.sample(data.audit_rows.size(), m)) {
    const auto at = static_cast<size_t>(i);
    random.add(data.audit_rows[at], data.audit_labels[at]);
  }
  const auto ours =
      judged_by(learner, params, data, chosen.rows, chosen.labels, mix_seed(seed, 92), progress);
  const auto theirs =
      judged_by(learner, params, data, random.rows, random.labels, mix_seed(seed, 92), progress);
  const auto chances = judged_chances(data);
  for (size_t i = 0; i < data.new_rows.size(); ++i) {
    const int32_t label = data.new_labels[i];
    if (rng.uniform() >= chances[static_cast<size_t>(label)]) continue;
    ++look.judged;
    look.only_random += theirs[i] == label && ours[i] != label;
    look.only_chosen += ours[i] == label && theirs[i] != label;
  }
  return look;
}

GuardTurn take(GuardState& state, const GuardLook& look) {
  state.only_random += look.only_random;
  state.only_chosen += look.only_chosen;
  state.judged += look.judged;
  const bool turns =
      state.raised ? metrics::mcnemar_e_value(state.only_chosen, state.only_random) >= guard_ends
                   : metrics::mcnemar_e_value(state.only_random, state.only_chosen) >= guard_raises;
  if (!turns) return GuardTurn::none;
  state = {.raised = !state.raised};
  return state.raised ? GuardTurn::raised : GuardTurn::ended;
}

bool is_guarded(std::string_view expression) {
  const auto& name = strategies::parse_strategy(expression).card->name;
  return name != "random" && name != "certainty";
}

size_t random_count(double share, size_t batch, size_t audit, Rng& rng) {
  if (share <= 0) return 0;
  const double wanted = share * static_cast<double>(batch) - static_cast<double>(audit);
  if (wanted <= 0) return 0;
  const double whole = std::floor(wanted);
  return static_cast<size_t>(whole) + (rng.uniform() < wanted - whole ? 1 : 0);
}

Json guard_json(const GuardState& state) {
  return {{"raised", state.raised},
          {"only_random", state.only_random},
          {"only_chosen", state.only_chosen},
          {"judged", state.judged}};
}

GuardState guard_of(const Json& json) {
  return {.raised = json.at("raised"),
          .only_random = json.at("only_random"),
          .only_chosen = json.at("only_chosen"),
          .judged = json.at("judged")};
}

std::string guard_sentence(const GuardState& state) {
  if (state.judged == 0) {
    return state.raised ? "The chosen labels taught less than random ones: half of each batch is "
                          "drawn at random until they teach more again."
                        : fmt::format(
                              "Not known yet: no audit label has judged the chosen labels. "
                              "Each {} rounds {} new ones do, once {} earlier ones can teach.",
                              guard_rounds, guard_labels, guard_labels);
  }
  const auto counts = fmt::format(
      "of {} audit labels, a model taught by random labels got {} right that one taught by as many "
      "chosen ones got wrong, and {} the other way round",
      state.judged, state.only_random, state.only_chosen);
  if (state.raised) {
    return fmt::format(
        "Half of each batch is drawn at random, because the chosen labels taught less; since then, "
        "{}.",
        counts);
  }
  return fmt::format("No evidence that the chosen labels teach less than random ones: {}.", counts);
}

}  // namespace querist::loop
