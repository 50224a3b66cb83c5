// Imports: every row accounted for, and an interrupted one goes on without loss or repeats.
#include "loop/import.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "formats/npy.h"
#include "loop/loop_fixture.h"

namespace querist::loop {

using Rejections = std::vector<std::pair<int64_t, std::string>>;

static ImportReport import_file(Bench& bench, const std::filesystem::path& path,
                                Rejections* rejections = nullptr, ImportOptions options = {}) {
  if (rejections) {
    options.rejected = [rejections](const formats::RowProblem& problem) {
      rejections->emplace_back(problem.row, problem.reason);
    };
  }
  return import_path(bench.store(), bench.project(), path, options, "ada", bench.quiet());
}

static std::vector<std::string> texts(Bench& bench) {
  std::vector<std::string> all;
  storage::each_payload(bench.store(), bench.project().id, 0, bench.project().counts.examples, 1000,
                        [&](int64_t, std::span<const Payload> payloads) {
                          for (const Payload& payload : payloads) all.push_back(payload.text);
                        });
  return all;
}

TEST(Import, ReportsBadRowsByNumberAndCountsDuplicates) {
  Bench bench;
  const auto path = bench.folder() / "messages.csv";
  write_file_atomically(path,
                        "text,label\n"
                        "hello,ham\n"
                        "hello,ham\n"       // 2: a duplicate.
                        "one,two,three\n"   // 3: a cell too many.
                        "win money,spam\n"  // 4
                        ",ham\n"            // 5: no text.
                        "good bye,ham\n");  // 6
  Rejections rejections;
  const auto report = import_file(bench, path, &rejections);
  EXPECT_EQ(report.accepted, 3);
  EXPECT_EQ(report.duplicates, 1);
  EXPECT_EQ(report.rejected, 2);
  ASSERT_EQ(rejections.size(), 2u);
  EXPECT_EQ(rejections[0].first, 3);
  EXPECT_NE(rejections[0].second.find("3 cells"), std::string::npos);
  EXPECT_EQ(rejections[1].first, 5);
  EXPECT_NE(rejections[1].second.find("empty"), std::string::npos);
  EXPECT_EQ(texts(bench), (std::vector<std::string>{"hello", "win money", "good bye"}));
}

TEST(Import, RejectsALabelThatIsNoClassUnlessItMayBecomeOne) {
  Bench bench;
  const auto path = bench.folder() / "messages.csv";
  write_file_atomically(path, "text,label\na first,ham\na second,eggs\na third,spam\n");
  ImportOptions strict;
  strict.add_classes = false;
  Rejections rejections;
  const auto report = import_file(bench, path, &rejections, strict);
  EXPECT_EQ(report.accepted, 2);
  EXPECT_EQ(report.rejected, 1);
  ASSERT_EQ(rejections.size(), 1u);
  EXPECT_EQ(rejections[0].first, 2);
  EXPECT_NE(rejections[0].second.find("\"eggs\""), std::string::npos);
  EXPECT_EQ(bench.project().classes, (std::vector<std::string>{"ham", "spam"}));

  const auto again = bench.folder() / "again.csv";
  std::filesystem::copy(path, again);
  EXPECT_EQ(import_file(bench, again).accepted, 1);
  EXPECT_EQ(bench.project().classes, (std::vector<std::string>{"ham", "spam", "eggs"}));
}

// Rows 1 to n, of which every 5,000th has a cell too many; large enough to be read in parts.
static constexpr int64_t many = 25'000;
static std::string text_of(int64_t row) {
  return fmt::format("row number {} {}", row, std::string(200, 'x'));
}
static void write_many(const std::filesystem::path& path) {
  std::string bytes = "text,label\n";
  for (int64_t row = 1; row <= many; ++row) {
    bytes +=
        fmt::format("{},{}{}\n", text_of(row), row % 2 ? "ham" : "spam", row % 5000 ? "" : ",more");
  }
  write_file_atomically(path, bytes);
}

static void expect_all_rows_once(Bench& bench) {
  EXPECT_EQ(bench.project().counts.examples, many - many / 5000);
  const auto all = texts(bench);
  int64_t at = 0;
  for (int64_t row = 1; row <= many; ++row) {
    if (row % 5000 == 0) continue;
    ASSERT_EQ(all[static_cast<size_t>(at++)], text_of(row));
  }
}

TEST(Import, GoesOnAfterAFailureWithoutLossOrRepeats) {
  Bench bench;
  const auto path = bench.folder() / "many.csv";
  write_many(path);
  ImportOptions failing;
  failing.rejected = [](const formats::RowProblem& problem) {
    if (problem.row == 15'000) fail(Code::unavailable, "the disk went away");
  };
  EXPECT_THROW(import_file(bench, path, nullptr, failing), Error);
  EXPECT_GT(bench.project().counts.examples, 0);
  bench.reopen();
  Rejections rejections;
  const auto report = import_file(bench, path, &rejections);
  EXPECT_GE(report.resumed_after, 10'000);
  EXPECT_EQ(report.duplicates, 0);
  EXPECT_EQ(rejections.back().first, 25'000);
  expect_all_rows_once(bench);
  const auto third = import_file(bench, path);
  EXPECT_EQ(third.resumed_after, many) << "the same file has nothing left to give";
  EXPECT_EQ(third.accepted, 0);
  EXPECT_EQ(third.duplicates, 0);
}

// The second class comes only after the failure: going on, it becomes one all the same.
TEST(Import, GoesOnByTheRuleForClassesThatItBeganWith) {
  Bench bench;
  const auto path = bench.folder() / "sorted.csv";
  std::string bytes = "text,label\n";
  for (int64_t row = 1; row <= many; ++row) {
    bytes += fmt::format("{},{}{}\n", text_of(row), row < 20'000 ? "first" : "second",
                         row == 15'000 ? ",more" : "");
  }
  write_file_atomically(path, bytes);
  const auto add_to = [&](ImportOptions options) {
    options.roles.text = "text";
    options.roles.label = "label";
    return import_path(bench.store(), bench.project(), path, options, "ada", bench.quiet());
  };
  EXPECT_THROW(add_to({.add_classes = true,
                       .rejected = [](const auto&) { fail(Code::unavailable, "the disk"); }}),
               Error);
  const auto report = add_to({.add_classes = false, .rejected = {}});
  EXPECT_GT(report.resumed_after, 0);
  EXPECT_EQ(report.rejected, 1) << "the ragged row alone";
  EXPECT_TRUE(report.add_classes);
  const auto classes = bench.project().classes;
  EXPECT_NE(std::find(classes.begin(), classes.end(), "second"), classes.end());
}

TEST(Import, StopsWhenCancelledAndGoesOnLater) {
  Bench bench;
  const auto path = bench.folder() / "many.csv";
  write_many(path);
  Progress* handle = nullptr;
  Progress progress([&](double, double, std::string_view) {
    if (bench.project().counts.examples >= 10'000) handle->cancel();
  });
  handle = &progress;
  try {
    import_path(bench.store(), bench.project(), path, {}, "ada", progress);
    ADD_FAILURE() << "it was not cancelled";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::cancelled);
  }
  EXPECT_LT(bench.project().counts.examples, many - many / 5000);
  EXPECT_EQ(import_file(bench, path).duplicates, 0);
  expect_all_rows_once(bench);
}

static void write_numbered(const std::filesystem::path& path, int rows) {
  std::string bytes = "label\n";
  for (int row = 0; row < rows; ++row) bytes += row % 2 ? "ham\n" : "spam\n";
  write_file_atomically(path, bytes);
}

TEST(Import, TakesEmbeddingsRowByRowAndRefusesAnyOtherNumberOfThem) {
  Bench bench;
  const auto path = bench.folder() / "labels.csv";
  ImportOptions options;
  options.embeddings = bench.folder() / "three.npy";
  Matrix matrix(3, 2);
  matrix.values = {1, 2, 3, 4, 5, 6};
  formats::write_npy(options.embeddings, MatrixView(matrix));
  for (const int rows : {2, 5}) {
    write_numbered(path, rows);
    try {
      import_file(bench, path, nullptr, options);
      ADD_FAILURE() << rows << " rows were taken";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::invalid_argument);
      EXPECT_NE(std::string(error.what()).find(fmt::format("3 rows but the data has {}", rows)),
                std::string::npos);
    }
    EXPECT_EQ(bench.project().counts.examples, 0);
  }
  write_numbered(path, 3);
  EXPECT_EQ(import_file(bench, path, nullptr, options).accepted, 3);
  EXPECT_EQ(bench.project().dimensions, 2);
  const std::vector<int64_t> rows = {0, 1, 2};
  const auto payloads = storage::payloads(bench.store(), bench.project().id, rows);
  EXPECT_EQ(payloads[2].embedding, (std::vector<float>{5, 6}));
}

TEST(Import, MakesAProjectForTheFirstRowsThatItKeepsAndGoesOnInIt) {
  Bench bench;
  int made = 0;
  const auto make_project = [&] {
    ++made;
    return storage::create_project(bench.store(), {.name = "new"}, "ada").id;
  };
  const auto add = [&](const std::filesystem::path& path, ImportOptions options) {
    return import_new(bench.store(), make_project, path, options, "ada", bench.quiet());
  };
  const auto bad = bench.folder() / "bad.csv";
  write_file_atomically(bad, "text,label\n,ham\n,spam\n");
  EXPECT_EQ(add(bad, {}).rejected, 2);
  EXPECT_THROW(add(bad, {.roles = {.text = "nope"}, .embeddings = {}, .rejected = {}}), Error);
  EXPECT_EQ(made, 0) << "nothing was to be kept";

  const auto path = bench.folder() / "many.csv";
  write_many(path);
  const auto fail_late = [](const formats::RowProblem& problem) {
    if (problem.row >= 20'000) fail(Code::unavailable, "the disk");
  };
  EXPECT_THROW(add(path, {.roles = {}, .embeddings = {}, .rejected = fail_late}), Error);
  EXPECT_EQ(made, 1);
  const auto kept = storage::project(bench.store(), "new").counts.examples;
  EXPECT_GT(kept, 0);
  const auto report = import_path(bench.store(), storage::project(bench.store(), "new"), path, {},
                                  "ada", bench.quiet());
  EXPECT_GT(report.resumed_after, 0);
  EXPECT_EQ(report.duplicates, 0);
  EXPECT_EQ(kept + report.accepted, many - many / 5000);
}

TEST(Import, SaysWhichFileIsNotThere) {
  Bench bench;
  try {
    import_file(bench, bench.folder() / "nothing.csv");
    ADD_FAILURE() << "no error was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::not_found);
    EXPECT_NE(std::string(error.what()).find("nothing.csv"), std::string::npos);
  }
}

TEST(Import, KeepsAProjectToOneKindOfPayload) {
  Bench bench;
  bench.add_texts(0, 3);
  const auto path = bench.folder() / "table.csv";
  write_file_atomically(path, "height,weight\n1,2\n3,4\n");
  try {
    import_file(bench, path);
    ADD_FAILURE() << "no error was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::conflict);
  }
  EXPECT_EQ(bench.project().counts.examples, 3);
}

}  // namespace querist::loop
