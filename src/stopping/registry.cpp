// The list of every stopping rule in this folder, written by the build, and the doors through which
// they are asked.
#include <algorithm>
#include <cmath>

#include "base/registry.h"
#include "stopping/parts/forecast.h"
#include "stopping/parts/of_100.h"
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
  constexpr std::string_view words[] = {"stop", "continue", "switch", "unknown"};
  return words[static_cast<size_t>(verdict)];
}

static bool holds_its_value(const metrics::Estimate& audit) {
  return 0 <= audit.ci_low && audit.ci_low <= audit.value && audit.value <= audit.ci_high &&
         audit.ci_high <= 1;
}

static void check_history(const History& history) {
  for (size_t i = 0; i < history.models.size(); ++i) {
    const ModelRecord& model = history.models[i];
    if (i > 0 && model.labels < history.models[i - 1].labels) {
      refuse("models must be ordered by their labels, but {} follow {}", model.labels,
             history.models[i - 1].labels);
    }
    if (const auto& audit = model.audit; audit && !holds_its_value(*audit)) {
      refuse("a model's audited value {} must lie in its interval {} to {}", audit->value,
             audit->ci_low, audit->ci_high);
    }
    if (const auto& step = model.posterior_step;
        step && !(std::isfinite(step->before_from_after) && step->before_from_after >= 0 &&
                  std::isfinite(step->after_from_before) && step->after_from_before >= 0)) {
      refuse("the divergences of two posteriors must be finite and not negative, not {} and {}",
             step->before_from_after, step->after_from_before);
    }
    if (model.predictions.size() != history.models[0].predictions.size()) {
      refuse("all models must predict one stop set, but one has {} predictions and another {}",
             model.predictions.size(), history.models[0].predictions.size());
    }
  }
  if (!(history.target >= 0 && history.target <= 1)) {
    refuse("the target must lie between 0 and 1, not {}", history.target);
  }
  if (!(history.audit_share >= 0 && history.audit_share <= 1)) {
    refuse("the audit's share must lie between 0 and 1, not {}", history.audit_share);
  }
  if (const auto& audit = history.audit; audit && !holds_its_value(*audit)) {
    refuse("the audit's value {} must lie in its interval {} to {}", audit->value, audit->ci_low,
           audit->ci_high);
  }
  if (!(history.cost_per_hour >= 0 && history.value_per_point >= 0)) {
    refuse("the cost of an hour and the value of a point must not be negative, not {} and {}",
           history.cost_per_hour, history.value_per_point);
  }
}

Advice decide(const StoppingRule& rule, const History& history, const Params& params) {
  check_history(history);
  Advice advice = rule.decide(history, params);
  advice.name = rule.name;
  if (advice.met) advice.verdict = *advice.met ? Verdict::stop : Verdict::continue_;
  return advice;
}

static std::string other_than(const History& history) {
  return history.strategy.empty() ? "" : fmt::format(" other than {}", history.strategy);
}

static std::string guarded(const History& history) {
  return fmt::format("Switch to a strategy{}. {}", other_than(history), *history.guard);
}

// Rules that say no more than that this way of labelling teaches nothing more.
static bool says_no_more(const Advice& advice) {
  return advice.name == "stabilizing_predictions" || advice.name == "no_gain";
}

// Whether the curve, carried on, gains what is worth going on for, though it may not be sure.
static bool expects_gain(const std::vector<Advice>& evidence, const Params& params) {
  return std::any_of(evidence.begin(), evidence.end(), [&](const Advice& advice) {
    return advice.name == "no_gain" && advice.met == false && advice.value >= params.number("gain");
  });
}

// Whether the target is what labels are given for, and not there yet.
static bool is_below_target(const History& history) {
  return !history.review && history.target > 0 && history.audit &&
         history.audit->value < history.target;
}

// Where the answers have settled or nothing more is gained, but not because all is learnt: the
// audit lies below the target, or the labels are chosen worse than at random, so that others would
// teach more.
static std::optional<std::string> why_switch(const History& history, const Advice& reason) {
  if (!says_no_more(reason)) return std::nullopt;
  const bool below = history.target > 0 && history.audit && history.audit->ci_high < history.target;
  if (!below) return history.guard ? std::optional(guarded(history)) : std::nullopt;
  const metrics::Estimate& audit = *history.audit;
  return fmt::format(
      "Switch to a strategy{}, or to another learner or featurizer: the audit has {} of 100 "
      "({} to {}), below your target of {:g}. {}",
      other_than(history), of_100(audit.value, history.target),
      of_100(audit.ci_low, history.target), of_100(audit.ci_high, history.target),
      100 * history.target, reason.sentence);
}

// settled: though they have, which alone would end the project.
static std::string why_go_on(const History& history, const std::vector<Advice>& evidence,
                             bool settled) {
  if (history.review) {
    const auto recall = std::find_if(evidence.begin(), evidence.end(), [](const Advice& advice) {
      return advice.name == "recall_interval";
    });
    return "Go on. " + recall->sentence;
  }
  const size_t labels = std::min<size_t>(100, history.pool_left);
  const auto next = forecast(history, labels);
  if (!next) {
    return "Go on: more labels are likely to help; by how much is told once there are a few models "
           "with at least 10 audit labels each.";
  }
  const std::string though =
      settled ? fmt::format(
                    "the model's answers have settled, but the audit has {} of 100, below "
                    "your target of {:g}, and ",
                    of_100(history.audit->value, history.target), 100 * history.target)
              : "";
  return fmt::format("Go on: {}the next {} labels are expected to gain {}; {}", though, labels,
                     gain_words(next->gain), back_test_words(*next));
}

// Whether the rule may end this project.
static bool decides(const StoppingRule& rule, const History& history) {
  return rule.decides == Decides::always ||
         (rule.decides == Decides::outside_reviews && !history.review);
}

Verdicts advise(const History& history, const std::map<std::string, Params>& settings) {
  Verdicts all_advice;
  bool go_on = false;
  for (const StoppingRule& rule : all()) {
    const auto own = settings.find(std::string(rule.name));
    const Params params = own != settings.end() ? own->second : Params(rule.params);
    all_advice.evidence.push_back(decide(rule, history, params));
    go_on = go_on || all_advice.evidence.back().verdict == Verdict::continue_;
  }
  const auto gain = settings.find("no_gain");
  const bool worth_it =
      is_below_target(history) &&
      expects_gain(all_advice.evidence,
                   gain != settings.end() ? gain->second : Params(find("no_gain").params));
  bool settled = false;
  // A rule that ends the project for good comes before one that only doubts the way it goes; and
  // answers that have settled end nothing while the target is what the labels still lead to.
  const Advice* reason = nullptr;
  std::optional<std::string> other_way;
  for (size_t i = 0; i < all().size() && !reason; ++i) {
    const Advice& advice = all_advice.evidence[i];
    if (advice.verdict != Verdict::stop || !decides(all()[i], history)) continue;
    if (worth_it && says_no_more(advice)) {
      settled = true;
      continue;
    }
    const auto why = why_switch(history, advice);
    if (!why) {
      reason = &advice;
    } else if (!other_way) {
      other_way = why;
    }
  }
  if (reason) {
    all_advice.verdict = Verdict::stop;
    all_advice.sentence = "You could stop now. " + reason->sentence;
  } else if (other_way) {
    all_advice.verdict = Verdict::switch_;
    all_advice.sentence = *other_way;
  } else if (history.guard && !history.review) {
    all_advice.verdict = Verdict::switch_;
    all_advice.sentence = guarded(history);
  } else if (go_on) {
    all_advice.verdict = Verdict::continue_;
    all_advice.sentence = why_go_on(history, all_advice.evidence, settled);
  } else {
    all_advice.sentence = "Not known yet: label a few more batches.";
  }
  return all_advice;
}

}  // namespace querist::stopping
