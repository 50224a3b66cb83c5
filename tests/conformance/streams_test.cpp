// What every strategy for streams must hold to, whatever it decides by.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <set>

#include "base/error.h"
#include "base/rng.h"
#include "streams/stream.h"

namespace querist::streams {

// Instances whose probabilities and embeddings are chance; dense in places.
struct Flow {
  size_t classes;
  std::vector<double> probabilities;
  Matrix embeddings;

  Flow(size_t size, size_t class_count, uint64_t seed = 3)
      : classes(class_count), embeddings(size, 5) {
    Rng rng(seed);
    for (size_t i = 0; i < size; ++i) {
      std::vector<double> row(classes);
      double sum = 0;
      for (double& p : row) sum += p = -std::log(1 - rng.uniform());
      for (double& p : row) probabilities.push_back(p / sum);
      const double centre = static_cast<double>(rng.below(3)) * 5;
      for (float& v : embeddings.row(i)) v = static_cast<float>(centre + rng.normal());
    }
  }
  std::span<const double> row(size_t i) const {
    return std::span(probabilities).subspan(i * classes, classes);
  }
  size_t size() const { return embeddings.rows; }
};

class EveryStreamStrategy : public testing::TestWithParam<std::string_view> {
 protected:
  const StreamStrategy& card() const { return find(GetParam()); }
  bool reads(Signal signal) const { return has(card().needs, signal); }
  Stream stream(uint32_t seed = 1) const { return Stream(card(), seed); }
  static std::vector<uint8_t> one_by_one(Stream& stream, const Flow& flow, size_t from = 0) {
    std::vector<uint8_t> asked;
    for (size_t i = from; i < flow.size(); ++i) {
      asked.push_back(stream.query(flow.row(i), flow.embeddings.row(i)));
    }
    return asked;
  }
  static void expect_refusal(Stream& stream, std::span<const double> probabilities,
                             std::span<const float> embedding, std::string_view word) {
    const std::string before = stream.save();
    try {
      stream.query(probabilities, embedding);
      ADD_FAILURE() << "not refused: " << word;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(word), std::string::npos) << error.what();
    }
    EXPECT_EQ(stream.save(), before);
  }
};

TEST(StreamStrategies, AreTheFilesOfTheirFolder) {
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(QUERIST_SOURCE_DIR "/src/streams")) {
    const std::string name = entry.path().stem();
    if (entry.path().extension() == ".cpp" && name != "registry" && !name.ends_with("_test")) {
      files.insert(name);
    }
  }
  std::set<std::string> names;
  for (const StreamStrategy& strategy : all()) names.insert(std::string(strategy.name));
  EXPECT_EQ(names, files);
}

TEST_P(EveryStreamStrategy, SaysWhatItIs) {
  EXPECT_FALSE(card().summary.empty());
  EXPECT_FALSE(card().source.empty());
  std::set<std::string_view> names;
  for (const ParamSpec& spec : card().params) {
    EXPECT_FALSE(spec.help.empty()) << spec.name;
    EXPECT_TRUE(names.insert(spec.name).second) << spec.name;
  }
  EXPECT_TRUE(names.contains("budget"));
}

TEST_P(EveryStreamStrategy, AsksAboutSomeAndKeepsToTheBudget) {
  const Flow flow(4000, 3);
  for (const double budget : {0.05, 0.3}) {
    Params params(card().params);
    params.set("budget", budget);
    Stream stream(card(), params, 2);
    const auto asked = one_by_one(stream, flow);
    const auto count = static_cast<double>(std::count(asked.begin(), asked.end(), 1));
    EXPECT_EQ(static_cast<double>(stream.asked()), count);
    EXPECT_EQ(stream.seen(), flow.size());
    EXPECT_GT(count, 0);
    // An estimate that forgets lets a little more through, a question a window; chance is within
    // four standard deviations.
    EXPECT_LT(count / 4000, budget * 1.35 + 0.01);
    EXPECT_GE(stream.spent(), 0);
    EXPECT_LT(stream.spent(), budget + 0.02);
  }
}

TEST_P(EveryStreamStrategy, RepeatsItselfForOneSeed) {
  const Flow flow(600, 4);
  Stream first = stream(9);
  Stream second = stream(9);
  EXPECT_EQ(one_by_one(first, flow), one_by_one(second, flow));
  EXPECT_EQ(first.save(), second.save());
}

TEST_P(EveryStreamStrategy, DecidesManyAsOneByOne) {
  const Flow flow(3000, 3);
  Stream single = stream();
  const auto expected = one_by_one(single, flow);
  Stream block = stream();
  std::vector<uint8_t> asked(flow.size());
  const auto sum = block.query_many(flow.probabilities, 3, flow.embeddings, asked);
  EXPECT_EQ(asked, expected);
  EXPECT_EQ(sum, block.asked());
  EXPECT_EQ(block.save(), single.save());
  EXPECT_EQ(block.query_many(std::span<const double>(), 3, Features(), {}), 0u);
}

TEST_P(EveryStreamStrategy, TakesFloatProbabilitiesAndHalfEmbeddings) {
  const Flow flow(900, 3);
  Matrix floats(flow.size(), 3);
  std::copy(flow.probabilities.begin(), flow.probabilities.end(), floats.values.begin());
  std::vector<uint16_t> bits;
  Matrix rounded(flow.size(), flow.embeddings.cols);
  for (const float v : flow.embeddings.values) {
    rounded.values[bits.size()] = half_to_float(float_to_half(v));
    bits.push_back(float_to_half(v));
  }
  Stream wide = stream();
  std::vector<uint8_t> expected;
  for (size_t i = 0; i < flow.size(); ++i) {
    const std::vector<double> row(floats.row(i).begin(), floats.row(i).end());
    expected.push_back(wide.query(row, rounded.row(i)));
  }
  Stream narrow = stream();
  std::vector<uint8_t> asked(flow.size());
  narrow.query_many(floats, Features::of_half(flow.size(), rounded.cols, bits.data()), asked);
  EXPECT_EQ(asked, expected);
  Stream single = stream();
  for (size_t i = 0; i < flow.size(); ++i) {
    EXPECT_EQ(single.query(std::as_const(floats).row(i), rounded.row(i)), expected[i] == 1) << i;
  }
}

TEST_P(EveryStreamStrategy, GoesOnAfterARestartAsIfNothingWere) {
  const Flow flow(900, 3);
  std::vector<std::string> managers = {""};
  for (const ParamSpec& spec : card().params) {
    if (spec.name == "budget_manager") managers.assign(spec.choices.begin(), spec.choices.end());
  }
  for (const std::string& manager : managers) {
    Params params(card().params);
    if (managers.size() > 1) params.set("budget_manager", manager);
    params.set("budget", 0.25);
    for (const size_t stop : {0u, 1u, 60u, 437u}) {
      Stream whole(card(), params, 4);
      Stream part(card(), params, 4);
      for (size_t i = 0; i < stop; ++i) {
        whole.query(flow.row(i), flow.embeddings.row(i));
        part.query(flow.row(i), flow.embeddings.row(i));
      }
      Stream restarted = Stream::load(part.save());
      EXPECT_EQ(restarted.strategy().name, GetParam());
      EXPECT_EQ(restarted.save(), part.save());
      EXPECT_EQ(one_by_one(restarted, flow, stop), one_by_one(whole, flow, stop));
      EXPECT_EQ(restarted.save(), whole.save());
    }
  }
}

TEST_P(EveryStreamStrategy, RefusesADamagedText) {
  const Flow flow(150, 2);
  Stream given = stream();
  one_by_one(given, flow);
  const std::string text = given.save();
  for (size_t length = 0; length < text.size(); length += 1 + text.size() / 60) {
    EXPECT_THROW(Stream::load(text.substr(0, length)), Error);
  }
  // Any change of one character is refused or gives a stream that can go on.
  Rng rng(5);
  for (size_t trial = 0; trial < 400; ++trial) {
    std::string changed = text;
    changed[rng.below(text.size())] = "0123456789-\"{}A"[rng.below(15)];
    try {
      Stream stream = Stream::load(changed);
      stream.query(flow.row(0), flow.embeddings.row(0));
    } catch (const Error& error) {
      EXPECT_NE(error.code(), Code::internal) << error.what();
    }
  }
}

TEST_P(EveryStreamStrategy, SkipsAnInstanceThatHoldsNaN) {
  const Flow flow(400, 3);
  Stream clean = stream();
  const auto expected = one_by_one(clean, flow);
  Stream broken = stream();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<double> no_probabilities = {0.5, static_cast<double>(nan), 0.2};
  const std::vector<float> no_embedding = {0, 1, 2, nan, 4};
  uint64_t skipped = 0;
  for (size_t i = 0; i < flow.size(); ++i) {
    if (i % 50 == 7 && reads(Signal::probabilities)) {
      EXPECT_FALSE(broken.query(no_probabilities, flow.embeddings.row(i)));
      EXPECT_EQ(broken.skipped(), ++skipped);
    }
    if (i % 50 == 9 && reads(Signal::embeddings)) {
      EXPECT_FALSE(broken.query(flow.row(i), no_embedding));
      EXPECT_EQ(broken.skipped(), ++skipped);
    }
    EXPECT_EQ(broken.query(flow.row(i), flow.embeddings.row(i)), expected[i] == 1) << i;
  }
  EXPECT_EQ(broken.seen(), flow.size());
}

TEST_P(EveryStreamStrategy, RefusesWrongInstancesByNameAndIsLeftAsItWas) {
  const Flow flow(60, 3);
  const float infinity = std::numeric_limits<float>::infinity();
  for (const size_t before : {0u, 60u}) {
    Stream given = stream();
    for (size_t i = 0; i < before; ++i) given.query(flow.row(i), flow.embeddings.row(i));
    const auto x = flow.embeddings.row(0);
    if (reads(Signal::probabilities)) {
      const std::vector<double> too_large = {1.5, -0.5, 0};
      const std::vector<double> infinite = {0.5, static_cast<double>(infinity), 0.5};
      const std::vector<double> too_much = {0.5, 0.5, 0.5};
      expect_refusal(given, too_large, x, "probabilities");
      expect_refusal(given, infinite, x, "probabilities");
      expect_refusal(given, too_much, x, "probabilities");
      expect_refusal(given, {}, x, "probabilities");
      const std::vector<double> other = {0.5, 0.5};
      if (before > 0) expect_refusal(given, other, x, "probabilities");
    }
    if (reads(Signal::embeddings)) {
      const std::vector<float> infinite = {0, 1, infinity, 3, 4};
      const std::vector<float> other = {0, 1};
      expect_refusal(given, flow.row(0), infinite, "embeddings");
      expect_refusal(given, flow.row(0), {}, "embeddings");
      if (before > 0) expect_refusal(given, flow.row(0), other, "embeddings");
    }
  }
}

TEST_P(EveryStreamStrategy, RefusesABlockBeforeDecidingItsFirstRow) {
  if (card().needs == Signal::none) return;
  Flow flow(50, 3);
  Stream given = stream();
  flow.probabilities[3 * 49] = 7;
  if (!reads(Signal::probabilities)) return;
  std::vector<uint8_t> asked(50);
  const std::string before = given.save();
  EXPECT_THROW(given.query_many(flow.probabilities, 3, flow.embeddings, asked), Error);
  EXPECT_EQ(given.save(), before);
  EXPECT_THROW(given.query_many(flow.probabilities, 4, flow.embeddings, asked), Error);
}

TEST_P(EveryStreamStrategy, WorksWithOneClassAndOnIdenticalInstances) {
  Stream one_class = stream();
  Stream identical = stream();
  const std::vector<double> sure = {1};
  const std::vector<double> even = {0.5, 0.5};
  const std::vector<float> x = {1, 2, 3};
  for (size_t i = 0; i < 1000; ++i) {
    one_class.query(sure, x);
    identical.query(even, x);
  }
  EXPECT_EQ(one_class.seen(), 1000u);
  EXPECT_LT(one_class.spent(), 0.13);
  EXPECT_LT(identical.spent(), 0.13);
  // Of identical points only the second is nearer to another than any point before.
  const uint64_t least = reads(Signal::embeddings) ? 0 : 50;
  EXPECT_GE(identical.asked(), least);
  if (reads(Signal::embeddings)) {
    EXPECT_LE(identical.asked(), 1u);
  }
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryStreamStrategy, testing::ValuesIn([] {
                           std::vector<std::string_view> names;
                           for (const StreamStrategy& one : all()) names.push_back(one.name);
                           return names;
                         }()),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace querist::streams
