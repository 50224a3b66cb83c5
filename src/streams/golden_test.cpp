// Decisions against scikit-activeml's and draws against NumPy's (tests/golden/streams.json).
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/json.h"
#include "streams/parts/numpy_random.h"
#include "streams/stream.h"

namespace querist::streams {

static const Json& golden() {
  static const Json all = parse_json(read_file(QUERIST_SOURCE_DIR "/tests/golden/streams.json"));
  return all;
}

static Params params_of(const StreamStrategy& strategy, const Json& given) {
  Params params(strategy.params);
  for (const auto& [name, value] : given.items()) {
    if (value.is_string()) {
      params.set(name, value.get<std::string>());
    } else {
      params.set(name, value.get<double>());
    }
  }
  return params;
}

TEST(Streams, AskAboutTheSameInstancesAsScikitActiveml) {
  const auto probabilities = golden()["probabilities"].get<std::vector<double>>();
  const auto embeddings = golden()["embeddings"].get<std::vector<float>>();
  const size_t size = probabilities.size() / 3;
  ASSERT_EQ(embeddings.size(), size * 4);
  ASSERT_GT(golden()["cases"].size(), 40u);
  for (const Json& one : golden()["cases"]) {
    const StreamStrategy& strategy = find(one["strategy"].get<std::string>());
    Stream stream(strategy, params_of(strategy, one["params"]), one["seed"].get<uint32_t>());
    const auto expected = one["asked"].get<std::string>();
    std::string asked;
    for (size_t i = 0; i < size; ++i) {
      asked += stream.query(std::span(probabilities).subspan(i * 3, 3),
                            std::span(embeddings).subspan(i * 4, 4))
                   ? '1'
                   : '0';
    }
    EXPECT_EQ(asked, expected) << one["strategy"] << one["params"] << one["seed"];
    EXPECT_EQ(stream.asked(), static_cast<uint64_t>(std::count(asked.begin(), asked.end(), '1')));
  }
}

TEST(NumpyRandom, DrawsWhatNumpyDraws) {
  for (const Json& one : golden()["random"]) {
    const auto seed = one["seed"].get<uint32_t>();
    EXPECT_EQ(NumpyRandom(seed).below_mersenne(), one["bounded"].get<uint32_t>());
    NumpyRandom random(seed);
    size_t next = 0;
    for (size_t i = 0; i < 2000; ++i) {  // Across six blocks of the generator.
      const double normal = random.normal_ahead();
      const double uniform = random.uniform();
      if (i % 250 >= 3) continue;
      // One unit in the last place: the logarithm is the C library's.
      EXPECT_DOUBLE_EQ(normal, one["normal"][next].get<double>()) << seed << " " << i;
      EXPECT_EQ(uniform, one["uniform"][next].get<double>()) << seed << " " << i;
      ++next;
    }
    EXPECT_EQ(next, one["uniform"].size());
  }
}

}  // namespace querist::streams
