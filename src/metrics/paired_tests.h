// Whether two methods measured on the same rows, seeds or data sets differ by more than chance. All
// two-sided.
#pragma once

#include <cstdint>
#include <span>

namespace querist::metrics {

struct TestResult {
  double statistic = 0;
  double p_value = 1;
};

// Wilcoxon signed-rank test (Wilcoxon 1945) of the differences. Zeros are dropped. Magnitudes up to
// tied_within are zero, and neighbours no further apart are tied: what rounding made of differences
// that are equal is no order. Exact for up to 25 differences that are left, ties included (by
// counting the sign patterns of the mid-ranks); beyond, the normal approximation with tie
// correction. The statistic is the smaller of the two rank sums. No difference at all: p = 1.
TestResult wilcoxon_signed_rank(std::span<const double> differences, double tied_within = 0);

// Sign-flip permutation test of the mean difference (Fisher 1935): all 2^n patterns up to n = 16,
// else `permutations` seeded ones, the observed one counted among them.
TestResult sign_flip_test(std::span<const double> differences, uint64_t seed,
                          size_t permutations = 10'000);

// McNemar's exact test (McNemar 1947): n rows that only the first model got right, and only the
// second. The statistic is the smaller count.
TestResult mcnemar_exact(int64_t only_first, int64_t only_second);

// The same from what each model got right on the same audit rows.
TestResult mcnemar_exact(std::span<const uint8_t> first_right,
                         std::span<const uint8_t> second_right);

// McNemar's test for looking again and again: an e-value that "the first is right no more often
// than the second" would let reach 1/alpha at any look with a chance of alpha at most. It is the
// wealth of a gambler who stakes on the first at every row that only one of the two gets right,
// averaged over all stakes alike (Ville 1939; Shafer 2021); closed form. Rows may be judged by
// different models, each pair chosen before its row was drawn.
double mcnemar_e_value(int64_t only_first, int64_t only_second);

}  // namespace querist::metrics
