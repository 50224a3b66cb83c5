// Counts drawn without replacement, and the totals that they leave possible.
#include "metrics/recall.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "metrics/distributions.h"

namespace querist::metrics {

static double log_choose(int64_t n, int64_t k) {
  return std::lgamma(static_cast<double>(n) + 1) - std::lgamma(static_cast<double>(k) + 1) -
         std::lgamma(static_cast<double>(n - k) + 1);
}

double hypergeometric_cdf(int64_t k, int64_t pool, int64_t marked, int64_t drawn) {
  if (pool < 0 || marked < 0 || marked > pool || drawn < 0 || drawn > pool) {
    refuse("{} of {} items cannot be drawn where {} are marked", drawn, pool, marked);
  }
  const int64_t least = std::max<int64_t>(0, drawn - (pool - marked));
  const int64_t most = std::min(drawn, marked);
  if (k < least) return 0;
  if (k >= most) return 1;
  // Outwards from k on the side away from the mean, where the terms fall: each is the one before it
  // times a ratio.
  const double mean =
      static_cast<double>(drawn) * static_cast<double>(marked) / static_cast<double>(pool);
  const bool from_below = static_cast<double>(k) < mean;
  int64_t at = from_below ? k : k + 1;
  double term = std::exp(log_choose(marked, at) + log_choose(pool - marked, drawn - at) -
                         log_choose(pool, drawn));
  const auto rise = [&](int64_t j) {  // P[j + 1] / P[j].
    return static_cast<double>(marked - j) * static_cast<double>(drawn - j) /
           (static_cast<double>(j + 1) * static_cast<double>(pool - marked - drawn + j + 1));
  };
  double sum = 0;
  for (const int64_t step = from_below ? -1 : 1; at >= least && at <= most; at += step) {
    sum += term;
    if (term <= 1e-18 * sum || at == (from_below ? least : most)) break;
    term = from_below ? term / rise(at - 1) : term * rise(at);
  }
  return std::clamp(from_below ? sum : 1 - sum, 0.0, 1.0);
}

double recall_p_value(int64_t found_before, int64_t remaining, int64_t drawn,
                      int64_t found_at_random, double target) {
  if (!(target > 0 && target <= 1)) refuse("the target recall must lie in (0, 1], not {}", target);
  if (found_before < 0 || found_at_random < 0 || found_at_random > drawn || drawn > remaining) {
    refuse("a review cannot find {} relevant items in {} drawn of {}", found_at_random, drawn,
           remaining);
  }
  const auto found = static_cast<double>(found_before + found_at_random);
  // The fewest relevant items among the remaining with which the recall is below the target. The
  // slack keeps 19 / 0.95 from rounding below 20.
  const double least =
      std::floor(found / target * (1 + 1e-12) - static_cast<double>(found_before) + 1);
  if (least > static_cast<double>(remaining)) return 0;
  return hypergeometric_cdf(found_at_random, remaining, static_cast<int64_t>(least), drawn);
}

static void check(std::span<const AuditDraw> draws, const ReviewState& now, double confidence) {
  if (!(confidence > 0 && confidence < 1)) {
    refuse("confidence must lie between 0 and 1, not {}", confidence);
  }
  if (now.found < 0 || now.unread < 0) refuse("counts of a review must not be negative");
  for (size_t i = 0; i < draws.size(); ++i) {
    const AuditDraw& one = draws[i];
    const bool rises = i == 0 || (one.known >= draws[i - 1].known + draws[i - 1].relevant &&
                                  one.remaining < draws[i - 1].remaining);
    if (one.known < 0 || one.remaining <= 0 || !rises) {
      refuse("audit draw {} does not fit the one before it: known must not fall, remaining must",
             i);
    }
  }
  if (draws.empty()) return;
  const AuditDraw& last = draws.back();
  if (now.found < last.known + last.relevant || now.unread >= last.remaining) {
    refuse("the review now has found {} and left {}, which does not fit its last audit draw",
           now.found, now.unread);
  }
}

// How far the number of relevant draws lies above what a total makes expected, in deviations.
static double score(std::span<const AuditDraw> draws, double total) {
  double gap = 0;
  double variance = 0;
  for (const AuditDraw& one : draws) {
    const double share = std::clamp(
        (total - static_cast<double>(one.known)) / static_cast<double>(one.remaining), 0.0, 1.0);
    gap += one.relevant - share;
    variance += share * (1 - share);
  }
  if (variance > 0) return gap / std::sqrt(variance);
  return std::abs(gap) < 1e-9 ? 0 : std::copysign(INFINITY, gap);
}

Estimate relevant_total(std::span<const AuditDraw> draws, const ReviewState& now,
                        double confidence) {
  check(draws, now, confidence);
  const auto least = static_cast<double>(now.found);
  const auto most = static_cast<double>(now.found + now.unread);
  if (draws.empty()) return {least, least, most, "horvitz_thompson"};
  double weights = 0;
  double sum = 0;
  for (const AuditDraw& one : draws) {
    const double weight = 1 / static_cast<double>(one.remaining);
    weights += weight;
    sum += weight * static_cast<double>(one.known) + one.relevant;
  }
  const double z = normal_quantile(0.5 + confidence / 2);
  // The score falls with the total: the ends are where it crosses z and -z.
  const auto end = [&](double limit) {
    double low = least;
    double high = most;
    if (score(draws, low) <= limit) return low;
    if (score(draws, high) >= limit) return high;
    for (int step = 0; step < 100 && high - low > 1e-9; ++step) {
      const double middle = (low + high) / 2;
      (score(draws, middle) > limit ? low : high) = middle;
    }
    return low;
  };
  return {std::clamp(sum / weights, least, most), end(z), end(-z), "horvitz_thompson"};
}

// ln of the beta-binomial(0.1, 1) prior: proportional to Gamma(k + 0.1) / Gamma(k + 1).
static double log_prior(int64_t k, int64_t remaining) {
  const auto n = static_cast<double>(remaining);
  const auto at = static_cast<double>(k);
  const double scale = std::lgamma(n + 1.1) - std::lgamma(n + 1) - std::lgamma(1.1);
  return std::lgamma(at + 0.1) - std::lgamma(at + 1) - std::lgamma(0.1) - scale;
}

Estimate relevant_total_anytime(std::span<const AuditDraw> draws, const ReviewState& now,
                                double confidence) {
  check(draws, now, confidence);
  const auto least = static_cast<double>(now.found);
  const auto most = static_cast<double>(now.found + now.unread);
  if (draws.empty()) return {least, least, most, "prior_posterior"};
  const AuditDraw& first = draws.front();
  const int64_t span = first.remaining;
  std::vector<double> logs(static_cast<size_t>(span) + 1);
  logs[0] = -INFINITY;
  for (int64_t i = 1; i <= span; ++i) {
    logs[static_cast<size_t>(i)] = std::log(static_cast<double>(i));
  }
  // likelihood[k]: of the draws, if k of the items remaining at the first draw are relevant.
  std::vector<double> likelihood(static_cast<size_t>(span) + 1);
  for (const AuditDraw& one : draws) {
    const int64_t extra = one.known - first.known;
    for (int64_t k = 0; k <= span; ++k) {
      const int64_t good = k - extra;
      const int64_t chosen = one.relevant ? good : one.remaining - good;
      const bool possible = good >= 0 && good <= one.remaining;
      likelihood[static_cast<size_t>(k)] +=
          (possible ? logs[static_cast<size_t>(chosen)] : -INFINITY) -
          logs[static_cast<size_t>(one.remaining)];
    }
  }
  double top = -INFINITY;
  std::vector<double> joint(likelihood.size());
  for (size_t k = 0; k < joint.size(); ++k) {
    joint[k] = likelihood[k] + log_prior(static_cast<int64_t>(k), span);
    top = std::max(top, joint[k]);
  }
  double sum = 0;
  for (const double value : joint) sum += std::exp(value - top);
  const double evidence = top + std::log(sum);
  const double limit = evidence + std::log(1 - confidence);
  Estimate total{least, most, least, "prior_posterior"};
  double best = -INFINITY;
  for (size_t k = 0; k < likelihood.size(); ++k) {
    const auto all = static_cast<double>(k) + static_cast<double>(first.known);
    if (all < least || all > most) continue;
    if (likelihood[k] > best) {
      best = likelihood[k];
      total.value = all;
    }
    if (likelihood[k] <= limit) continue;
    total.ci_low = std::min(total.ci_low, all);
    total.ci_high = std::max(total.ci_high, all);
  }
  if (total.ci_low > total.ci_high) total.ci_low = total.ci_high = total.value;
  return total;
}

Estimate recall_from_total(int64_t found, const Estimate& total) {
  const auto part = static_cast<double>(found);
  const auto share = [&](double all) { return all > 0 ? std::min(1.0, part / all) : 1; };
  return {share(total.value), share(total.ci_high), share(total.ci_low), total.method};
}

}  // namespace querist::metrics
