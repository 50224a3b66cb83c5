// A featurizer named with its parameters.
#include <gtest/gtest.h>

#include "base/error.h"
#include "featurizers/featurizer.h"

namespace querist::featurizers {

TEST(FeaturizerChoice, SetsParametersAndKeepsTheOthers) {
  const auto chosen = parse_featurizer("tfidf(char_max=0, word_ngrams=1)", PayloadKind::text);
  EXPECT_EQ(chosen.card->name, "tfidf");
  EXPECT_EQ(chosen.params.integer("char_max"), 0);
  EXPECT_EQ(chosen.params.integer("word_ngrams"), 1);
  EXPECT_EQ(chosen.params.integer("char_min"), 3);
  EXPECT_EQ(parse_featurizer("", PayloadKind::columns).card->name, "tabular");
}

TEST(FeaturizerChoice, RefusesWhatIsNone) {
  EXPECT_THROW(parse_featurizer("word2vec"), Error);
  EXPECT_THROW(parse_featurizer("tfidf(char_max=99)"), Error);
  EXPECT_THROW(parse_featurizer("tfidf(width=3)"), Error);
  EXPECT_THROW(parse_featurizer("tfidf(char_max=0"), Error);
  EXPECT_THROW(parse_featurizer("tfidf", PayloadKind::image), Error);
}

// Words alone: two texts of the same words in pieces are the same, which they are not in letters.
TEST(FeaturizerChoice, ParametersReachTheFit) {
  const std::vector<Payload> texts = {{.text = "red apples"}, {.text = "red, apples!"}};
  FitInput input;
  input.payloads = [&](const auto& take) { take(texts); };
  for (const bool words : {true, false}) {
    const auto chosen = parse_featurizer(words ? "tfidf(char_max=0, word_ngrams=1)" : "tfidf");
    const auto batch = chosen.card->fit(input, chosen.params, 1, Progress()).transform(texts);
    const Csr& x = batch.sparse;
    const std::vector<float> first(x.values.begin(), x.values.begin() + x.offsets[1]);
    const std::vector<float> second(x.values.begin() + x.offsets[1], x.values.end());
    EXPECT_EQ(first == second, words);
  }
}

}  // namespace querist::featurizers
