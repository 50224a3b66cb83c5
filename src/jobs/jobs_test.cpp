// Jobs: each runs to one end, crashes and full disks included, and nothing runs twice at once.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <atomic>

#include "jobs/states.h"
#include "jobs/worker.h"
#include "storage/events.h"
#include "storage/jobs.h"
#include "storage/temporary_folder.h"

namespace querist::jobs {

using storage::Store;

class Jobs : public testing::Test {
 protected:
  Jobs() { open(); }
  void open() {
    store_.reset();
    store_ = storage::open_store(folder_.path(), [this] { return now_.load(); });
  }
  Store& store() { return *store_; }
  static JobKind kind(std::function<Json(const JobContext&)> run) {
    return {.name = "k", .run = std::move(run)};
  }

  storage::TemporaryFolder folder_;
  std::atomic<int64_t> now_ = 1'700'000'000'000;
  std::unique_ptr<Store> store_;
};

static_assert(allowed(JobState::queued, JobState::running));
static_assert(allowed(JobState::running, JobState::queued));
static_assert(!allowed(JobState::queued, JobState::succeeded));
static_assert(!allowed(JobState::succeeded, JobState::queued));
static_assert(!allowed(JobState::cancelled, JobState::running));

template <class F>
static bool comes_true(F&& condition) {
  for (int i = 0; i < 1'000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

TEST_F(Jobs, RunInTheOrderTheyAreDue) {
  std::vector<int> order;
  for (int i = 0; i < 3; ++i)
    enqueue(store(), {.kind = "k", .params = {{"i", i}}, .delay_ms = i == 0 ? 50 : 0});
  now_ += 100;
  const auto run = kind([&](const JobContext& c) {
    order.push_back(c.job.params["i"].get<int>());
    return Json{{"done", true}};
  });
  EXPECT_EQ(run_until_idle(store(), {run}), 3);
  EXPECT_EQ(order, (std::vector<int>{1, 2, 0}));
  EXPECT_EQ(job(store(), 1).state, JobState::succeeded);
  EXPECT_EQ(job(store(), 1).result["done"], true);
  EXPECT_TRUE(job(store(), 1).finished_at.has_value());
}

TEST_F(Jobs, WaitQueuedOnceForEachKey) {
  const NewJob due{.kind = "k", .unique_key = "project/1"};
  const Job first = enqueue(store(), due);
  EXPECT_EQ(enqueue(store(), due).id, first.id);
  const std::vector<JobKind> kinds = {kind([](const JobContext&) { return Json(); })};
  const auto running = claim(store(), kinds, "w", 1'000);
  const Job second = enqueue(store(), due);
  EXPECT_NE(second.id, first.id) << "what happens while one runs needs another run";
  EXPECT_FALSE(claim(store(), kinds, "w", 1'000).has_value()) << "but not at the same time";
  succeed(store(), *running, Json());
  EXPECT_EQ(claim(store(), kinds, "w", 1'000)->id, second.id);
}

TEST_F(Jobs, GoBackOnceSupersededByAQueuedOne) {
  const NewJob due{.kind = "k", .unique_key = "project/1"};
  enqueue(store(), due);
  const auto running = claim(store(), {kind(nullptr)}, "w", 1'000);
  const Job second = enqueue(store(), due);
  end_with(store(), *running, Code::unavailable, "try later");
  EXPECT_EQ(job(store(), running->id).state, JobState::cancelled);
  EXPECT_EQ(job(store(), second.id).state, JobState::queued);
}

TEST_F(Jobs, RetryWithBackOffAndThenFail) {
  int ran = 0;
  const auto failing = kind([&](const JobContext&) -> Json {
    ++ran;
    fail(Code::unavailable, "no luck");
  });
  const Job made = enqueue(store(), {.kind = "k", .max_attempts = 3});
  EXPECT_EQ(run_until_idle(store(), {failing}), 1);
  EXPECT_EQ(job(store(), made.id).state, JobState::queued);
  EXPECT_EQ(job(store(), made.id).run_at, now_ + 1'000);
  now_ += 1'000;
  run_until_idle(store(), {failing});
  EXPECT_EQ(job(store(), made.id).run_at, now_ + 2'000);
  now_ += 2'000;
  run_until_idle(store(), {failing});
  EXPECT_EQ(job(store(), made.id).state, JobState::failed);
  EXPECT_EQ(job(store(), made.id).error, "no luck");
  EXPECT_EQ(ran, 3);
  EXPECT_EQ(back_off_ms(100), 300'000);
}

TEST_F(Jobs, FailAtOnceWhenRetryingCannotHelp) {
  enqueue(store(), {.kind = "k"});
  run_until_idle(store(), {kind([](const JobContext&) -> Json { refuse("wrong"); })});
  EXPECT_EQ(job(store(), 1).state, JobState::failed);
  EXPECT_THROW(job(store(), 2), Error);
}

TEST_F(Jobs, AreCancelledQueuedOrRunning) {
  const Job queued = enqueue(store(), {.kind = "k", .delay_ms = 1'000'000});
  EXPECT_EQ(cancel(store(), queued.id, "ada").state, JobState::cancelled);
  EXPECT_THROW(cancel(store(), queued.id, "ada"), Error);
  const Job running = enqueue(store(), {.kind = "k"});
  const auto endless = kind([&](const JobContext& c) -> Json {
    for (;;) {
      c.progress.at(1, 10, "rows");
      c.progress.check();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  Worker worker(store(), {endless}, {.poll_ms = 10});
  ASSERT_TRUE(comes_true([&] { return job(store(), running.id).progress.has_value(); }));
  EXPECT_EQ(job(store(), running.id).progress->unit, "rows");
  cancel(store(), running.id, "ada");
  EXPECT_TRUE(comes_true([&] { return job(store(), running.id).state == JobState::cancelled; }));
}

TEST_F(Jobs, GoBackToTheQueueWhenTheServerStops) {
  const Job made = enqueue(store(), {.kind = "k"});
  const auto endless = kind([&](const JobContext& c) -> Json {
    for (;;) {
      c.progress.check();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  {
    Worker worker(store(), {endless});
    ASSERT_TRUE(comes_true([&] { return job(store(), made.id).state == JobState::running; }));
  }
  EXPECT_EQ(job(store(), made.id).state, JobState::queued);
  EXPECT_EQ(job(store(), made.id).attempts, 0);
}

TEST_F(Jobs, WakeAWorkerAtOnce) {
  std::atomic<bool> ran = false;
  Worker worker(store(), {kind([&](const JobContext&) {
                  ran = true;
                  return Json();
                })},
                {.poll_ms = 60'000});
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  enqueue(store(), {.kind = "k"});
  EXPECT_TRUE(comes_true([&] { return ran.load(); }));
}

TEST_F(Jobs, ReturnWhenTheirLeaseRunsOut) {
  enqueue(store(), {.kind = "k", .max_attempts = 2});
  const std::vector<JobKind> kinds = {kind(nullptr)};
  const auto first = claim(store(), kinds, "gone", 1'000);
  EXPECT_EQ(recover(store(), false), 0);
  EXPECT_TRUE(heartbeat(store(), first->id, "gone", 2'000).held);
  now_ += 1'500;
  EXPECT_EQ(recover(store(), false), 0);
  now_ += 1'000;
  EXPECT_EQ(recover(store(), false), 1);
  EXPECT_FALSE(heartbeat(store(), first->id, "gone", 1'000).held);
  const auto second = claim(store(), kinds, "next", 1'000);
  EXPECT_EQ(second->attempts, 2);
  succeed(store(), *first, Json());
  EXPECT_EQ(job(store(), first->id).state, JobState::running)
      << "the late worker's end does not count";
  EXPECT_EQ(recover(store(), true), 1);
  EXPECT_EQ(job(store(), first->id).state, JobState::failed) << "it took its worker down too often";
}

TEST_F(Jobs, RunAgainAfterAKillAtEitherSideOfTheirWork) {
  for (const char* point : {"job_claimed", "job_ran"}) {
    const Job made = enqueue(store(), {.kind = "k"});
    store_.reset();
    const pid_t child = ::fork();
    if (child == 0) {
      open();
      ::setenv("QUERIST_STOP_AT", point, 1);
      run_until_idle(store(), {kind([](const JobContext&) { return Json(); })});
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_EQ(WEXITSTATUS(status), 137) << point;
    open();
    ASSERT_EQ(job(store(), made.id).state, JobState::running) << point;
    EXPECT_EQ(recover(store(), true), 1);
    EXPECT_EQ(run_until_idle(store(), {kind([](const JobContext&) { return Json(); })}), 1);
    EXPECT_EQ(job(store(), made.id).state, JobState::succeeded) << point;
  }
}

TEST_F(Jobs, TellOfEveryMoveInTheRecord) {
  enqueue(store(), {.kind = "k"});
  run_until_idle(store(), {kind([](const JobContext&) { return Json(); })});
  std::vector<std::string> kinds;
  for (const Event& event : storage::events(store(), {}).items) kinds.push_back(event.kind);
  EXPECT_EQ(kinds, (std::vector<std::string>{"job_queued", "job_started", "job_succeeded"}));
}

}  // namespace querist::jobs
