// Each consensus method against an oracle of its own: brute-force expectation maximisation, votes
// counted by hand, and cleanlab (tests/golden/crowdlab.json).
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/rng.h"
#include "consensus/consensus.h"
#include "consensus/parts/abilities.h"

namespace querist::consensus {

// Answers as a dense table: answer[i][j] of item i by annotator j, or -1.
struct Crowd {
  std::vector<std::vector<int32_t>> answer;
  size_t classes;

  Crowd(size_t items, size_t annotators, size_t class_count, uint64_t seed) : classes(class_count) {
    Rng rng(seed);
    for (size_t i = 0; i < items; ++i) {
      answer.emplace_back(annotators, -1);
      const auto truth = static_cast<int32_t>(rng.below(classes));
      for (const int64_t j : rng.sample(annotators, 1 + rng.below(annotators))) {
        answer[i][static_cast<size_t>(j)] =
            rng.uniform() < 0.6 ? truth : static_cast<int32_t>(rng.below(classes));
      }
    }
  }

  Consensus ask(std::string_view method, const std::string& rounds,
                const std::map<std::string, std::string>& settings = {}) const {
    std::vector<int64_t> items;
    std::vector<int64_t> annotators;
    std::vector<int32_t> labels;
    for (size_t i = 0; i < answer.size(); ++i) {
      for (size_t j = 0; j < answer[i].size(); ++j) {
        if (answer[i][j] < 0) continue;
        items.push_back(static_cast<int64_t>(i));
        annotators.push_back(static_cast<int64_t>(j));
        labels.push_back(answer[i][j]);
      }
    }
    Params params(find(method).params);
    if (!rounds.empty()) {
      params.set_text("max_rounds", rounds);
      params.set_text("tolerance", "0");
    }
    for (const auto& [name, value] : settings) params.set_text(name, value);
    return aggregate(find(method), {items, annotators, labels}, answer.size(), classes, {}, params);
  }

  std::vector<double> shares() const {
    std::vector<double> q(answer.size() * classes);
    for (size_t i = 0; i < answer.size(); ++i) {
      double count = 0;
      for (const int32_t label : answer[i]) count += label >= 0;
      for (const int32_t label : answer[i]) {
        if (label >= 0) q[i * classes + static_cast<size_t>(label)] += 1 / count;
      }
    }
    return q;
  }
};

// Dawid and Skene's equations with products of probabilities, as they stand in the paper.
static std::vector<double> brute_dawid_skene(const Crowd& crowd, int rounds) {
  const size_t n = crowd.answer.size();
  const size_t m = crowd.answer[0].size();
  const size_t c = crowd.classes;
  std::vector<double> q = crowd.shares();
  for (int round = 0; round < rounds; ++round) {
    std::vector<double> prior(c);
    for (size_t i = 0; i < n; ++i)
      for (size_t t = 0; t < c; ++t) prior[t] += q[i * c + t] / static_cast<double>(n);
    const auto theta = [&](size_t j, size_t truth, size_t said) {
      double cell = 0.01;
      double row = 0.01 * static_cast<double>(c);
      for (size_t i = 0; i < n; ++i) {
        if (crowd.answer[i][j] < 0) continue;
        row += q[i * c + truth];
        if (static_cast<size_t>(crowd.answer[i][j]) == said) cell += q[i * c + truth];
      }
      return cell / row;
    };
    std::vector<double> next(n * c);
    for (size_t i = 0; i < n; ++i) {
      double sum = 0;
      for (size_t t = 0; t < c; ++t) {
        double p = prior[t];
        for (size_t j = 0; j < m; ++j)
          if (crowd.answer[i][j] >= 0) p *= theta(j, t, static_cast<size_t>(crowd.answer[i][j]));
        next[i * c + t] = p;
        sum += p;
      }
      for (size_t t = 0; t < c; ++t) next[i * c + t] /= sum;
    }
    q = next;
  }
  return q;
}

static std::vector<double> brute_one_coin(const Crowd& crowd, int rounds) {
  const size_t n = crowd.answer.size();
  const size_t m = crowd.answer[0].size();
  const size_t c = crowd.classes;
  std::vector<double> q = crowd.shares();
  for (int round = 0; round < rounds; ++round) {
    std::vector<double> right(m);
    for (size_t j = 0; j < m; ++j) {
      double answers = 0;
      for (size_t i = 0; i < n; ++i) {
        if (crowd.answer[i][j] < 0) continue;
        ++answers;
        right[j] += q[i * c + static_cast<size_t>(crowd.answer[i][j])];
      }
      if (answers > 0) right[j] = std::min(std::max(right[j] / answers, 1e-6), 1 - 1e-6);
    }
    for (size_t i = 0; i < n; ++i) {
      double sum = 0;
      for (size_t t = 0; t < c; ++t) {
        double p = 1;
        for (size_t j = 0; j < m; ++j) {
          if (crowd.answer[i][j] < 0) continue;
          p *= static_cast<size_t>(crowd.answer[i][j]) == t
                   ? right[j]
                   : (1 - right[j]) / static_cast<double>(c - 1);
        }
        q[i * c + t] = p;
        sum += p;
      }
      for (size_t t = 0; t < c; ++t) q[i * c + t] /= sum;
    }
  }
  return q;
}

// MACE's equations from its first start, with products of probabilities.
static std::vector<double> brute_mace(const Crowd& crowd, int rounds) {
  const size_t n = crowd.answer.size();
  const size_t m = crowd.answer[0].size();
  const size_t c = crowd.classes;
  std::vector<double> knows(m, 0.5);
  std::vector<std::vector<double>> habit(m, std::vector<double>(c, 1 / static_cast<double>(c)));
  std::vector<double> q(n * c);
  for (int round = 0; round < rounds; ++round) {
    std::vector<double> knew(m, 0.01);
    std::vector<double> total(m, 0.02);
    std::vector<std::vector<double>> spam(m, std::vector<double>(c, 0.01));
    for (size_t i = 0; i < n; ++i) {
      double sum = 0;
      for (size_t t = 0; t < c; ++t) {
        double p = 1;
        for (size_t j = 0; j < m; ++j) {
          if (crowd.answer[i][j] < 0) continue;
          const auto said = static_cast<size_t>(crowd.answer[i][j]);
          p *= (said == t ? knows[j] : 0) + (1 - knows[j]) * habit[j][said];
        }
        q[i * c + t] = p;
        sum += p;
      }
      for (size_t t = 0; t < c; ++t) q[i * c + t] /= sum;
      for (size_t j = 0; j < m; ++j) {
        if (crowd.answer[i][j] < 0) continue;
        const auto said = static_cast<size_t>(crowd.answer[i][j]);
        const double share =
            q[i * c + said] * knows[j] / (knows[j] + (1 - knows[j]) * habit[j][said]);
        knew[j] += share;
        total[j] += 1;
        spam[j][said] += 1 - share;
      }
    }
    for (size_t j = 0; j < m; ++j) {
      knows[j] = knew[j] / total[j];
      double sum = 0;
      for (const double one : spam[j]) sum += one;
      for (size_t t = 0; t < c; ++t) habit[j][t] = spam[j][t] / sum;
    }
  }
  return q;
}

// A few dozen products and logarithms a round: 1e-9 leaves room for rounding, none for another
// equation.
using BruteForce = std::vector<double> (*)(const Crowd& crowd, int rounds);

static void expect_equations(BruteForce brute, std::string_view method,
                             const std::map<std::string, std::string>& params = {}) {
  for (uint64_t seed = 0; seed < 12; ++seed) {
    const Crowd crowd(5 + seed * 3, 2 + seed % 5, 2 + seed % 3, seed);
    for (const int rounds : {1, 2, 15}) {
      const auto expected = brute(crowd, rounds);
      const auto found = crowd.ask(method, std::to_string(rounds), params);
      for (size_t i = 0; i < expected.size(); ++i)
        EXPECT_NEAR(found.probabilities[i], expected[i], 1e-9) << "seed " << seed;
    }
  }
}

TEST(DawidSkene, IsItsEquationsRoundByRound) { expect_equations(brute_dawid_skene, "dawid_skene"); }

TEST(OneCoin, IsItsEquationsRoundByRound) { expect_equations(brute_one_coin, "one_coin"); }

TEST(Mace, IsItsEquationsRoundByRound) {
  expect_equations(brute_mace, "mace", {{"restarts", "1"}});
}

// The expected log posterior of the answers, as Whitehill et al. write it.
static double expected_posterior(const AnswerTable& table, std::span<const double> q,
                                 const Abilities& at) {
  double sum = 0;
  for (size_t i = 0; i < table.items; ++i) {
    sum -= (at.ease[i] - 1) * (at.ease[i] - 1) / 2;
    for (size_t j = table.offsets[i]; j < table.offsets[i + 1]; ++j) {
      const double s = at.right(i, static_cast<size_t>(table.annotator[j]));
      const double right = q[i * table.classes + static_cast<size_t>(table.label[j])];
      sum += right * std::log(s) + (1 - right) * std::log1p(-s);
    }
  }
  for (const double a : at.ability) sum -= (a - 1) * (a - 1) / 2;
  return sum;
}

// With fixed posteriors the climb ends where no number can be moved to a higher place.
TEST(Glad, ClimbsToTheTopOfItsPosterior) {
  const std::vector<int64_t> items = {0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 3, 4, 4, 4};
  const std::vector<int64_t> annotators = {0, 1, 2, 0, 1, 2, 0, 1, 0, 1, 2, 0, 1, 2};
  const std::vector<int32_t> labels = {0, 0, 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 1};
  const AnswerTable table = answer_table({items, annotators, labels}, 5, 2);
  const std::vector<double> q = {0.8, 0.2, 0.1, 0.9, 0.5, 0.5, 0.6, 0.4, 0.9, 0.1};
  Abilities at(table);
  double before = expected_posterior(table, q, at);
  for (int round = 0; round < 200; ++round) at.climb(table, q);
  const double top = expected_posterior(table, q, at);
  EXPECT_GT(top, before);
  for (std::vector<double>* numbers : {&at.ability, &at.ease}) {
    for (double& number : *numbers) {
      const double kept = number;
      for (const double step : {-1e-3, 1e-3}) {
        number = kept + step;
        EXPECT_LT(expected_posterior(table, q, at), top);
      }
      number = kept;
    }
  }
}

TEST(DawidSkene, StopsWhenNothingMoves) {
  const Crowd crowd(60, 6, 3, 3);
  const auto found = crowd.ask("dawid_skene", "");
  EXPECT_GT(found.rounds, 3u);
  EXPECT_LT(found.rounds, 1000u);
  const auto longer = crowd.ask("dawid_skene", "5000");
  for (size_t i = 0; i < longer.probabilities.size(); ++i)
    EXPECT_NEAR(found.probabilities[i], longer.probabilities[i], 1e-3);
}

TEST(MajorityVote, IsTheSharesOfTheVotes) {
  const Crowd crowd(50, 5, 3, 1);
  EXPECT_EQ(crowd.ask("majority_vote", "").probabilities, crowd.shares());
}

TEST(Crowdlab, IsCleanlabs) {
  const Json golden = parse_json(read_file(QUERIST_SOURCE_DIR "/tests/golden/crowdlab.json"));
  ASSERT_EQ(golden["cases"].size(), 3u);
  for (const Json& one : golden["cases"]) {
    const auto items = one["items"].get<std::vector<int64_t>>();
    const auto annotators = one["annotators"].get<std::vector<int64_t>>();
    const auto labels = one["labels"].get<std::vector<int32_t>>();
    const auto p = one["probabilities"].get<std::vector<double>>();
    const size_t classes = one["classes"];
    const size_t count = p.size() / classes;
    const auto found = aggregate(find("crowdlab"), {items, annotators, labels}, count, classes,
                                 {count, classes, p.data()}, {});
    const auto consensus = one["consensus"].get<std::vector<int32_t>>();
    EXPECT_EQ(found.labels, consensus);
    for (size_t i = 0; i < count; ++i) {
      // Its rows sum to 1 but for rounding, which ours are brought to.
      EXPECT_NEAR(found.probabilities[i * classes + static_cast<size_t>(consensus[i])],
                  one["quality"][i].get<double>(), 1e-10);
    }
  }
  EXPECT_THROW(Crowd(5, 3, 2, 1).ask("crowdlab", ""), Error) << "it reads a model";
}

}  // namespace querist::consensus
