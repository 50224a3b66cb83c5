// Killed between any two steps, the loop goes on as if nothing had happened.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <map>
#include <set>

#include "app/oracle_fixture.h"
#include "governance/ledger.h"
#include "storage/cycles.h"
#include "storage/models.h"

namespace querist::app {

using loop::Bench;

struct StopAt {
  const char* point;
  int rounds;  // Before the point is armed.
};

static void PrintTo(const StopAt& stop, std::ostream* out) {
  *out << stop.point << " after " << stop.rounds << " rounds";
}

static const Json settings = {{"batch_size", 9}};

// What a run does; repeating any part of it changes nothing that was done already.
static void rounds_and_more_texts(Bench& bench, const StopAt& stop) {
  bench.add_texts(0, 40);
  run_rounds(bench, stop.rounds);
  ::setenv("QUERIST_STOP_AT", stop.point, 1);
  bench.add_texts(40, 60);
}

// What is chosen by the end of such a run when nothing ends it early.
static const std::vector<std::vector<int64_t>>& chosen_without_a_crash(int rounds) {
  static std::map<int, std::vector<std::vector<int64_t>>> known;
  auto& chosen = known[rounds];
  if (chosen.empty()) {
    Bench steady(settings);
    rounds_and_more_texts(steady, {"never", rounds});
    ::unsetenv("QUERIST_STOP_AT");
    run_rounds(steady, 100);
    chosen = chosen_rows(steady);
  }
  return chosen;
}

class Crash : public testing::TestWithParam<StopAt> {};

TEST_P(Crash, LosesAndDoublesNothing) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // The child is a fresh process.
  const storage::TemporaryFolder own;
  ::setenv("QUERIST_CRASH_FOLDER", own.path().c_str(), 0);  // The child keeps its parent's.
  const std::filesystem::path folder = ::getenv("QUERIST_CRASH_FOLDER");
  EXPECT_EXIT(
      {
        Bench bench(settings, folder);
        rounds_and_more_texts(bench, GetParam());
        run_rounds(bench, 3);
      },
      testing::ExitedWithCode(137), "");
  ::unsetenv("QUERIST_CRASH_FOLDER");

  Bench bench(settings, folder);
  const int64_t project_id = bench.project().id;
  EXPECT_TRUE(governance::verify(bench.store()).valid);
  int64_t open_cycles = 0;
  for (const Cycle& cycle : storage::cycles(bench.store(), project_id).items)
    open_cycles += cycle.state != CycleState::finished;
  EXPECT_LE(open_cycles, 1);
  EXPECT_EQ(bench.add_texts(40, 60).rejected.size(), 0u);
  EXPECT_EQ(bench.project().counts.examples, 60);
  run_rounds(bench, 100);

  EXPECT_EQ(bench.project().counts.labeled, 60);
  std::set<int64_t> seen;
  for (const auto& rows : chosen_rows(bench)) seen.insert(rows.begin(), rows.end());
  EXPECT_EQ(seen.size(), 60u);
  for (const auto& model : storage::models_in_order(bench.store(), project_id)) {
    EXPECT_TRUE(governance::lineage(bench.store(), project_id, model.version).proven);
    EXPECT_TRUE(model.metrics.is_object());
  }
  EXPECT_TRUE(governance::verify(bench.store()).valid);

  EXPECT_EQ(chosen_rows(bench), chosen_without_a_crash(GetParam().rounds));
}

INSTANTIATE_TEST_SUITE_P(
    BeforeTheFirstRound, Crash,
    testing::Values(StopAt{"features_emptied", 0}, StopAt{"features_part_written", 0},
                    StopAt{"features_data_written", 0}, StopAt{"features_record_written", 0},
                    StopAt{"version_file_written", 0}, StopAt{"selected", 0},
                    StopAt{"selection_stored", 0}, StopAt{"trained", 0}, StopAt{"model_stored", 0},
                    StopAt{"annotation_before_row", 0}));

INSTANTIATE_TEST_SUITE_P(
    AfterTwoRounds, Crash,
    testing::Values(StopAt{"features_part_written", 2}, StopAt{"features_data_written", 2},
                    StopAt{"features_record_written", 2}, StopAt{"examples_before_event", 2},
                    StopAt{"examples_before_commit", 2}, StopAt{"event_before_head", 2},
                    StopAt{"version_file_written", 2}, StopAt{"trained", 2},
                    StopAt{"model_stored", 2}, StopAt{"selected", 2}, StopAt{"selection_stored", 2},
                    StopAt{"annotation_before_row", 2}, StopAt{"annotation_before_settle", 2},
                    StopAt{"annotation_before_commit", 2}));

}  // namespace querist::app
