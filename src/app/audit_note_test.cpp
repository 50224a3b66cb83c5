// The note that an audit tells of what was left in the pool: from half of the pool on.
#include <gtest/gtest.h>

#include "app/oracle_fixture.h"
#include "loop/progress_report.h"
#include "storage/projects.h"

namespace querist::app {

using loop::Bench;

static Json note(Bench& bench) {
  return loop::progress_report(bench.store(), bench.project())["audit_note"];
}

TEST(AuditNote, ComesWithMoreThanHalfOfThePool) {
  Bench bench({{"strategy", "margin"}, {"batch_size", 10}, {"audit_share", 0.2}});
  bench.add_texts(0, 100);
  EXPECT_TRUE(note(bench).is_null());
  while (bench.project().counts.labeled <= bench.project().counts.unlabeled) {
    EXPECT_TRUE(note(bench).is_null());
    run_rounds(bench, 1);
  }
  EXPECT_NE(note(bench).get<std::string>().find("what was left in the pool"), std::string::npos);
  run_rounds(bench, 10);
  EXPECT_TRUE(note(bench).is_string()) << "all is labelled";
  storage::change_project(bench.store(), "p", {.finalised = true, .reason = "done"}, "ada");
  bench.turn(true);
  EXPECT_TRUE(note(bench).is_null()) << "no audit is left";
}

TEST(AuditNote, IsOfAnAudit) {
  Bench bench({{"strategy", "margin"}, {"batch_size", 10}, {"audit_share", 0}});
  bench.add_texts(0, 40);
  run_rounds(bench, 3);
  ASSERT_GT(bench.project().counts.labeled, 20);
  EXPECT_TRUE(note(bench).is_null());
}

}  // namespace querist::app
