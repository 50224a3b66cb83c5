// One draw of errors a vote.
#include "loop/simulation/crowd.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.h"
#include "base/error.h"
#include "base/rng.h"

namespace querist::loop {

void check_crowd(const CrowdPlan& plan) {
  if (plan.annotators == 0) return;
  if (plan.votes < 1 || plan.votes > plan.annotators) {
    refuse("{} labels an example need as many annotators, but there are {}", plan.votes,
           plan.annotators);
  }
  if (plan.accuracy.empty()) refuse("name at least one accuracy for the annotators");
  for (const double accuracy : plan.accuracy) {
    if (!(accuracy >= 0 && accuracy <= 1))
      refuse("an annotator's accuracy must lie in 0 … 1, not {}", accuracy);
  }
}

namespace {

// How one annotator errs.
struct Annotator {
  double accuracy = 0;
  bool spammer = false;
  std::vector<double> by_class;     // confusion: the accuracy on each class.
  std::vector<double> wrong_class;  // confusion: (label, answer) cumulative over wrong classes.
};

}  // namespace

// Class accuracies within 0.15 of the annotator's own; wrong classes weighed by cubes of uniform
// numbers, so that a few of them take most.
static void draw_confusion(Annotator& annotator, size_t classes, Rng& rng) {
  for (size_t label = 0; label < classes; ++label) {
    const double shift = 0.15 * (2 * rng.uniform() - 1);
    annotator.by_class.push_back(std::clamp(annotator.accuracy + shift, 0.0, 1.0));
    double sum = 0;
    for (size_t answer = 0; answer < classes; ++answer) {
      const double weight = rng.uniform();
      if (answer != label) sum += weight * weight * weight + 1e-9;
      annotator.wrong_class.push_back(sum);
    }
  }
}

static std::vector<Annotator> draw_annotators(const CrowdPlan& plan, size_t classes, Rng& rng) {
  std::vector<Annotator> annotators(plan.annotators);
  const auto spammers =
      static_cast<size_t>(std::llround(plan.spammers * static_cast<double>(plan.annotators)));
  for (size_t a = 0; a < annotators.size(); ++a) {
    annotators[a].accuracy = plan.accuracy[a % plan.accuracy.size()];
    annotators[a].spammer = a < spammers;
    if (plan.errors == "confusion") draw_confusion(annotators[a], classes, rng);
  }
  return annotators;
}

// 0 for the row of the widest margin between the two likeliest classes, 1 for the one nearest to
// the boundary, evenly spread between, so that their mean is a half; equal margins share their
// mean.
static std::vector<double> difficulties(const Matrix& probabilities) {
  std::vector<float> margins(probabilities.rows);
  for (size_t i = 0; i < margins.size(); ++i) {
    float first = 0, second = 0;
    for (const float p : probabilities.row(i)) {
      second = std::max(second, std::min(first, p));
      first = std::max(first, p);
    }
    margins[i] = first - second;
  }
  std::vector<size_t> order(margins.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return margins[a] > margins[b]; });
  std::vector<double> out(margins.size(), 0.5);  // A lone row is as hard as the mean.
  const auto last = static_cast<double>(order.size()) - 1;
  for (size_t begin = 0, end = 0; begin < order.size() && last > 0; begin = end) {
    while (end < order.size() && margins[order[end]] == margins[order[begin]]) ++end;
    for (size_t i = begin; i < end; ++i)
      out[order[i]] = static_cast<double>(begin + end - 1) / 2 / last;
  }
  return out;
}

// The chance of an error on a row of this difficulty; its mean over evenly spread difficulties is
// the annotator's.
static double error_at(double mean, double difficulty) {
  return mean <= 0.5 ? 2 * mean * difficulty : 1 - 2 * (1 - mean) * (1 - difficulty);
}

static int32_t likeliest_other(std::span<const float> p, int32_t label) {
  int32_t best = label == 0 ? 1 : 0;
  for (size_t c = 0; c < p.size(); ++c) {
    if (static_cast<int32_t>(c) != label && p[c] > p[static_cast<size_t>(best)])
      best = static_cast<int32_t>(c);
  }
  return best;
}

static int32_t any_other(int32_t label, size_t classes, Rng& rng) {
  const auto shift = static_cast<int32_t>(1 + rng.below(classes - 1));
  return (label + shift) % static_cast<int32_t>(classes);
}

static int32_t confused(const Annotator& annotator, int32_t label, size_t classes, Rng& rng) {
  const auto row =
      std::span(annotator.wrong_class).subspan(static_cast<size_t>(label) * classes, classes);
  const double at = rng.uniform() * row.back();
  auto answer = static_cast<int32_t>(std::upper_bound(row.begin(), row.end(), at) - row.begin());
  answer = std::min(answer, static_cast<int32_t>(classes) - 1);
  return answer == label ? any_other(label, classes, rng) : answer;
}

std::vector<int32_t> crowd_answers(const CrowdPlan& plan, std::span<const int32_t> labels,
                                   size_t classes, const Matrix& probabilities, uint64_t seed) {
  const bool by_difficulty = plan.errors == "difficulty";
  QUERIST_CHECK(!by_difficulty ||
                (probabilities.rows == labels.size() && probabilities.cols == classes));
  Rng crowd_rng(mix_seed(seed, 0));
  const auto annotators = draw_annotators(plan, classes, crowd_rng);
  std::vector<double> difficulty;
  if (by_difficulty) difficulty = difficulties(probabilities);

  const auto vote = [&](const Annotator& annotator, size_t i, Rng& rng) {
    const int32_t label = labels[i];
    if (annotator.spammer) return static_cast<int32_t>(rng.below(classes));
    double wrong = 1 - annotator.accuracy;
    if (plan.errors == "confusion") wrong = 1 - annotator.by_class[static_cast<size_t>(label)];
    if (by_difficulty) wrong = error_at(wrong, difficulty[i]);
    if (rng.uniform() >= wrong) return label;
    if (plan.errors == "confusion") return confused(annotator, label, classes, rng);
    if (by_difficulty) return likeliest_other(probabilities.row(i), label);
    return any_other(label, classes, rng);
  };
  std::vector<int32_t> answers;
  std::vector<size_t> counts(classes);
  for (size_t i = 0; i < labels.size(); ++i) {
    Rng rng(mix_seed(seed, i + 1));
    std::fill(counts.begin(), counts.end(), 0);
    std::vector<int32_t> votes;
    for (const int64_t a : rng.sample(plan.annotators, plan.votes)) {
      votes.push_back(vote(annotators[static_cast<size_t>(a)], i, rng));
      ++counts[static_cast<size_t>(votes.back())];
    }
    int32_t winner = votes.front();
    for (const int32_t answer : votes) {
      if (counts[static_cast<size_t>(answer)] > counts[static_cast<size_t>(winner)])
        winner = answer;
    }
    answers.push_back(winner);
  }
  return answers;
}

}  // namespace querist::loop
