// What every featurizer must keep: one function wherever it runs, stored whole or refused, finite
// whatever comes.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/rng.h"
#include "base/threads.h"
#include "featurizers/featurizer.h"
#include "kernels/finite.h"

namespace querist::featurizers {

static std::string words(Rng& rng, size_t count) {
  static const char* const list[] = {"red",   "Blue", "tree", "ran", "über", "дом",
                                     "λόγος", "東京", "x9",   "the", "a!",   "so-so"};
  std::string text;
  for (size_t i = 0; i < count; ++i)
    text += std::string(i ? " " : "") + list[rng.below(std::size(list))];
  return text;
}

static std::string grey_image(Rng& rng) {
  std::string image = "P5 9 7 255\n";
  for (int i = 0; i < 63; ++i) image += static_cast<char>(rng.below(256));
  return image;
}

static Payload make_payload(PayloadKind kind, Rng& rng) {
  Payload payload;
  switch (kind) {
    case PayloadKind::text:
      payload.text = words(rng, 1 + rng.below(12));
      break;
    case PayloadKind::image:
      payload.image = grey_image(rng);
      break;
    case PayloadKind::embedding:
      for (int i = 0; i < 24; ++i) payload.embedding.push_back(static_cast<float>(rng.normal()));
      break;
    case PayloadKind::columns:
      payload.cells = {
          fmt::format("{:.3f}", rng.normal() * 7), rng.below(9) ? words(rng, 1) : std::string(),
          fmt::format("20{:02}-0{}-1{}", rng.below(30), 1 + rng.below(9), rng.below(10)),
          words(rng, 6 + rng.below(5)), rng.below(5) ? std::to_string(rng.below(1000)) : "NA"};
  }
  return payload;
}

// What a hostile or careless source sends and a featurizer must still turn into finite numbers.
static std::vector<Payload> odd_payloads(PayloadKind kind) {
  switch (kind) {
    case PayloadKind::text:
      return {{.text = ""},
              {.text = " \n\t "},
              {.text = "zzzz qqqq"},
              {.text = "\xff\xfe\x80 \xc3"},
              {.text = std::string(3, '\0')},
              {.text = std::string(100'000, 'x')}};
    case PayloadKind::image:
      return {{.image = "P5 1 1 255\n\xff"}, {.image = "P6 1 2 255\nabcdef"}};
    case PayloadKind::embedding:
      return {{.embedding = std::vector<float>(24)}, {.embedding = std::vector<float>(24, 1e38f)}};
    case PayloadKind::columns:
      return {{.cells = {"", "", "", "", ""}},
              {.cells = {"1e999", "never seen", "9999-12-31", "\xff\xfe", "-inf"}},
              {.cells = {"nan", std::string(5000, 'c'), "2020-02-30", "x", "3e38"}}};
  }
  return {};
}

// Payloads that no transform can read.
static std::vector<Payload> unreadable_payloads(PayloadKind kind) {
  switch (kind) {
    case PayloadKind::text:
      return {};
    case PayloadKind::image:
      return {{.image = ""}, {.image = "GIF89a"}, {.image = "P5 60000 60000 255\n"}};
    case PayloadKind::embedding:
      return {
          {}, {.embedding = std::vector<float>(23)}, {.embedding = std::vector<float>(24, NAN)}};
    case PayloadKind::columns:
      return {{}, {.cells = {"1", "2"}}};
  }
  return {};
}

class EveryFeaturizer : public testing::TestWithParam<std::string> {
 protected:
  EveryFeaturizer() : card(find(GetParam())), params(card.params) {
    Rng rng(4);
    for (int i = 0; i < 600; ++i) payloads.push_back(make_payload(card.payload, rng));
    input.payloads = [this](const std::function<void(std::span<const Payload>)>& use) {
      for (size_t at = 0; at < payloads.size(); at += 40) {
        use(std::span(payloads).subspan(at, std::min<size_t>(40, payloads.size() - at)));
      }
    };
    if (card.payload == PayloadKind::columns)
      input.columns = {"size", "color", "day", "note", "count"};
  }
  Fitted fit() { return card.fit(input, params, 9, Progress()); }

  const Featurizer& card;
  Params params;
  std::vector<Payload> payloads;
  FitInput input;
};

static bool same_floats(std::span<const float> a, std::span<const float> b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

static void expect_same(const FeatureBatch& a, const FeatureBatch& b) {
  ASSERT_EQ(a.is_sparse, b.is_sparse);
  EXPECT_TRUE(same_floats(a.dense.values, b.dense.values));
  EXPECT_TRUE(same_floats(a.geometry.values, b.geometry.values));
  EXPECT_EQ(a.sparse.offsets, b.sparse.offsets);
  EXPECT_EQ(a.sparse.columns, b.sparse.columns);
  EXPECT_TRUE(same_floats(a.sparse.values, b.sparse.values));
}

static void expect_sound(const Fitted& fitted, const FeatureBatch& batch, size_t rows) {
  EXPECT_EQ(batch.rows(), rows);
  EXPECT_EQ(batch.is_sparse, fitted.is_sparse);
  EXPECT_EQ(batch.features().cols, fitted.features);
  EXPECT_EQ(batch.geometry.cols, fitted.geometry_features);
  EXPECT_TRUE(kernels::all_finite(batch.features()));
  EXPECT_TRUE(kernels::all_finite(batch.geometry));
  if (batch.is_sparse) {
    EXPECT_GT(batch.geometry.cols, 0u) << "sparse features cannot serve as geometry";
    for (size_t i = 0; i < rows; ++i) {
      for (int64_t at = batch.sparse.offsets[i] + 1; at < batch.sparse.offsets[i + 1]; ++at) {
        const auto place = static_cast<size_t>(at);
        EXPECT_LT(batch.sparse.columns[place - 1], batch.sparse.columns[place]);
      }
    }
  }
  for (size_t i = 0; i < rows && batch.geometry.cols > 0; ++i) {
    double sum = 0;
    for (const float value : batch.geometry.row(i)) sum += double{value} * value;
    EXPECT_NEAR(sum, 1, 1e-5) << "row " << i << " of the geometry is no unit row";
  }
}

TEST_P(EveryFeaturizer, BearsTheNameOfItsFileAndSaysWhatItDoes) {
  EXPECT_EQ(card.name, GetParam());
  EXPECT_TRUE(std::filesystem::exists(std::string(QUERIST_SOURCE_DIR "/src/featurizers/") +
                                      GetParam() + ".cpp"));
  EXPECT_GT(card.summary.size(), 10u);
  for (const ParamSpec& spec : card.params) EXPECT_FALSE(spec.help.empty()) << spec.name;
}

TEST_P(EveryFeaturizer, TransformsToFiniteRowsOfTheWidthsItNames) {
  const Fitted fitted = fit();
  EXPECT_GT(fitted.features, 0u);
  EXPECT_FALSE(fitted.description.empty());
  expect_sound(fitted, fitted.transform(payloads), payloads.size());
  expect_sound(fitted, fitted.transform({}), 0);
}

TEST_P(EveryFeaturizer, IsTheSameBitForBitOnceSavedAndLoaded) {
  const Fitted fitted = fit();
  const Fitted loaded = card.load(fitted.save());
  expect_same(fitted.transform(payloads), loaded.transform(payloads));
  EXPECT_EQ(fitted.features, loaded.features);
  EXPECT_EQ(fitted.geometry_features, loaded.geometry_features);
  EXPECT_EQ(fitted.description, loaded.description);
  EXPECT_EQ(fitted.save(), loaded.save());
}

TEST_P(EveryFeaturizer, FitsTheSameAgainFromTheSameSeed) { EXPECT_EQ(fit().save(), fit().save()); }

TEST_P(EveryFeaturizer, GivesARowTheSameFeaturesInAnyBatchAndOnAnyNumberOfThreads) {
  const Fitted fitted = fit();
  const FeatureBatch whole = fitted.transform(payloads);
  for (const size_t threads : {1, 2, 5}) {
    set_threads(threads);
    expect_same(whole, fitted.transform(payloads));
  }
  set_threads(0);
  for (size_t i = 0; i < payloads.size(); i += 7) {
    const FeatureBatch one = fitted.transform(std::span(payloads).subspan(i, 1));
    if (whole.is_sparse) {
      const std::vector<int64_t> row = {static_cast<int64_t>(i)};
      const Csr want = sparse_rows(whole.sparse, row);
      EXPECT_EQ(one.sparse.columns, want.columns);
      EXPECT_TRUE(same_floats(one.sparse.values, want.values));
    } else {
      EXPECT_TRUE(same_floats(one.dense.row(0), whole.dense.row(i)));
    }
    if (whole.geometry.cols > 0) {
      EXPECT_TRUE(same_floats(one.geometry.row(0), whole.geometry.row(i)));
    }
  }
}

TEST_P(EveryFeaturizer, KeepsOddPayloadsFinite) {
  const Fitted fitted = fit();
  const std::vector<Payload> odd = odd_payloads(card.payload);
  ASSERT_FALSE(odd.empty());
  for (const Payload& payload : odd) {
    EXPECT_EQ(card.check ? card.check(payload) : "", "");
  }
  expect_sound(fitted, fitted.transform(odd), odd.size());
}

TEST_P(EveryFeaturizer, FitsOnOddPayloadsOrOneAlone) {
  payloads = odd_payloads(card.payload);
  Fitted fitted = fit();
  expect_sound(fitted, fitted.transform(payloads), payloads.size());
  payloads.resize(1);
  fitted = fit();
  expect_sound(fitted, fitted.transform(payloads), 1);
}

TEST_P(EveryFeaturizer, NamesThePositionOfAPayloadItCannotRead) {
  const Fitted fitted = fit();
  for (const Payload& bad : unreadable_payloads(card.payload)) {
    ASSERT_TRUE(fitted.check);
    EXPECT_NE(fitted.check(bad), "");
    std::vector<Payload> some(payloads.begin(), payloads.begin() + 4);
    some[2] = bad;
    try {
      fitted.transform(some);
      ADD_FAILURE() << "read an unreadable payload";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::invalid_argument);
      EXPECT_NE(std::string(error.what()).find("payload 2"), std::string::npos) << error.what();
    }
  }
}

TEST_P(EveryFeaturizer, StopsWhenItIsCancelled) {
  Progress progress;
  progress.cancel();
  EXPECT_THROW(card.fit(input, params, 1, progress), Error);
}

TEST_P(EveryFeaturizer, RefusesDamagedBytes) {
  const std::string bytes = fit().save();
  EXPECT_THROW(card.load(""), Error);
  EXPECT_THROW(card.load(bytes + "x"), Error);
  Rng rng(6);
  for (int i = 0; i < 150; ++i) {
    EXPECT_THROW(card.load(std::string_view(bytes).substr(0, rng.below(bytes.size()))), Error);
    std::string flipped = bytes;
    // Half of the flips hit the head, where the lengths and the checksum are.
    flipped[i % 2 ? rng.below(48) : rng.below(bytes.size())] ^=
        static_cast<char>(1 << rng.below(8));
    EXPECT_THROW(card.load(flipped), Error);
  }
}

// A body that was written wrongly bears a valid checksum: loading refuses it or the transform stays
// sound.
TEST_P(EveryFeaturizer, SurvivesAWronglyWrittenBody) {
  const std::string bytes = fit().save();
  ByteReader reader(bytes);
  const auto magic = reader.number<uint32_t>();
  const std::string name = reader.text();
  const auto version = reader.number<uint32_t>();
  reader.number<uint64_t>();
  const std::string body = reader.text();
  Rng rng(8);
  int refused = 0;
  for (int i = 0; i < 300; ++i) {
    std::string wrong = body;
    wrong[i % 2 ? rng.below(std::min<size_t>(120, body.size())) : rng.below(body.size())] =
        static_cast<char>(rng.below(256));
    if (i % 5 == 0) wrong.resize(rng.below(wrong.size()));
    ByteWriter writer;
    writer.put(magic);
    writer.put(name);
    writer.put(version);
    writer.put(fast_hash(wrong, version));
    writer.put(wrong);
    try {
      const Fitted fitted = card.load(writer.take());
      fitted.transform(std::span(payloads).first(3));
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 0);
}

static std::vector<std::string> names() {
  std::vector<std::string> all_names;
  for (const Featurizer& card : all()) all_names.emplace_back(card.name);
  return all_names;
}

INSTANTIATE_TEST_SUITE_P(Featurizers, EveryFeaturizer, testing::ValuesIn(names()),
                         [](const auto& info) { return info.param; });

TEST(FeaturizerRegistry, HasADefaultForEveryPayloadKind) {
  for (const auto kind :
       {PayloadKind::text, PayloadKind::columns, PayloadKind::image, PayloadKind::embedding}) {
    EXPECT_EQ(find(default_for(kind)).payload, kind);
  }
  EXPECT_THROW(find("no_such"), Error);
}

}  // namespace querist::featurizers
