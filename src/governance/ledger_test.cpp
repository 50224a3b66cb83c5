// The ledger finds every kind of tampering at the link where it begins, and proves a model's
// labels.
#include "governance/ledger.h"

#include <gtest/gtest.h>

#include "base/hash.h"
#include "storage/annotations.h"
#include "storage/events.h"
#include "storage/examples.h"
#include "storage/models.h"
#include "storage/projects.h"
#include "storage/temporary_folder.h"

namespace querist::governance {

using storage::Session;
using storage::Store;

class Ledger : public testing::Test {
 protected:
  Ledger() : store_(storage::open_store(folder_.path())) {
    project_ = storage::create_project(store(), {.name = "p", .classes = {"a", "b"}}, "ada");
    std::vector<NewExample> rows(20);
    for (size_t i = 0; i < rows.size(); ++i) rows[i].payload.text = fmt::format("example {}", i);
    storage::add_examples(store(), project_.id, {}, rows, "ada");
    for (int64_t row = 0; row < 10; ++row) label(row, row % 2 ? "a" : "b");
  }
  Store& store() { return *store_; }

  // An answer as labelling stores it.
  int64_t label(int64_t row, const std::string& value) {
    return store().atomically([&] {
      const int64_t id = storage::find_example_by_row(store(), project_.id, row)->id;
      const int64_t sequence = storage::record(store(), "annotated", project_.id, "ada",
                                               {{"example_id", id}, {"value", value}});
      Annotation annotation{
          .project_id = project_.id, .example_id = id, .annotator = "ada", .value = value};
      annotation.sequence = sequence;
      storage::insert_annotation(store(), annotation, "");
      storage::set_example_state(store(), id, ExampleState::labeled, value, sequence);
      return sequence;
    });
  }
  void tamper(const std::string& sql) {
    store().write([&](Session& session) { session.execute(sql); });
  }
  void expect_broken(int64_t at, const std::string& why) {
    const Verdict verdict = verify(store());
    EXPECT_FALSE(verdict.valid);
    EXPECT_EQ(verdict.first_broken, at);
    ASSERT_TRUE(verdict.reason.has_value());
    EXPECT_NE(verdict.reason->find(why), std::string::npos) << *verdict.reason;
  }

  storage::TemporaryFolder folder_;
  std::unique_ptr<Store> store_;
  Project project_;
};

TEST_F(Ledger, HoldsWhenNothingWasAltered) {
  const Verdict verdict = verify(store());
  EXPECT_TRUE(verdict.valid) << verdict.reason.value_or("");
  EXPECT_EQ(verdict.events, 12);
}

TEST_F(Ledger, IsCheckableFromTheFieldsOfTheApiAlone) {
  const Event event = storage::events(store(), {.after = 2, .limit = 1}).items.at(0);
  const Json fields = {{"sequence", event.sequence},
                       {"kind", event.kind},
                       {"project", "p"},
                       {"actor", event.actor},
                       {"data", event.data},
                       {"created_at", rfc3339(event.created_at)},
                       {"previous_hash", event.previous_hash}};
  EXPECT_EQ(event.hash, sha256_hex(canonical_json(fields)));
}

TEST_F(Ledger, FindsAChangedEvent) {
  tamper("UPDATE events SET data = replace(data, '\"a\"', '\"b\"') WHERE sequence = 6");
  expect_broken(6, "was changed");
}

TEST_F(Ledger, FindsEveryChangedField) {
  for (const char* change :
       {"kind = 'x'", "actor = 'eve'", "project = 'q'", "created_at = created_at + 1",
        "data = 'no JSON'", "data = '{}'", "hash = 'x'"}) {
    tamper("CREATE TEMP TABLE kept AS SELECT * FROM events WHERE sequence = 5");
    tamper(fmt::format("UPDATE events SET {} WHERE sequence = 5", change));
    expect_broken(5, "was changed");
    tamper("DELETE FROM events WHERE sequence = 5");
    tamper("INSERT INTO events SELECT * FROM kept");
    tamper("DROP TABLE kept");
    EXPECT_TRUE(verify(store()).valid) << change;
  }
}

TEST_F(Ledger, FindsAMissingEvent) {
  tamper("DELETE FROM events WHERE sequence = 7");
  expect_broken(7, "missing");
}

TEST_F(Ledger, FindsExchangedEvents) {
  tamper("UPDATE events SET sequence = -1 WHERE sequence = 4");
  tamper("UPDATE events SET sequence = 4 WHERE sequence = 5");
  tamper("UPDATE events SET sequence = 5 WHERE sequence = -1");
  expect_broken(4, "was changed");
}

TEST_F(Ledger, FindsARehashedEvent) {
  Event event = storage::events(store(), {.after = 5, .limit = 1}).items.at(0);
  event.data["value"] = "forged";
  tamper(fmt::format("UPDATE events SET data = '{}', hash = '{}' WHERE sequence = 6",
                     canonical_json(event.data), storage::hash_of(event)));
  tamper("UPDATE annotations SET value = 'forged' WHERE sequence = 6");
  expect_broken(7, "does not follow");
}

TEST_F(Ledger, FindsACutTail) {
  tamper("DELETE FROM annotations WHERE sequence > 9");
  tamper("DELETE FROM events WHERE sequence > 9");
  expect_broken(10, "ends at event 9");
}

TEST_F(Ledger, FindsALabelChangedBehindItsBack) {
  tamper("UPDATE annotations SET value = 'a' WHERE sequence = 3");
  expect_broken(3, "annotation");
  tamper("DELETE FROM annotations WHERE sequence = 3");
  expect_broken(3, "missing");
}

TEST_F(Ledger, FindsARewrittenTailOnlyWithAnAnchorKeptElsewhere) {
  const auto head = storage::ledger_head(store());
  const Anchor anchor{head.sequence, head.hash};
  EXPECT_TRUE(verify(store(), anchor).valid);
  const auto before = storage::events(store(), {.after = 10, .limit = 1}).items.at(0);
  tamper("DELETE FROM annotations WHERE sequence > 11");
  tamper("DELETE FROM events WHERE sequence > 11");
  tamper(fmt::format(
      "UPDATE meta SET value = '{{\"sequence\":11,\"hash\":\"{}\"}}' WHERE name = 'ledger_head'",
      before.hash));
  EXPECT_TRUE(verify(store()).valid) << "chain and head agree";
  const Verdict verdict = verify(store(), anchor);
  EXPECT_FALSE(verdict.valid);
  EXPECT_EQ(verdict.first_broken, 12);
}

TEST_F(Ledger, ProvesWhichLabelsMadeAModel) {
  const auto labels = storage::labels(store(), project_.id, storage::LabelUse::training);
  storage::add_model(store(),
                     {.project_id = project_.id,
                      .learner = "l",
                      .labels = 10,
                      .label_hash = storage::hash_of_labels(labels),
                      .through_event = storage::last_sequence(store())},
                     "bytes", "ada");
  label(12, "a");
  label(0, "a");
  const Lineage now = lineage(store(), project_.id, 1);
  EXPECT_TRUE(now.proven);
  ASSERT_EQ(now.labels.size(), 10u);
  EXPECT_EQ(now.labels[0].label, "b") << "as it was then";
  tamper(
      "UPDATE label_changes SET label = 'a' WHERE example_id = (SELECT id FROM examples WHERE row "
      "= 2)");
  EXPECT_FALSE(lineage(store(), project_.id, 1).proven);
  EXPECT_THROW(lineage(store(), project_.id, 9), Error);
}

}  // namespace querist::governance
