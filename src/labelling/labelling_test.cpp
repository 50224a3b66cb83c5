// Leasing and annotating: no example to two people, no answer lost or doubled, every empty hand
// explained.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <atomic>
#include <set>
#include <thread>

#include "jobs/queue.h"
#include "labelling/annotate.h"
#include "storage/annotations.h"
#include "storage/events.h"
#include "storage/examples.h"
#include "storage/jobs.h"
#include "storage/leases.h"
#include "storage/projects.h"
#include "storage/selections.h"
#include "storage/temporary_folder.h"

namespace querist::labelling {

using storage::Store;

class Labelling : public testing::Test {
 protected:
  Labelling() { open(); }

  void open() {
    store_.reset();
    store_ = storage::open_store(folder_.path(), [this] { return now_.load(); });
  }
  Store& store() { return *store_; }

  Project make(int examples, Json settings = Json::object()) {
    storage::create_project(store(), {.name = "p", .classes = {"a", "b"}, .settings = settings},
                            "ada");
    std::vector<NewExample> rows(static_cast<size_t>(examples));
    for (int i = 0; i < examples; ++i) {
      rows[static_cast<size_t>(i)].payload.text = fmt::format("example {}", i);
      rows[static_cast<size_t>(i)].label = i % 2 ? "a" : "b";
    }
    const int64_t id = project().id;
    if (examples > 0) storage::add_examples(store(), id, {}, rows, "ada");
    return project();
  }
  Project project() { return storage::project(store(), "p"); }

  StoredSelection select(std::vector<int64_t> rows) {
    StoredSelection selection{.project_id = project().id, .strategy = "margin"};
    for (const int64_t row : rows) {
      selection.items.push_back({.row = row, .prediction = "a", .confidence = 0.75});
    }
    return storage::add_selection(store(), selection, "querist");
  }
  Annotation answer(const Lease& lease, const std::string& value, const std::string& annotator) {
    return annotate(store(), project(),
                    {.example_id = lease.example_id, .value = value, .lease_id = lease.id},
                    annotator);
  }
  Example example(int64_t row) { return *storage::find_example_by_row(store(), project().id, row); }

  storage::TemporaryFolder folder_;
  std::atomic<int64_t> now_ = 1'700'000'000'000;
  std::unique_ptr<Store> store_;
};

template <class F>
static Code code_of(F&& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "no error was thrown";
  return Code::internal;
}

TEST_F(Labelling, HandsOutTheSelectionInItsOrder) {
  make(10);
  select({7, 2, 5});
  const auto given = lease(store(), project(), "ada", 2);
  ASSERT_EQ(given.items.size(), 2u);
  EXPECT_EQ(given.items[0].example_id, example(7).id);
  EXPECT_EQ(given.items[1].example_id, example(2).id);
  EXPECT_FALSE(given.reason.has_value());
  EXPECT_EQ(given.remaining, 3);
  EXPECT_EQ(example(7).state, ExampleState::leased);
  EXPECT_EQ(project().counts.leased, 2);
}

TEST_F(Labelling, SaysWhyAHandIsEmpty) {
  make(0);
  EXPECT_NE(lease(store(), project(), "ada", 3).reason->find("imported"), std::string::npos);
  storage::add_examples(
      store(), project().id, {},
      std::vector<NewExample>{{.payload = {.text = "one"}}, {.payload = {.text = "two"}}}, "ada");
  auto given = lease(store(), project(), "ada", 3);
  EXPECT_TRUE(given.needs_selection);
  EXPECT_NE(given.reason->find("being chosen"), std::string::npos);
  select({0, 1});
  const auto held = lease(store(), project(), "bob", 2);
  given = lease(store(), project(), "ada", 3);
  EXPECT_TRUE(given.items.empty());
  EXPECT_NE(given.reason->find("Others hold 2 examples until 2023-11-14T22:23:20"),
            std::string::npos)
      << *given.reason;
  for (const Lease& one : held.items) answer(one, "a", "bob");
  EXPECT_NE(lease(store(), project(), "ada", 3).reason->find("All examples are labelled"),
            std::string::npos);
}

TEST_F(Labelling, AsksAnotherAboutALabelledExampleThatKeepsItsLabelMeanwhile) {
  make(4);
  select({0});
  answer(lease(store(), project(), "ada", 1).items.at(0), "a", "ada");
  EXPECT_EQ(code_of([&] { select({0}); }), Code::conflict) << "it has its label";
  const auto again = [&](int64_t row) {
    StoredSelection selection{.project_id = project().id, .strategy = "auto"};
    selection.items.push_back({.row = row, .relabel = true});
    return storage::add_selection(store(), selection, "querist");
  };
  EXPECT_EQ(code_of([&] { again(1); }), Code::conflict) << "it has no label to doubt";
  again(0);
  EXPECT_EQ(code_of([&] { again(0); }), Code::conflict) << "it is asked about already";
  EXPECT_EQ(example(0).label, "a");
  EXPECT_EQ(storage::open_rows(store(), project().id), std::vector<int64_t>{0});
  EXPECT_TRUE(lease(store(), project(), "ada", 1).items.empty()) << "her answer stands";
  const auto given = lease(store(), project(), "bob", 1);
  ASSERT_EQ(given.items.size(), 1u);
  EXPECT_TRUE(lease(store(), project(), "eve", 1).items.empty()) << "one more answer, not two";
  EXPECT_EQ(example(0).state, ExampleState::labeled);
  const auto bobs = answer(given.items[0], "b", "bob");
  EXPECT_EQ(example(0).label, "a") << "of two the first stands";
  EXPECT_EQ(storage::latest_selection(store(), project().id)->remaining, 0);
  again(0);
  answer(lease(store(), project(), "eve", 1).items.at(0), "b", "eve");
  EXPECT_EQ(example(0).label, "b") << "two of three";
  const auto answers = storage::answers_of_labeled(store(), project().id);
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_EQ(answers[1].annotator, "bob");
  undo(store(), project(), bobs.id, "bob");
  EXPECT_EQ(storage::answers_of_labeled(store(), project().id).size(), 2u);
  EXPECT_EQ(example(0).state, ExampleState::labeled);
}

TEST_F(Labelling, GivesTheSameItemsToAnAnnotatorWhoComesBack) {
  make(10);
  select({1, 2, 3, 4});
  const auto first = lease(store(), project(), "ada", 2);
  now_ += 5'000;
  open();
  const auto again = lease(store(), project(), "ada", 3);
  ASSERT_EQ(again.items.size(), 3u);
  EXPECT_EQ(again.items[0].id, first.items[0].id);
  EXPECT_EQ(again.items[1].id, first.items[1].id);
  EXPECT_EQ(again.items[0].expires_at, first.items[0].expires_at + 5'000);
}

TEST_F(Labelling, GivesAnExpiredExampleToTheNextAsker) {
  make(3, {{"lease_seconds", 10}});
  select({0});
  const Lease first = lease(store(), project(), "ada", 1).items.at(0);
  EXPECT_TRUE(lease(store(), project(), "bob", 1).items.empty());
  now_ += 9'000;
  heartbeat(store(), project(), first.id, "ada");
  now_ += 9'000;
  EXPECT_TRUE(lease(store(), project(), "bob", 1).items.empty()) << "the sign of life extended it";
  now_ += 2'000;
  const Lease second = lease(store(), project(), "bob", 1).items.at(0);
  EXPECT_EQ(second.example_id, first.example_id);
  EXPECT_EQ(code_of([&] { heartbeat(store(), project(), first.id, "ada"); }), Code::conflict);
  EXPECT_EQ(code_of([&] { answer(first, "a", "ada"); }), Code::conflict);
  answer(second, "b", "bob");
  EXPECT_EQ(example(0).label, "b");
}

TEST_F(Labelling, TakesALateAnswerWhileNobodyElseTookTheExample) {
  make(3, {{"lease_seconds", 10}});
  select({0});
  const Lease late = lease(store(), project(), "ada", 1).items.at(0);
  now_ += 60'000;
  EXPECT_EQ(expire_leases(store(), project()), 1);
  EXPECT_EQ(example(0).state, ExampleState::unlabeled);
  answer(late, "a", "ada");
  EXPECT_EQ(example(0).label, "a");
}

TEST_F(Labelling, GivesBackForOthers) {
  make(3);
  select({0});
  const Lease held = lease(store(), project(), "ada", 1).items.at(0);
  EXPECT_EQ(code_of([&] { give_back(store(), project(), held.id, "bob"); }),
            Code::permission_denied);
  give_back(store(), project(), held.id, "ada");
  give_back(store(), project(), held.id, "ada");
  EXPECT_EQ(lease(store(), project(), "bob", 1).items.size(), 1u);
  EXPECT_EQ(code_of([&] { heartbeat(store(), project(), 99, "ada"); }), Code::not_found);
}

TEST_F(Labelling, StoresAnAnswerSentTwiceOnce) {
  make(3);
  select({0, 1});
  const auto held = lease(store(), project(), "ada", 2).items;
  const Annotation first = answer(held[0], "a", "ada");
  EXPECT_EQ(answer(held[0], "a", "ada").id, first.id);
  EXPECT_EQ(code_of([&] { answer(held[0], "b", "ada"); }), Code::conflict);
  const NewAnnotation keyed{.example_id = held[1].example_id, .value = "a"};
  const Annotation second = annotate(store(), project(), keyed, "ada", "key");
  EXPECT_EQ(annotate(store(), project(), keyed, "ada", "key").id, second.id);
  NewAnnotation other = keyed;
  other.value = "b";
  EXPECT_EQ(code_of([&] { annotate(store(), project(), other, "ada", "key"); }), Code::conflict);
  EXPECT_EQ(storage::annotations(store(), project().id, {}).items.size(), 2u);
}

TEST_F(Labelling, RefusesWrongAnswersAndLosesNothing) {
  make(3);
  select({0});
  const Lease held = lease(store(), project(), "ada", 1).items.at(0);
  const int64_t before = storage::last_sequence(store());
  const auto wrong = [&](NewAnnotation input, const std::string& annotator = "ada") {
    return code_of([&] { annotate(store(), project(), input, annotator); });
  };
  const int64_t id = held.example_id;
  EXPECT_EQ(wrong({.example_id = id, .value = "c", .lease_id = held.id}), Code::invalid_argument);
  EXPECT_EQ(wrong({.example_id = id, .lease_id = held.id}), Code::invalid_argument);
  EXPECT_EQ(wrong({.example_id = id, .value = "a", .skip_reason = "broken"}),
            Code::invalid_argument);
  EXPECT_EQ(wrong({.example_id = id, .skip_reason = "boring"}), Code::invalid_argument);
  EXPECT_EQ(wrong({.example_id = id, .value = "a", .seconds = NAN}), Code::invalid_argument);
  EXPECT_EQ(wrong({.example_id = id, .value = "a", .seconds = -1}), Code::invalid_argument);
  EXPECT_EQ(wrong({.example_id = id + 1, .value = "a", .lease_id = held.id}),
            Code::invalid_argument);
  EXPECT_EQ(wrong({.example_id = 99, .value = "a"}), Code::not_found);
  EXPECT_EQ(wrong({.example_id = id, .value = "a", .lease_id = 99}), Code::not_found);
  EXPECT_EQ(wrong({.example_id = id, .value = "a", .lease_id = held.id}, "bob"),
            Code::permission_denied);
  EXPECT_EQ(wrong({.example_id = id, .value = "a"}, "bob"), Code::conflict)
      << "ada is at work on it";
  EXPECT_EQ(storage::last_sequence(store()), before);
  answer(held, "a", "ada");
}

TEST_F(Labelling, KeepsWhatWasSaidAndShown) {
  make(3, {{"suggestions", "shown"}});
  select({0, 1});
  const auto held = lease(store(), project(), "ada", 2).items;
  EXPECT_TRUE(held[0].suggestion_shown);
  annotate(store(), project(),
           {.example_id = held[0].example_id,
            .value = "b",
            .lease_id = held[0].id,
            .seconds = 2.5,
            .comment = "odd",
            .flag = true},
           "ada");
  annotate(store(), project(),
           {.example_id = held[1].example_id, .skip_reason = "unclear", .lease_id = held[1].id},
           "ada");
  const auto all = storage::annotations(store(), project().id, {}).items;
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].skip_reason, "unclear");
  EXPECT_EQ(all[1].suggestion, "a");
  EXPECT_TRUE(all[1].suggestion_shown);
  EXPECT_EQ(all[1].comment, "odd");
  EXPECT_TRUE(all[1].flag);
  EXPECT_EQ(all[1].strategy, "margin");
  EXPECT_EQ(example(1).state, ExampleState::skipped);
  const Counts counts = project().counts;
  EXPECT_EQ(counts.labeled, 1);
  EXPECT_EQ(counts.skipped, 1);
  EXPECT_EQ(counts.unlabeled, 1);
  EXPECT_EQ(storage::answer_seconds(store(), project().id), (std::vector<double>{2.5}));
}

TEST_F(Labelling, MakesTheCycleDueWithTheLastAnswerOnly) {
  make(4);
  select({0, 1});
  const auto held = lease(store(), project(), "ada", 2).items;
  answer(held[0], "a", "ada");
  EXPECT_TRUE(storage::jobs(store(), {}).items.empty());
  annotate(store(), project(),
           {.example_id = held[1].example_id, .skip_reason = "broken", .lease_id = held[1].id},
           "ada");
  const auto jobs = storage::jobs(store(), {}).items;
  ASSERT_EQ(jobs.size(), 1u);
  EXPECT_EQ(jobs[0].kind, cycle_job);
  EXPECT_EQ(jobs[0].params["project_id"], project().id);
}

TEST_F(Labelling, UndoesTheLastAnswerAndKeepsTheTrail) {
  make(4);
  select({0, 1});
  const auto held = lease(store(), project(), "ada", 2).items;
  answer(held[0], "a", "ada");
  answer(held[1], "a", "ada");
  const int64_t before = storage::last_sequence(store());
  const Undone undone = undo(store(), project(), std::nullopt, "ada");
  EXPECT_EQ(undone.annotation.example_id, held[1].example_id);
  EXPECT_TRUE(undone.annotation.undone);
  EXPECT_EQ(undone.lease.annotator, "ada");
  EXPECT_EQ(example(1).state, ExampleState::leased);
  EXPECT_FALSE(example(1).label.has_value());
  EXPECT_EQ(undo(store(), project(), undone.annotation.id, "ada").lease.id, undone.lease.id)
      << "twice is once";
  EXPECT_EQ(code_of([&] { undo(store(), project(), undone.annotation.id, "bob"); }),
            Code::permission_denied);
  answer(undone.lease, "b", "ada");
  EXPECT_EQ(example(1).label, "b");
  const auto trail = storage::annotations(store(), project().id,
                                          {.example_id = example(1).id, .with_undos = true});
  EXPECT_EQ(trail.items.size(), 3u);
  const auto then = storage::labels_as_of(store(), project().id, storage::LabelUse::all, before);
  EXPECT_EQ(then.at(1).label, "a");
  EXPECT_EQ(code_of([&] { undo(store(), project(), undone.annotation.id, "ada"); }),
            Code::conflict);
}

TEST_F(Labelling, UndoesAnothersAnswerOnlyForAReviewer) {
  make(2);
  select({0});
  const Annotation given = answer(lease(store(), project(), "ada", 1).items.at(0), "a", "ada");
  EXPECT_EQ(code_of([&] { undo(store(), project(), given.id, "rita"); }), Code::permission_denied);
  EXPECT_EQ(undo(store(), project(), given.id, "rita", true).lease.annotator, "ada");
  EXPECT_EQ(code_of([&] { undo(store(), project(), std::nullopt, "rita"); }), Code::not_found);
}

TEST_F(Labelling, TakesTheMajorityOfOverlappingAnswersAndTheEarliestOnATie) {
  make(2, {{"overlap", 3}});
  select({0, 1});
  const auto give = [&](const std::string& who, const std::string& first,
                        const std::string& second) {
    const auto items = lease(store(), project(), who, 5).items;
    ASSERT_EQ(items.size(), 2u);
    answer(items[0], first, who);
    if (second == "skip") {
      annotate(
          store(), project(),
          {.example_id = items[1].example_id, .skip_reason = "unclear", .lease_id = items[1].id},
          who);
    } else {
      answer(items[1], second, who);
    }
  };
  give("ada", "a", "b");
  EXPECT_EQ(example(0).state, ExampleState::unlabeled) << "two answers are missing";
  EXPECT_NE(lease(store(), project(), "ada", 1).reason->find("another annotator"),
            std::string::npos);
  give("bob", "b", "a");
  give("cyd", "b", "skip");
  EXPECT_EQ(example(0).label, "b") << "two against one";
  EXPECT_EQ(example(1).label, "b") << "one against one, the earliest";
  EXPECT_TRUE(lease(store(), project(), "dan", 1).items.empty());
}

TEST_F(Labelling, AdoptsTheLabelsThatTheSourceBrought) {
  make(1'200);
  select({3});
  const Lease held = lease(store(), project(), "bob", 1).items.at(0);
  EXPECT_EQ(adopt_known_labels(store(), project(), {example(5).id}, "source"), 1);
  EXPECT_EQ(adopt_known_labels(store(), project(), {}, "source"), 1'198)
      << "bob works on one, one was adopted";
  EXPECT_EQ(example(5).label, "a");
  answer(held, "b", "bob");
  EXPECT_EQ(project().counts.labeled, 1'200);
}

TEST_F(Labelling, GivesNoExampleToTwoOfEightAndLosesNoAnswer) {
  make(200);
  std::vector<int64_t> rows;
  for (int64_t row = 0; row < 200; ++row) rows.push_back(row);
  select(rows);
  std::atomic<int> answered = 0;
  std::mutex mutex;
  std::multiset<int64_t> given;
  std::vector<std::thread> threads;
  const Project p = project();
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      const std::string who = fmt::format("annotator {}", t);
      for (;;) {
        const auto items = lease(store(), p, who, 3).items;
        if (items.empty()) return;
        for (const Lease& one : items) {
          {
            const std::lock_guard hold(mutex);
            given.insert(one.example_id);
          }
          answer(one, "a", who);
          if (answered % 7 == 0) answer(one, "a", who);  // Sent twice over a bad line.
          ++answered;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(answered, 200);
  EXPECT_EQ(given.size(), 200u);
  EXPECT_EQ(std::set<int64_t>(given.begin(), given.end()).size(), 200u) << "no example went to two";
  EXPECT_EQ(project().counts.labeled, 200);
  EXPECT_EQ(storage::annotations(store(), p.id, {.limit = 1'000}).items.size(), 200u);
  EXPECT_EQ(storage::jobs(store(), {}).items.size(), 1u);
}

TEST_F(Labelling, StoresAnAnswerWholeOrNotAtAllWhereverItDies) {
  make(5);
  const auto selection = select({0, 1, 2, 3});
  for (const char* point :
       {"annotation_before_row", "annotation_before_settle", "annotation_before_commit"}) {
    const Lease held = lease(store(), project(), "ada", 1).items.at(0);
    const auto before = project().counts;
    store_.reset();
    const pid_t child = ::fork();
    if (child == 0) {
      open();
      ::setenv("QUERIST_STOP_AT", point, 1);
      answer(held, "a", "ada");
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_EQ(WEXITSTATUS(status), 137) << point;
    open();
    EXPECT_EQ(project().counts.labeled, before.labeled) << point;
    EXPECT_FALSE(storage::annotation_of_lease(store(), held.id).has_value()) << point;
    answer(held, "a", "ada");
    EXPECT_EQ(project().counts.labeled, before.labeled + 1) << point;
  }
  EXPECT_EQ(storage::find_selection(store(), project().id, selection.id)->remaining, 1);
}

}  // namespace querist::labelling
