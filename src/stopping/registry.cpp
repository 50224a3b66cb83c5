// The list of every stopping rule in this folder, written by the build, and the doors through which
// they are asked.
#include <cmath>

#include "base/registry.h"
#include "stopping/stopping.h"

namespace querist::stopping {

const std::vector<StoppingRule>& all() {
  static const std::vector<StoppingRule> cards = {
#define ENTRY(function, wire_name) function(),
#include "stopping.list"
#undef ENTRY
  };
  return cards;
}

const StoppingRule& find(std::string_view name) { return find_card(all(), "stopping rule", name); }

std::string_view verdict_word(Verdict verdict) {
  constexpr std::string_view words[] = {"stop", "continue", "unknown"};
  return words[static_cast<size_t>(verdict)];
}

static void check_history(const History& history) {
  for (size_t i = 0; i < history.models.size(); ++i) {
    const ModelRecord& model = history.models[i];
    if (i > 0 && model.labels < history.models[i - 1].labels) {
      refuse("models must be ordered by their labels, but {} follow {}", model.labels,
             history.models[i - 1].labels);
    }
    if (model.predictions.size() != history.models[0].predictions.size()) {
      refuse("all models must predict one stop set, but one has {} predictions and another {}",
             model.predictions.size(), history.models[0].predictions.size());
    }
  }
  if (!(history.target >= 0 && history.target <= 1)) {
    refuse("the target must lie between 0 and 1, not {}", history.target);
  }
  if (const auto& audit = history.audit) {
    if (!(audit->ci_low <= audit->value && audit->value <= audit->ci_high)) {
      refuse("the audit's value {} must lie in its interval {} to {}", audit->value, audit->ci_low,
             audit->ci_high);
    }
  }
}

Advice decide(const StoppingRule& rule, const History& history, const Params& params) {
  check_history(history);
  Advice advice = rule.decide(history, params);
  advice.name = rule.name;
  if (advice.met) advice.verdict = *advice.met ? Verdict::stop : Verdict::continue_;
  return advice;
}

Verdicts advise(const History& history, const std::map<std::string, Params>& settings) {
  Verdicts all_advice;
  const Advice* reason = nullptr;
  for (const StoppingRule& rule : all()) {
    const auto own = settings.find(std::string(rule.name));
    const Params params = own != settings.end() ? own->second : Params(rule.params);
    all_advice.evidence.push_back(decide(rule, history, params));
  }
  for (const Advice& advice : all_advice.evidence) {
    if (advice.verdict == Verdict::stop && !reason) reason = &advice;
    if (advice.verdict == Verdict::continue_) all_advice.verdict = Verdict::continue_;
  }
  if (reason) {
    all_advice.verdict = Verdict::stop;
    all_advice.sentence = "You could stop now. " + reason->sentence;
  } else if (all_advice.verdict == Verdict::continue_) {
    all_advice.sentence = "Go on: more labels are likely to help.";
  } else {
    all_advice.sentence = "Not known yet: label a few more batches.";
  }
  return all_advice;
}

}  // namespace querist::stopping
