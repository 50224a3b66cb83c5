// Params, JSON, the generator, hashes, half floats, bytes, files and loops against what they
// promise.
#include <gtest/gtest.h>

#include <thread>

#include <sys/wait.h>
#include <unistd.h>
#include <chrono>

#include <atomic>
#include <cmath>
#include <filesystem>
#include <limits>
#include <set>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/matrix.h"
#include "base/params.h"
#include "base/rng.h"
#include "base/threads.h"

namespace querist {

static std::string refusal(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return std::string(code_word(error.code())) + ": " + error.what();
  }
  return "nothing was refused";
}

static ParamSpecs rows() {
  return {{.name = "share", .fallback = 0.1, .min = 0, .max = 1},
          {.name = "count", .fallback = 3, .min = 1, .whole = true},
          {.name = "kind", .fallback = "a", .choices = {"a", "b"}},
          {.name = "on", .fallback = false}};
}

TEST(Params, ReadBackWhatWasSetAndFallBackOtherwise) {
  Params params(rows());
  params.set_text("share", "0.25");
  params.set("on", true);
  EXPECT_EQ(params.number("share"), 0.25);
  EXPECT_EQ(params.integer("count"), 3);
  EXPECT_EQ(params.text("kind"), "a");
  EXPECT_TRUE(params.flag("on"));
  EXPECT_TRUE(params.changed("share"));
  EXPECT_FALSE(params.changed("kind"));
}

TEST(Params, RefuseByNameRangeTypeAndChoice) {
  Params params(rows());
  EXPECT_NE(refusal([&] { params.set("shar", 1.0); }).find("the settings are share, count"),
            std::string::npos);
  EXPECT_NE(refusal([&] { params.set("share", 2.0); }).find("between 0 and 1, not 2"),
            std::string::npos);
  EXPECT_NE(refusal([&] { params.set("share", std::nan("")); }).find("between 0 and 1"),
            std::string::npos);
  EXPECT_NE(refusal([&] { params.set("count", 1.5); }).find("whole number"), std::string::npos);
  EXPECT_NE(refusal([&] { params.set("kind", "c"); }).find("one of a, b"), std::string::npos);
  EXPECT_NE(refusal([&] { params.set("on", 1.0); }).find("must be a flag"), std::string::npos);
  EXPECT_NE(refusal([&] { params.set("count", std::string("x")); }).find("must be an integer"),
            std::string::npos);
  EXPECT_NE(refusal([&] { params.set_text("share", "x"); }).find("must be a number"),
            std::string::npos);
}

TEST(Json, IsCanonicalWhateverTheOrderOfKeys) {
  EXPECT_EQ(canonical_json(parse_json(R"({"b": 1, "a": [1.5, "é"]})")), R"({"a":[1.5,"é"],"b":1})");
}

TEST(Json, RefusesDepthDamageAndUnknownFields) {
  EXPECT_NE(refusal([] {
              parse_json(std::string(1000, '[') + std::string(1000, ']'));
            }).find("64 levels"),
            std::string::npos);
  EXPECT_NE(refusal([] { parse_json("{\"a\": }"); }).find("byte 7"), std::string::npos);
  constexpr std::string_view allowed[] = {"a", "b"};
  EXPECT_NE(refusal([&] {
              allow_fields(parse_json(R"({"c": 1})"), allowed, "the body");
            }).find("no field \"c\""),
            std::string::npos);
  EXPECT_NE(refusal([] {
              json_integer(parse_json(R"({"n": 1.5})"), "n");
            }).find("\"n\" must be a whole number"),
            std::string::npos);
}

TEST(Rng, FollowsThePublishedSequence) {
  // The demonstration of the reference implementation: pcg32 seeded with 42, stream 54.
  Rng rng(42, 54);
  const std::vector<uint32_t> expected = {0xa15c02b7, 0x7b47f409, 0xba1d3330,
                                          0x83d2f293, 0xbfa4784b, 0xcbed606e};
  for (const uint32_t value : expected) EXPECT_EQ(rng.next(), value);
}

TEST(Rng, SamplesUniformlyWithoutRepeats) {
  Rng rng(1);
  std::vector<int> hits(10, 0);
  for (int round = 0; round < 3000; ++round) {
    const auto sample = rng.sample(10, 3);
    EXPECT_EQ(std::set<int64_t>(sample.begin(), sample.end()).size(), 3u);
    for (const int64_t i : sample) ++hits[static_cast<size_t>(i)];
  }
  for (const int h : hits)
    EXPECT_NEAR(h, 900, 5 * std::sqrt(900 * 0.7));  // Five standard deviations.
}

TEST(Hash, EqualsThePublishedDigests) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_NE(fast_hash("a"), fast_hash("b"));
  EXPECT_NE(fast_hash("a", 1), fast_hash("a", 2));
}

TEST(Base64, DecodesThePublishedVectorsAndRefusesOthers) {
  EXPECT_EQ(decode_base64(""), "");
  EXPECT_EQ(decode_base64("Zg=="), "f");
  EXPECT_EQ(decode_base64("Zm8="), "fo");
  EXPECT_EQ(decode_base64("Zm9vYmFy"), "foobar");
  EXPECT_FALSE(decode_base64("Zm9vYmF"));
  EXPECT_FALSE(decode_base64("Zm9v!mFy"));
}

TEST(Half, IsTheNearestAndOfTwoTheEvenOne) {
  const auto of_compiler = [](float value) {
    return std::bit_cast<uint16_t>(static_cast<_Float16>(value));
  };
  Rng rng(4);
  for (int i = 0; i < 2'000'000; ++i) {
    const auto bits = rng.next();
    const auto value = std::bit_cast<float>(bits);
    if (std::isnan(value)) continue;
    ASSERT_EQ(float_to_half(value), of_compiler(value)) << bits;
  }
  for (uint32_t half = 0; half < 0x7c00; ++half) {  // Both neighbours of every tie, and the tie.
    const float low = half_to_float(static_cast<uint16_t>(half));
    const float middle = (low + half_to_float(static_cast<uint16_t>(half + 1))) / 2;
    for (const float value : {middle, std::nextafter(middle, 0.0f), std::nextafter(middle, 1e9f)}) {
      ASSERT_EQ(float_to_half(value), of_compiler(value)) << value;
      ASSERT_EQ(float_to_half(-value), of_compiler(-value)) << value;
    }
  }
}

TEST(Half, EveryBitPatternSurvivesTheRoundTrip) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = half_to_float(static_cast<uint16_t>(bits));
    if (std::isnan(value)) continue;
    EXPECT_EQ(float_to_half(value), bits);
  }
  EXPECT_EQ(half_to_float(0x3c00), 1);
  EXPECT_EQ(half_to_float(0x0001), 0x1p-24f);
}

TEST(Rows, AreTakenInTheOrderAskedFor) {
  Csr sparse;
  sparse.cols = 4;
  sparse.columns = {1, 3, 0};
  sparse.values = {1, 2, 3};
  sparse.offsets = {0, 2, 2, 3};
  const Csr taken = sparse_rows(sparse, std::vector<int64_t>{2, 0});
  EXPECT_EQ(taken.columns, (std::vector<int32_t>{0, 1, 3}));
  EXPECT_EQ(taken.offsets, (std::vector<int64_t>{0, 1, 3}));
}

TEST(Bytes, ReadBackAndRefuseDamage) {
  ByteWriter writer;
  writer.put(uint32_t{7});
  writer.put("text");
  writer.put(std::vector<float>{1, 2});
  writer.put(std::vector<std::string>{"a", "b"});
  const std::string bytes = writer.take();
  ByteReader reader(bytes);
  EXPECT_EQ(reader.number<uint32_t>(), 7u);
  EXPECT_EQ(reader.text(), "text");
  EXPECT_EQ(reader.vector<float>(), (std::vector<float>{1, 2}));
  EXPECT_EQ(reader.texts(), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(reader.at_end());
  for (size_t length = 0; length < bytes.size(); ++length) {
    ByteReader cut(std::string_view(bytes).substr(0, length));
    EXPECT_THROW((cut.number<uint32_t>(), cut.text(), cut.vector<float>(), cut.texts()), Error)
        << length;
  }
}

TEST(File, IsReplacedWholeAndNamesWhatFailed) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("querist-file-test-" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  write_file_atomically(folder / "a", "one");
  write_file_atomically(folder / "a", "two");
  EXPECT_EQ(read_file(folder / "a"), "two");
  EXPECT_EQ(MappedFile(folder / "a").bytes(), "two");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
  EXPECT_NE(refusal([&] { read_file(folder / "none"); }).find("not_found: cannot open"),
            std::string::npos);
  std::filesystem::remove_all(folder);
}

TEST(File, OutlivesAMappedFileThatIsCutShort) {
  const auto folder =
      std::filesystem::temp_directory_path() / fmt::format("querist-cut-{}", ::getpid());
  std::filesystem::create_directory(folder);
  const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  write_file_atomically(folder / "a", std::string(8 * page, 'x'));
  write_file_atomically(folder / "b", std::string(8 * page, 'y'));
  const MappedFile cut(folder / "a"), whole(folder / "b");
  EXPECT_EQ(cut.data()[7 * page], 'x');
  EXPECT_FALSE(cut.faulted());
  std::filesystem::resize_file(folder / "a", page + 1);
  EXPECT_EQ(cut.data()[0], 'x');
  EXPECT_FALSE(cut.faulted());
  EXPECT_EQ(cut.data()[7 * page + 5], '\0') << "the page is gone and the process goes on";
  EXPECT_TRUE(cut.faulted());
  EXPECT_FALSE(whole.faulted());
  EXPECT_EQ(whole.data()[7 * page], 'y');
  std::filesystem::remove_all(folder);
}

TEST(Rng, SamplesAFewAsItWouldSampleMany) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Rng few(seed), plain(seed);
    std::vector<int64_t> order(2000);
    std::iota(order.begin(), order.end(), 0);
    for (size_t i = 0; i < 100; ++i) std::swap(order[i], order[i + plain.below(2000 - i)]);
    order.resize(100);
    EXPECT_EQ(few.sample(2000, 100), order);
  }
}

TEST(ParallelFor, VisitsEachItemOnceAndRethrows) {
  std::vector<std::atomic<int>> visits(100'000);
  parallel_for(visits.size(), 100, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) ++visits[i];
  });
  for (const auto& v : visits) ASSERT_EQ(v, 1);
  EXPECT_THROW(parallel_for(1000, 1,
                            [](size_t begin, size_t) {
                              if (begin > 10) fail(Code::internal, "x");
                            }),
               Error);
}

TEST(ParallelFor, StopsChunksThatAreUnderWay) {
  set_threads(2);
  const auto endless = [](size_t begin, size_t) {
    if (begin == 0) fail(Code::internal, "the first");
    for (;;) check_interrupt();  // Ends because the first chunk failed, on whatever thread.
  };
  try {
    parallel_for(2, 1, endless);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "the first");
  }
  std::atomic<bool> asked = false;
  const InterruptScope scope([&] { return asked = true; });
  const auto waits = [&](size_t begin, size_t) {
    if (begin != 1) return;
    for (;;) check_interrupt();  // The caller's thread asks, with its own chunk or idle.
  };
  EXPECT_THROW(parallel_for(2, 1, waits), Error);
  EXPECT_TRUE(asked);
  set_threads(0);
}

static size_t sum_in_a_loop() {
  std::atomic<size_t> sum = 0;
  parallel_for(1000, 1, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) sum += i;
  });
  return sum;
}

TEST(ParallelFor, WorksInAForkedChildAndWithMoreThreadsThanBefore) {
  set_threads(2);
  EXPECT_EQ(sum_in_a_loop(), 499'500u);
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);  // A pool without workers would wait for ever.
    set_threads(3);
    _exit(sum_in_a_loop() == 499'500u ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  set_threads(4);
  EXPECT_EQ(sum_in_a_loop(), 499'500u);
  set_threads(0);
}

TEST(Clock, WritesTimesAsRfc3339) {
  EXPECT_EQ(rfc3339(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(rfc3339(1'700'000'000'123), "2023-11-14T22:13:20.123Z");
}

TEST(Interrupt, StopsALoopOnEveryThreadSoon) {
  for (const size_t threads : {1, 4}) {
    set_threads(threads);
    std::atomic<int> asked = 0;
    const InterruptScope scope([&] { return ++asked >= 3; });
    const auto begun = std::chrono::steady_clock::now();
    const auto endless = [&] {
      parallel_for(64, 1, [](size_t begin, size_t end) {
        for (size_t i = begin; i < end; ++i) {
          for (int step = 0; step < 10'000; ++step) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
            check_interrupt();
          }
        }
      });
    };
    EXPECT_THROW(endless(), Error);
    // Ten seconds an item without it; three questions come after 60 ms.
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));
  }
  set_threads(0);
  EXPECT_NO_THROW(check_interrupt());
}

}  // namespace querist
