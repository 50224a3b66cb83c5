// What every storage backend must do for the store: the same questions, the same answers, nothing
// lost.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <set>
#include <thread>

#include "base/hash.h"
#include "storage/annotations.h"
#include "storage/blobs.h"
#include "storage/cycles.h"
#include "storage/events.h"
#include "storage/examples.h"
#include "storage/imports.h"
#include "storage/models.h"
#include "storage/projects.h"
#include "storage/replies.h"
#include "storage/selections.h"
#include "storage/temporary_folder.h"
#include "storage/users.h"

namespace querist::storage {

struct Backend {
  const char* name;
  std::unique_ptr<Store> (*open)(const std::filesystem::path& folder, Clock clock);
};

static const Backend sqlite{"sqlite", [](const std::filesystem::path& folder, Clock clock) {
                              return open_store(folder, std::move(clock));
                            }};

class StoreOn : public testing::TestWithParam<Backend> {
 protected:
  void SetUp() override { open(); }
  void open() {
    store_.reset();
    store_ = GetParam().open(folder_.path(), [this] { return now_.load(); });
  }
  Store& store() { return *store_; }

  Project make(const std::string& name = "p", std::vector<std::string> classes = {"a", "b"}) {
    return create_project(store(), {.name = name, .classes = std::move(classes)}, "ada");
  }
  static NewExample text(std::string words, std::string external_id = "") {
    NewExample example;
    example.payload.text = std::move(words);
    example.external_id = std::move(external_id);
    return example;
  }
  AddResult add(const Project& p, const std::vector<NewExample>& examples,
                AddOptions options = {}) {
    return add_examples(store(), p.id, options, examples, "ada");
  }
  void add_many(const Project& p, int count) {
    std::vector<NewExample> examples;
    for (int i = 0; i < count; ++i) examples.push_back(text(fmt::format("example {}", i)));
    ASSERT_EQ(add(p, examples).accepted, count);
  }

  TemporaryFolder folder_;
  std::atomic<int64_t> now_ = 1'700'000'000'000;
  std::unique_ptr<Store> store_;
};

INSTANTIATE_TEST_SUITE_P(Every, StoreOn, testing::Values(sqlite),
                         [](const auto& info) { return std::string(info.param.name); });

template <class F>
static Code code_of(F&& work) {
  try {
    work();
  } catch (const Error& error) {
    EXPECT_STRNE(error.what(), "");
    return error.code();
  }
  ADD_FAILURE() << "no error was thrown";
  return Code::internal;
}

TEST_P(StoreOn, KeepsProjectsWithTheirSettings) {
  const Project made = create_project(
      store(), {.name = "sms", .classes = {"ham", "spam"}, .settings = {{"batch_size", 7}}}, "ada");
  EXPECT_EQ(made.settings.integer("batch_size"), 7);
  open();
  const Project found = project(store(), "sms");
  EXPECT_EQ(found.classes, (std::vector<std::string>{"ham", "spam"}));
  EXPECT_EQ(found.settings.integer("batch_size"), 7);
  EXPECT_TRUE(found.settings.changed("batch_size"));
  EXPECT_FALSE(found.settings.changed("strategy"));
  EXPECT_FALSE(found.payload.has_value());
  EXPECT_EQ(projects(store()).items.size(), 1u);
}

TEST_P(StoreOn, RefusesWrongProjects) {
  make("p");
  EXPECT_EQ(code_of([&] { make("p"); }), Code::conflict);
  for (const char* name : {"", ".p", "a b", "a/b", "é"}) {
    EXPECT_EQ(code_of([&] { make(name); }), Code::invalid_argument) << name;
  }
  EXPECT_EQ(code_of([&] { make(std::string(65, 'a')); }), Code::invalid_argument);
  EXPECT_EQ(code_of([&] { make("q", {"a", "a"}); }), Code::invalid_argument);
  EXPECT_EQ(code_of([&] { make("q", {""}); }), Code::invalid_argument);
  const auto with = [&](Json settings) {
    return
        [this, settings] { create_project(store(), {.name = "q", .settings = settings}, "ada"); };
  };
  EXPECT_EQ(code_of(with({{"no_such", 1}})), Code::invalid_argument);
  EXPECT_EQ(code_of(with({{"batch_size", 0}})), Code::invalid_argument);
  EXPECT_EQ(code_of(with({{"batch_size", "many"}})), Code::invalid_argument);
  EXPECT_EQ(code_of(with({{"batch_size", Json::array()}})), Code::invalid_argument);
  EXPECT_EQ(code_of(with(Json::array())), Code::invalid_argument);
  EXPECT_EQ(code_of([&] { project(store(), "q"); }), Code::not_found);
}

TEST_P(StoreOn, ChangesSettingsPartlyAndOnlyAddsClasses) {
  make("p");
  change_project(store(), "p", {.settings = {{"batch_size", 5}, {"target", 0.5}}}, "ada");
  Project now = change_project(store(), "p", {.settings = {{"batch_size", nullptr}}}, "ada");
  EXPECT_FALSE(now.settings.changed("batch_size"));
  EXPECT_EQ(now.settings.number("target"), 0.5);
  now = change_project(store(), "p", {.classes = std::vector<std::string>{"a", "b", "c"}}, "ada");
  EXPECT_EQ(now.classes.size(), 3u);
  for (const std::vector<std::string>& wrong :
       {std::vector<std::string>{"a"}, {"b", "a", "c"}, {"a", "b", "d"}}) {
    EXPECT_EQ(code_of([&] { change_project(store(), "p", {.classes = wrong}, "ada"); }),
              Code::conflict);
  }
  const int64_t before = last_sequence(store());
  change_project(store(), "p", {.settings = {{"target", 0.5}}}, "ada");
  EXPECT_EQ(last_sequence(store()), before) << "nothing changed, so nothing is recorded";
}

TEST_P(StoreOn, NumbersRowsDenselyWithoutDuplicatesInEachProject) {
  const Project p = make("p"), q = make("q");
  AddResult result =
      add(p, {text("one"), text("two"), text("one"), text("one", "id1"), text("other", "id1")});
  EXPECT_EQ(result.accepted, 3);
  EXPECT_EQ(result.duplicates, 2);
  result = add(p, {text("two"), text("three")});
  EXPECT_EQ(result.accepted, 1);
  EXPECT_EQ(add(q, {text("one")}).accepted, 1);
  const auto page = examples(store(), p.id, {});
  ASSERT_EQ(page.items.size(), 4u);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(page.items[i].row, static_cast<int64_t>(i));
  EXPECT_EQ(page.items[3].text, "three");
  EXPECT_EQ(page.items[0].content_hash, sha256_hex("one"));
  EXPECT_EQ(find_example_by_external_id(store(), p.id, "id1")->text, "one");
  EXPECT_EQ(project(store(), "p").counts.examples, 4);
  EXPECT_EQ(project(store(), "q").counts.unlabeled, 1);
  EXPECT_FALSE(find_example(store(), q.id, page.items[0].id).has_value())
      << "another project's id is not found";
}

TEST_P(StoreOn, RejectsOnlyTheRowsAtFault) {
  const Project p = make();
  std::vector<NewExample> rows = {text("good"),      text(""),
                                  text("\xff\xfe"),  text("labelled"),
                                  text("with meta"), text("long id", std::string(500, 'x')),
                                  text("fine")};
  rows[3].label = "nowhere";
  rows[4].meta = "[1, 2";
  rows[6].label = "a";
  rows[6].meta = R"({"k": 1})";
  const AddResult result = add(p, rows);
  EXPECT_EQ(result.accepted, 2);
  ASSERT_EQ(result.rejected.size(), 5u);
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(result.rejected[i].index, i + 1);
    EXPECT_FALSE(result.rejected[i].reason.empty());
  }
  const auto fine = find_example_by_row(store(), p.id, 1);
  EXPECT_EQ(fine->known_label, "a");
  EXPECT_FALSE(fine->label.has_value());
  EXPECT_EQ(fine->meta["k"], 1);
}

TEST_P(StoreOn, AddsClassesThatAnImportBrings) {
  const Project p = make("p", {});
  auto first = text("one"), second = text("two");
  first.label = "x";
  second.label = "y";
  EXPECT_EQ(add(p, {first, second}, {.add_classes = true}).accepted, 2);
  EXPECT_EQ(project(store(), "p").classes, (std::vector<std::string>{"x", "y"}));
}

TEST_P(StoreOn, KeepsTablesAndRefusesOtherColumns) {
  const Project p = make();
  NewExample row;
  row.payload.cells = {"1.5", "", "x"};
  AddOptions table{.payload = PayloadKind::columns, .columns = {"n", "m", "c"}};
  EXPECT_EQ(add(p, {row}, table).accepted, 1);
  EXPECT_EQ(find_example_by_row(store(), p.id, 0)->cells, row.payload.cells);
  EXPECT_EQ(code_of([&] { add(p, {text("one")}); }), Code::conflict);
  table.columns = {"n", "m", "d"};
  EXPECT_EQ(code_of([&] { add(p, {row}, table); }), Code::conflict);
  table.columns = {"n", "m", "c"};
  row.payload.cells = {"1"};
  EXPECT_EQ(add(p, {row}, table).rejected.size(), 1u);
  set_column_types(store(), p.id, {{"n", "number"}, {"m", "number"}, {"c", "category"}});
  EXPECT_EQ(project(store(), "p").columns[2].type, "category");
}

TEST_P(StoreOn, KeepsImagesOnceAndFindsDamage) {
  const Project p = make();
  NewExample one, two, same;
  one.payload.image = std::string("\x89PNG one", 8);
  two.payload.image = "two";
  same.payload.image = "two";
  same.external_id = "same";
  EXPECT_EQ(add(p, {one, two, same}, {.payload = PayloadKind::image}).accepted, 3);
  const std::vector<int64_t> rows = {2, 0};
  const auto found = payloads(store(), p.id, rows);
  EXPECT_EQ(found[0].image, "two");
  EXPECT_EQ(found[1].image, one.payload.image);
  const std::string hash = find_example_by_row(store(), p.id, 1)->image_hash;
  std::ofstream(store().folder() / "blobs" / hash.substr(0, 2) / hash.substr(2)) << "tampered";
  EXPECT_EQ(code_of([&] { blob(store(), hash); }), Code::unavailable);
  EXPECT_EQ(code_of([&] { blob(store(), "../../querist.db"); }), Code::not_found);
}

TEST_P(StoreOn, KeepsEmbeddingsRowByRow) {
  const Project p = make();
  const auto embedding = [](std::vector<float> values) {
    NewExample example;
    example.payload.embedding = std::move(values);
    return example;
  };
  const AddOptions options{.payload = PayloadKind::embedding};
  EXPECT_EQ(add(p, {embedding({1, 2}), embedding({3, 4}), embedding({1, 2})}, options).accepted, 2);
  const AddResult result =
      add(p, {embedding({5, 6}), embedding({7}), embedding({NAN, 1}), embedding({})}, options);
  EXPECT_EQ(result.accepted, 1);
  EXPECT_EQ(result.rejected.size(), 3u);
  open();
  EXPECT_EQ(project(store(), "p").dimensions, 2);
  std::vector<float> seen;
  each_payload(store(), p.id, 0, 100, 2, [&](int64_t first, std::span<const Payload> batch) {
    EXPECT_EQ(first, static_cast<int64_t>(seen.size()) / 2);
    for (const Payload& one : batch)
      seen.insert(seen.end(), one.embedding.begin(), one.embedding.end());
  });
  EXPECT_EQ(seen, (std::vector<float>{1, 2, 3, 4, 5, 6}));
}

TEST_P(StoreOn, PagesAndFiltersExamples) {
  const Project p = make();
  add(p,
      {text("Red apple", "A1"), text("green 100% apple"), text("red pear"), text("under_score")});
  const auto ids = [&](ExampleQuery query) {
    std::vector<int64_t> rows;
    for (;;) {
      const auto page = examples(store(), p.id, query);
      for (const Example& one : page.items) rows.push_back(one.row);
      if (!page.next) return rows;
      query.after = *page.next;
    }
  };
  using Rows = std::vector<int64_t>;
  EXPECT_EQ(ids({.limit = 1}), (Rows{0, 1, 2, 3}));
  EXPECT_EQ(ids({.q = "RED", .limit = 1}), (Rows{0, 2}));
  EXPECT_EQ(ids({.q = "0%"}), (Rows{1}));
  EXPECT_EQ(ids({.q = "r_s"}), (Rows{3}));
  EXPECT_EQ(ids({.q = "a1"}), (Rows{0}));
  const int64_t id = find_example_by_row(store(), p.id, 2)->id;
  set_example_state(store(), id, ExampleState::labeled, "a",
                    record(store(), "test", p.id, "ada", {}));
  EXPECT_EQ(ids({.state = ExampleState::labeled}), (Rows{2}));
  EXPECT_EQ(ids({.state = ExampleState::unlabeled}), (Rows{0, 1, 3}));
  EXPECT_EQ(ids({.label = "a", .q = "red"}), (Rows{2}));
  EXPECT_EQ(ids({.label = "b"}), (Rows{}));
  EXPECT_EQ(rows_in_state(store(), p.id, ExampleState::unlabeled), (Rows{0, 1, 3}));
  EXPECT_EQ(candidate_rows(store(), p.id), (Rows{0, 1, 3}));
}

TEST_P(StoreOn, ResumesAnImportWhereItWasCommitted) {
  const Project p = make();
  const auto file = folder_.path() / "rows.csv";
  std::ofstream(file) << "text\none\ntwo\nthree\n";
  Import import = begin_import(store(), p.id, file);
  EXPECT_EQ(import.rows_done, 0);
  add(p, {text("one"), text("two")},
      {.import_id = import.id, .import_rows_done = 3, .import_rejected = 1});
  open();
  const Import again = begin_import(store(), p.id, file);
  EXPECT_EQ(again.id, import.id);
  EXPECT_EQ(again.rows_done, 3);
  EXPECT_EQ(again.accepted, 2);
  EXPECT_EQ(again.rejected, 1);
  finish_import(store(), import.id, 5, 2);
  EXPECT_TRUE(import_of(store(), import.id).finished);
  EXPECT_EQ(import_of(store(), import.id).rejected, 3);
  std::ofstream(file, std::ios::app) << "four\n";
  EXPECT_NE(begin_import(store(), p.id, file).id, import.id) << "a changed file is another import";
}

TEST_P(StoreOn, OpensSelectionsAndCountsTheirAnswers) {
  const Project p = make();
  add_many(p, 10);
  StoredSelection input{.project_id = p.id, .strategy = "margin", .seed = 5, .pool_size = 10};
  input.items = {{.row = 3, .utility = 0.5, .propensity = 1.0}, {.row = 7, .audit = true}};
  const StoredSelection made = add_selection(store(), input, "ada");
  EXPECT_EQ(made.remaining, 2);
  EXPECT_EQ(candidate_rows(store(), p.id), (std::vector<int64_t>{0, 1, 2, 4, 5, 6, 8, 9}));
  EXPECT_EQ(code_of([&] { add_selection(store(), input, "ada"); }), Code::conflict);
  const int64_t id = made.items[0].example_id;
  EXPECT_EQ(set_items_done(store(), id, true), (std::vector<int64_t>{}));
  EXPECT_EQ(set_items_done(store(), id, true), (std::vector<int64_t>{})) << "twice is once";
  EXPECT_EQ(find_selection(store(), p.id, made.id)->remaining, 1);
  EXPECT_EQ(set_items_done(store(), made.items[1].example_id, true),
            (std::vector<int64_t>{made.id}));
  EXPECT_TRUE(open_selections(store(), p.id).empty());
  set_items_done(store(), id, false);
  ASSERT_EQ(open_selections(store(), p.id).size(), 1u);
  const StoredSelection now = open_selections(store(), p.id)[0];
  EXPECT_EQ(now.remaining, 1);
  EXPECT_FALSE(now.closed_at.has_value());
  EXPECT_EQ(now.items[0].utility, 0.5);
  EXPECT_FALSE(now.items[1].utility.has_value());
  EXPECT_TRUE(find_example_by_row(store(), p.id, 7)->audit);
  EXPECT_EQ(drawn_item(store(), id)->strategy, "margin");
}

TEST_P(StoreOn, GivesLabelsAsOfAnyEvent) {
  const Project p = make();
  add_many(p, 5);
  const auto set = [&](int64_t row, std::optional<std::string> label) {
    return store().atomically([&] {
      const int64_t sequence = record(store(), "test", p.id, "ada", {{"row", row}});
      const auto state = label ? ExampleState::labeled : ExampleState::unlabeled;
      set_example_state(store(), find_example_by_row(store(), p.id, row)->id, state, label,
                        sequence);
      return sequence;
    });
  };
  // Replayed beside: what the labels were after each event.
  std::map<int64_t, std::map<int64_t, std::string>> expected;
  std::map<int64_t, std::string> now;
  const std::vector<std::pair<int64_t, std::optional<std::string>>> steps = {
      {0, "a"}, {1, "b"}, {0, std::nullopt}, {2, "a"}, {0, "b"}, {1, "a"}, {1, std::nullopt}};
  for (const auto& [row, label] : steps) {
    const int64_t sequence = set(row, label);
    if (label) now[row] = *label;
    if (!label) now.erase(row);
    expected[sequence] = now;
  }
  for (const auto& [sequence, wanted] : expected) {
    std::map<int64_t, std::string> got;
    for (const Labelled& one : labels_as_of(store(), p.id, LabelUse::all, sequence))
      got[one.row] = one.label;
    EXPECT_EQ(got, wanted) << "as of " << sequence;
  }
  EXPECT_EQ(hash_of_labels(labels(store(), p.id, LabelUse::all)),
            hash_of_labels(labels_as_of(store(), p.id, LabelUse::all, last_sequence(store()))));
  const auto history = label_history(store(), p.id, find_example_by_row(store(), p.id, 1)->id);
  ASSERT_EQ(history.size(), 3u);
  EXPECT_EQ(history[1].label, "a");
  EXPECT_FALSE(history[2].label.has_value());
  EXPECT_EQ(class_counts(store(), p.id, LabelUse::all), (std::vector<int64_t>{1, 1}));
  EXPECT_EQ(project(store(), "p").counts.labeled, 2);
}

TEST_P(StoreOn, KeepsAuditLabelsFromTrainingUntilFinalised) {
  const Project p = make();
  add_many(p, 3);
  StoredSelection input{.project_id = p.id, .strategy = "random"};
  input.items = {{.row = 0}, {.row = 1, .audit = true}};
  const auto selection = add_selection(store(), input, "ada");
  for (const SelectionItem& item : selection.items) {
    set_example_state(store(), item.example_id, ExampleState::labeled, "a",
                      record(store(), "test", p.id, "ada", {}));
  }
  EXPECT_EQ(labels(store(), p.id, LabelUse::training).size(), 1u);
  EXPECT_EQ(labels(store(), p.id, LabelUse::audit).at(0).row, 1);
  EXPECT_EQ(project(store(), "p").counts.audit, 1);
  change_project(store(), "p", {.finalised = true}, "ada");
  EXPECT_EQ(labels(store(), p.id, LabelUse::training).size(), 2u);
}

TEST_P(StoreOn, KeepsModelsAndRollsTheirAliasesBack) {
  const Project p = make();
  for (int i = 1; i <= 3; ++i) {
    const auto model = add_model(store(), {.project_id = p.id, .learner = "l", .labels = i},
                                 fmt::format("bytes {}", i), "ada");
    EXPECT_EQ(model.version, i);
    set_alias(store(), p.id, "champion", i, "promote", "better", "ada");
  }
  EXPECT_EQ(model_of_alias(store(), p.id, "champion")->version, 3);
  EXPECT_EQ(roll_back(store(), p.id, "champion", "worse", "ada").version, 2);
  EXPECT_EQ(roll_back(store(), p.id, "champion", "worse", "ada").version, 1);
  EXPECT_EQ(code_of([&] { roll_back(store(), p.id, "champion", "worse", "ada"); }), Code::conflict);
  set_alias(store(), p.id, "champion", 3, "promote", "again", "ada");
  EXPECT_EQ(roll_back(store(), p.id, "champion", "worse", "ada").version, 1);
  EXPECT_EQ(alias_history(store(), p.id).size(), 7u);
  EXPECT_EQ(model_bytes(store(), p.id, 2), "bytes 2");
  const auto found = find_model(store(), p.id, 2);
  std::ofstream(store().folder() / "models" / std::to_string(p.id) / (found->sha256 + ".bin"))
      << "bytes 9";
  EXPECT_EQ(code_of([&] { model_bytes(store(), p.id, 2); }), Code::unavailable);
  EXPECT_EQ(code_of([&] { set_alias(store(), p.id, "champion", 9, "promote", "", "ada"); }),
            Code::not_found);
  set_model_metrics(store(), p.id, 1, {{"accuracy", 0.5}}, "ada");
  EXPECT_EQ(find_model(store(), p.id, 1)->metrics["accuracy"], 0.5);
  EXPECT_EQ(find_model(store(), p.id, 1)->aliases, (std::vector<std::string>{"champion"}));
}

TEST_P(StoreOn, KeepsFeaturizersAndCycles) {
  const Project p = make();
  add_featurizer(store(), {.project_id = p.id, .name = "tfidf", .features = 10, .is_sparse = true},
                 "fitted", "ada");
  EXPECT_EQ(latest_featurizer(store(), p.id)->name, "tfidf");
  EXPECT_EQ(featurizer_bytes(store(), p.id, 1), "fitted");
  Cycle cycle = add_cycle(store(), p.id, "ada");
  const int64_t before = last_sequence(store());
  cycle.data["note"] = 1;
  save_cycle(store(), cycle, "ada");
  EXPECT_EQ(last_sequence(store()), before) << "notes alone are no event";
  cycle.state = CycleState::finished;
  save_cycle(store(), cycle, "ada");
  EXPECT_TRUE(latest_cycle(store(), p.id)->finished_at.has_value());
  EXPECT_EQ(last_sequence(store()), before + 1);
}

TEST_P(StoreOn, LetsPeopleInByPasswordSessionAndToken) {
  EXPECT_FALSE(has_users(store()));
  add_user(store(), "ada", "correct horse", Role::admin, "ada");
  EXPECT_EQ(code_of([&] { add_user(store(), "ada", "correct horse", Role::admin, "ada"); }),
            Code::conflict);
  EXPECT_EQ(code_of([&] { add_user(store(), "bob", "short", Role::admin, "ada"); }),
            Code::invalid_argument);
  EXPECT_EQ(code_of([&] { log_in(store(), "ada", "wrong horse"); }), Code::unauthenticated);
  EXPECT_EQ(code_of([&] { log_in(store(), "nobody", "correct horse"); }), Code::unauthenticated);
  const NewSession session = log_in(store(), "ada", "correct horse", 60);
  EXPECT_EQ(find_session(store(), session.token)->user.role, Role::admin);
  EXPECT_FALSE(find_session(store(), session.token + "x").has_value());
  now_ += 61'000;
  EXPECT_FALSE(find_session(store(), session.token).has_value());
  EXPECT_EQ(code_of([&] { remove_user(store(), "ada", "ada"); }), Code::conflict);
  const NewToken token = add_token(store(), "ci", Role::engineer, "ada");
  EXPECT_EQ(find_token(store(), token.token)->name, "ci");
  revoke_token(store(), token.row.id, "ada");
  EXPECT_FALSE(find_token(store(), token.token).has_value());
  store().read([&](Session& s) {
    EXPECT_EQ(s.integer("SELECT count(*) FROM tokens WHERE token_hash = $1", {token.token}), 0);
    EXPECT_EQ(s.integer("SELECT count(*) FROM users WHERE password_hash LIKE '$argon2id$%'"), 1);
  });
}

TEST_P(StoreOn, AnswersARequestSentTwiceOnce) {
  int ran = 0;
  const auto ask = [&](const std::string& body) {
    return once(store(), "ada POST x", "key", body, [&] {
      ++ran;
      return Reply{201, fmt::format("answer {}", ran)};
    });
  };
  EXPECT_EQ(ask("{}").body, "answer 1");
  EXPECT_EQ(ask("{}").body, "answer 1");
  EXPECT_EQ(code_of([&] { ask("{1}"); }), Code::conflict);
  EXPECT_EQ(ran, 1);
  forget_replies(store(), now_ + 1);
  EXPECT_EQ(ask("{1}").body, "answer 2");
}

TEST_P(StoreOn, UndoesEverythingOfATransactionThatThrows) {
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

TEST_P(StoreOn, TellsListenersOfNewEvents) {
  std::atomic<int64_t> heard = 0;
  const int64_t id = store().subscribe([&](int64_t sequence) { heard = sequence; });
  make("p");
  for (int i = 0; i < 200 && heard == 0; ++i) ::usleep(5'000);
  EXPECT_EQ(heard, 1);
  store().unsubscribe(id);
  make("q");
  EXPECT_EQ(heard, 1);
}

TEST_P(StoreOn, NumbersEventsWithoutGapsUnderEightThreads) {
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
TEST_P(StoreOn, HasEveryWriteItAcknowledgedAfterAKill) {
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
TEST_P(StoreOn, ImportsABatchWholeOrNotAtAllWhereverItDies) {
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

TEST_P(StoreOn, ImportsAHundredThousandTextsInSeconds) {
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
