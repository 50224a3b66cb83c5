// Signatures against exact similarities, and the sets found against a look at every pair.
#include "kernels/min_hash.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"

namespace querist::kernels {

// Sets of about 40 elements that share a part with the first of their family.
static HashedSets families(uint64_t seed, size_t count) {
  Rng rng(seed);
  HashedSets sets;
  for (size_t i = 0; i < count; ++i) {
    Rng family(mix_seed(seed, i / 10));
    const double kept = rng.uniform();
    std::vector<uint64_t> set;
    for (int e = 0; e < 40; ++e) {
      const uint64_t shared = family.next64();
      set.push_back(rng.uniform() < 0.7 + 0.3 * kept ? shared : rng.next64());
    }
    sets.add(std::move(set));
  }
  return sets;
}

static double by_counting(std::span<const uint64_t> a, std::span<const uint64_t> b) {
  double shared = 0;
  for (const uint64_t x : a) shared += std::count(b.begin(), b.end(), x);
  const double all = static_cast<double>(a.size() + b.size()) - shared;
  return all > 0 ? shared / all : 0;
}

TEST(MinHash, JaccardIsSharedByAll) {
  HashedSets sets;
  sets.add({3, 1, 3, 2});
  sets.add({2, 3, 4});
  sets.add({});
  EXPECT_EQ(sets.set(0).size(), 3u);
  EXPECT_EQ(jaccard(sets.set(0), sets.set(1)), 0.5);
  EXPECT_EQ(jaccard(sets.set(0), sets.set(2)), 0);
  EXPECT_EQ(jaccard(sets.set(2), sets.set(2)), 0);
  EXPECT_EQ(jaccard(sets.set(1), sets.set(1)), 1);
}

// An estimate is a share of 125 hashes that agree: its error over the standard error is about
// standard normal, so over 4,950 pairs its mean square is 1 give or take what dependent pairs
// allow, and none is further than 6 out.
TEST(MinHash, EstimatesWithItsBinomialError) {
  const HashedSets sets = families(1, 100);
  const auto signatures = min_hash_signatures(sets);
  const auto signature = [&](size_t i) {
    return std::span(signatures).subspan(i * min_hash_size, min_hash_size);
  };
  double squares = 0, sum = 0;
  int pairs = 0;
  for (size_t a = 0; a < sets.size(); ++a) {
    for (size_t b = a + 1; b < sets.size(); ++b) {
      const double exact = by_counting(sets.set(a), sets.set(b));
      EXPECT_EQ(jaccard(sets.set(a), sets.set(b)), exact);
      const double estimate = estimated_jaccard(signature(a), signature(b));
      if (exact == 0) {
        EXPECT_LT(estimate, 0.05);
        continue;
      }
      const double error = std::sqrt(exact * (1 - exact) / min_hash_size);
      if (exact == 1) continue;
      EXPECT_LT(std::abs(estimate - exact), 6 * error);
      squares += std::pow((estimate - exact) / error, 2);
      sum += (estimate - exact) / error;
      ++pairs;
    }
  }
  ASSERT_GT(pairs, 300);
  EXPECT_NEAR(squares / pairs, 1, 0.35);
  EXPECT_NEAR(sum / pairs, 0, 0.3);
}

TEST(MinHash, FindsWhatALookAtEveryPairFinds) {
  size_t found = 0;
  for (uint64_t seed = 2; seed < 8; ++seed) {
    const HashedSets all = families(seed, 120);
    HashedSets sets, others;
    for (size_t i = 0; i < all.size(); ++i) {
      const auto set = all.set(i);
      (i % 3 == 0 ? sets : others).add({set.begin(), set.end()});
    }
    sets.add({});
    others.add({});
    const auto best = most_similar(sets, others, 0.8);
    for (size_t i = 0; i < sets.size(); ++i) {
      SimilarSet expected;
      for (size_t j = 0; j < others.size(); ++j) {
        const double similarity = by_counting(sets.set(i), others.set(j));
        if (similarity >= 0.8 && similarity > expected.similarity)
          expected = {static_cast<int64_t>(j), similarity};
      }
      EXPECT_EQ(best[i].other, expected.other);
      EXPECT_EQ(best[i].similarity, expected.similarity);
      found += expected.other >= 0;
    }
  }
  EXPECT_GT(found, 20u);
}

}  // namespace querist::kernels
