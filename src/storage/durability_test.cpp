// Transactions, kills and speed: nothing acknowledged is lost, nothing half done stays, on every
// backend.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <thread>

#include "storage/events.h"
#include "storage/store_fixture.h"

namespace querist::storage {

class DurabilityOn : public StoreOn {};

INSTANTIATE_TEST_SUITE_P(Every, DurabilityOn, testing::Values(sqlite),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_P(DurabilityOn, UndoesEverythingOfATransactionThatThrows) {
  make("p");
  const int64_t before = last_sequence(store());
  EXPECT_EQ(code_of([&] {
              store().atomically([&] {
                make("q");
                fail(Code::unavailable, "on purpose");
              });
            }),
            Code::unavailable);
  EXPECT_FALSE(find_project(store(), "q").has_value());
  EXPECT_EQ(last_sequence(store()), before);
}

TEST_P(DurabilityOn, TellsListenersOfNewEvents) {
  std::atomic<int64_t> heard = 0;
  const int64_t id = store().subscribe([&](int64_t sequence) { heard = sequence; });
  make("p");
  for (int i = 0; i < 200 && heard == 0; ++i) ::usleep(5'000);
  EXPECT_EQ(heard, 1);
  store().unsubscribe(id);
  make("q");
  EXPECT_EQ(heard, 1);
}

TEST_P(DurabilityOn, NumbersEventsWithoutGapsUnderEightThreads) {
  const Project p = make();
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i)
        record(store(), "test", p.id, fmt::format("t{}", t), {{"i", i}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto all = events(store(), {.limit = 1'000});
  ASSERT_EQ(all.items.size(), 801u);
  for (size_t i = 0; i < all.items.size(); ++i)
    EXPECT_EQ(all.items[i].sequence, static_cast<int64_t>(i) + 1);
  EXPECT_EQ(ledger_head(store()).sequence, 801);
}

// A child acknowledges each write through a pipe until it is killed; all it acknowledged must be
// there.
TEST_P(DurabilityOn, HasEveryWriteItAcknowledgedAfterAKill) {
  make("p");
  store_.reset();
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto store = GetParam().open(folder_.path(), system_clock());
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int32_t i = 0;; ++i) {
          const int32_t number = t * 1'000'000 + i;
          record(*store, "test", std::nullopt, "child", {{"number", number}});
          if (::write(ends[1], &number, sizeof number) != sizeof number) ::_exit(1);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  ::close(ends[1]);
  std::set<int32_t> acknowledged;
  int32_t number = 0;
  while (acknowledged.size() < 300 && ::read(ends[0], &number, sizeof number) == sizeof number) {
    acknowledged.insert(number);
  }
  ::kill(child, SIGKILL);
  while (::read(ends[0], &number, sizeof number) == sizeof number) acknowledged.insert(number);
  ::waitpid(child, nullptr, 0);
  ::close(ends[0]);
  open();
  std::set<int32_t> present;
  EventQuery query{.limit = 1'000};
  std::string previous(64, '0');
  for (;;) {
    const auto page = events(store(), query);
    for (const Event& event : page.items) {
      EXPECT_EQ(hash_of(event), event.hash);
      EXPECT_EQ(event.previous_hash, previous);
      previous = event.hash;
      if (event.kind == "test") present.insert(event.data["number"].get<int32_t>());
    }
    if (!page.next) break;
    query.after = *page.next;
  }
  EXPECT_GE(acknowledged.size(), 300u);
  EXPECT_TRUE(
      std::includes(present.begin(), present.end(), acknowledged.begin(), acknowledged.end()));
}

// Dies between any two steps of a batch of embeddings, then imports it again: every row is there
// once, in order.
TEST_P(DurabilityOn, ImportsABatchWholeOrNotAtAllWhereverItDies) {
  const AddOptions options{.payload = PayloadKind::embedding};
  const auto batch = [](int begin, int end) {
    std::vector<NewExample> rows(static_cast<size_t>(end - begin));
    for (int i = begin; i < end; ++i)
      rows[static_cast<size_t>(i - begin)].payload.embedding = {float(i), 1};
    return rows;
  };
  int64_t expected = 0;
  const Project p = make();
  for (const char* point :
       {"features_data_written", "features_record_written", "examples_before_event",
        "event_before_head", "examples_before_commit"}) {
    const int first = static_cast<int>(expected);
    store_.reset();
    const pid_t child = ::fork();
    if (child == 0) {
      const auto store = GetParam().open(folder_.path(), system_clock());
      ::setenv("QUERIST_STOP_AT", point, 1);
      add_examples(*store, p.id, options, batch(first, first + 10), "ada");
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_EQ(WEXITSTATUS(status), 137) << point;
    open();
    EXPECT_EQ(project(store(), "p").counts.examples, expected) << point;
    EXPECT_EQ(add(p, batch(first, first + 7), options).accepted, 7) << point;
    expected += 7;
    each_payload(store(), p.id, 0, expected, 100, [&](int64_t, std::span<const Payload> rows) {
      ASSERT_EQ(rows.size(), static_cast<size_t>(expected));
      for (size_t i = 0; i < rows.size(); ++i)
        EXPECT_EQ(rows[i].embedding[0], static_cast<float>(i)) << point;
    });
  }
}

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
static constexpr bool slowed = true;
#else
static constexpr bool slowed = false;
#endif

TEST_P(DurabilityOn, ImportsAHundredThousandTextsInSeconds) {
  const Project p = make();
  std::vector<NewExample> rows;
  for (int i = 0; i < 100'000; ++i) {
    rows.push_back(text(
        fmt::format("message {} of a set that is about as long as a text message usually is", i)));
  }
  const double start = cpu_seconds();
  for (size_t begin = 0; begin < rows.size(); begin += add_batch) {
    add_examples(store(), p.id, {}, std::span(rows).subspan(begin, add_batch), "ada");
  }
  const double seconds = cpu_seconds() - start;
  RecordProperty("texts_per_cpu_second", static_cast<int>(100'000 / seconds));
  EXPECT_EQ(project(store(), "p").counts.examples, 100'000);
  // Far below the speed of a quiet machine, so that only a lost index or a commit a row fails it.
  EXPECT_LT(seconds, slowed ? 200 : 10);
  std::printf("          %.0f texts per CPU second\n", 100'000 / seconds);
}

}  // namespace querist::storage
