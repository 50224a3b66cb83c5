// What every storage backend must do for the store: the same questions, the same answers.
#include <cmath>
#include <fstream>
#include <map>

#include "base/hash.h"
#include "storage/annotations.h"
#include "storage/blobs.h"
#include "storage/events.h"
#include "storage/imports.h"
#include "storage/selections.h"
#include "storage/store_fixture.h"

namespace querist::storage {

INSTANTIATE_TEST_SUITE_P(Every, StoreOn, testing::Values(sqlite),
                         [](const auto& info) { return std::string(info.param.name); });

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

TEST_P(StoreOn, TellsADuplicateWhoseLabelContradictsFromAPlainOne) {
  const Project p = make("p", {});
  const auto labelled = [](std::string content, std::string id, std::optional<std::string> label) {
    NewExample row = text(std::move(content), std::move(id));
    row.label = std::move(label);
    return row;
  };
  const auto result = add(
      p,
      {labelled("one", "", "ham"), labelled("one", "", "ham"), labelled("one", "", std::nullopt),
       labelled("one", "", "spam"), labelled("two", "id2", "ham"), labelled("other", "id2", "eggs"),
       labelled("three", "", std::nullopt), labelled("three", "", "ham")},
      {.add_classes = true});
  EXPECT_EQ(result.accepted, 3);
  EXPECT_EQ(result.duplicates, 3) << "the same label, none, or one where there was none";
  ASSERT_EQ(result.rejected.size(), 2u);
  EXPECT_EQ(result.rejected[0].index, 3u);
  EXPECT_EQ(result.rejected[0].reason,
            "the same example is there already with another label: \"ham\", not \"spam\"");
  EXPECT_EQ(result.rejected[1].index, 5u);
  EXPECT_EQ(result.rejected[1].reason,
            "an example with the id \"id2\" is there already with another label: \"ham\", not "
            "\"eggs\"");
  EXPECT_EQ(project(store(), "p").classes, std::vector<std::string>{"ham"})
      << "no class of a row that was not taken";
}

TEST_P(StoreOn, KeepsTheColumnsThatKnownLabelsCameFrom) {
  const Project p = make("p", {"x"});
  auto labelled = text("one"), again = text("two"), refused = text("three");
  labelled.label = again.label = "x";
  refused.label = "none of them";
  add(p, {text("plain")}, {.label_column = "unused"});
  add(p, {refused}, {.label_column = "refused"});
  EXPECT_EQ(label_columns(store(), p.id), std::vector<std::string>{});
  add(p, {labelled}, {.label_column = "stars"});
  add(p, {again}, {.label_column = "kind"});
  again.payload.text = "four";
  add(p, {again}, {.label_column = "stars"});
  EXPECT_EQ(label_columns(store(), p.id), (std::vector<std::string>{"stars", "kind"}));
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
  EXPECT_EQ(add(p, {two}, {.payload = PayloadKind::image}).duplicates, 1);
  EXPECT_EQ(blob(store(), hash), "two") << "importing it again mends it, as the message says";
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
  Import import = begin_import(store(), p.id, file, false);
  EXPECT_EQ(import.rows_done, 0);
  add(p, {text("one"), text("two")},
      {.import_id = import.id, .import_rows_done = 3, .import_rejected = 1});
  open();
  const Import again = begin_import(store(), p.id, file, false);
  EXPECT_EQ(again.id, import.id);
  EXPECT_EQ(again.rows_done, 3);
  EXPECT_EQ(again.accepted, 2);
  EXPECT_EQ(again.rejected, 1);
  finish_import(store(), import.id, 5, 2);
  EXPECT_TRUE(import_of(store(), import.id).finished);
  EXPECT_EQ(import_of(store(), import.id).rejected, 3);
  std::ofstream(file, std::ios::app) << "four\n";
  EXPECT_NE(begin_import(store(), p.id, file, false).id, import.id)
      << "a changed file is another import";
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

}  // namespace querist::storage
