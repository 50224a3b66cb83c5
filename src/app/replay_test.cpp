// A selection made again from the store comes out the same, whatever has happened since.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "app/oracle_fixture.h"
#include "loop/signals.h"
#include "storage/models.h"
#include "strategies/strategy.h"

namespace querist::app {

using loop::Bench;

static void expect_all_identical(Bench& bench) {
  for (const StoredSelection& selection : bench.selections()) {
    const auto replay = loop::replay(bench.workshop(), selection, bench.quiet());
    EXPECT_TRUE(replay.identical) << "selection " << selection.id;
    ASSERT_EQ(replay.rows.size(), selection.items.size());
    ASSERT_EQ(replay.example_ids.size(), selection.items.size());
    for (size_t i = 0; i < replay.rows.size(); ++i) {
      EXPECT_EQ(replay.rows[i], selection.items[i].row);
      EXPECT_EQ(replay.example_ids[i], selection.items[i].example_id);
    }
  }
}

static void expect_replay_after_all_kinds_of_change(Bench& bench, PayloadKind payload,
                                                    NewExample (*make)(int)) {
  bench.add(payload, make, 0, 200);
  run_rounds(bench, 6);
  ASSERT_EQ(bench.selections().size(), 6u);
  expect_all_identical(bench);
  labelling::undo(bench.store(), bench.project(), std::nullopt, "oracle");
  bench.add(payload, make, 200, 300);
  bench.set({{"batch_size", 7}, {"audit_share", 0.5}, {"seed", 99}});
  storage::change_project(bench.store(), "p",
                          {.classes = std::vector<std::string>{"ham", "spam", "other"}}, "ada");
  run_rounds(bench, 2);
  EXPECT_EQ(bench.selections().size(), 8u);
  expect_all_identical(bench);
  bench.reopen();
  expect_all_identical(bench);
}

TEST(Replay, GivesTheSameTextsAfterMoreLabelsAnUndoNewExamplesAndOtherSettings) {
  Bench bench;
  expect_replay_after_all_kinds_of_change(bench, PayloadKind::text, loop::generated_text);
}

TEST(Replay, GivesTheSameEmbeddingsAfterMoreLabelsAnUndoNewExamplesAndOtherSettings) {
  Bench bench;
  expect_replay_after_all_kinds_of_change(bench, PayloadKind::embedding, loop::generated_embedding);
}

TEST(Replay, GivesTheSameForEveryStrategy) {
  const auto& learner = learners::find("logistic_regression");
  for (const auto& card : strategies::all()) {
    const bool reads_more =
        static_cast<unsigned>(card.needs) &
        ~static_cast<unsigned>(learner.gives | Signal::embeddings | Signal::labels);
    if (reads_more || card.task == Task::regression || card.task == Task::multi_label) {
      EXPECT_THROW(loop::check_strategy(card, learner), Error) << card.name;
      continue;
    }
    Bench bench(Json{{"strategy", std::string(card.name)}});
    bench.add_texts(0, 90);
    run_rounds(bench, 3);
    EXPECT_EQ(bench.selections().size(), 3u);
    bench.reopen();
    expect_all_identical(bench);
  }
}

TEST(Replay, GivesTheSameForTheMembersOfACommittee) {
  Bench bench(Json{{"strategy", "bald"}, {"learner", "forest(trees=15)"}});
  bench.add_texts(0, 90);
  run_rounds(bench, 4);
  bench.add_texts(90, 120);
  bench.reopen();
  EXPECT_EQ(bench.selections().size(), 4u);
  expect_all_identical(bench);
}

TEST(Replay, GivesTheSameWhenExamplesWereSkippedAskedAndUnasked) {
  Bench bench;
  bench.add_texts(0, 100);
  const auto skip = [&](int64_t example_id) {
    labelling::annotate(bench.store(), bench.project(),
                        {.example_id = example_id, .skip_reason = "unclear"}, "ada");
  };
  skip(storage::find_example_by_row(bench.store(), bench.project().id, 3)->id);
  bench.turn();
  skip(bench.selections().at(0).items[0].example_id);
  run_rounds(bench, 3);
  skip(storage::candidate_rows(bench.store(), bench.project().id).at(0) + 1);
  run_rounds(bench, 1);
  expect_all_identical(bench);
}

TEST(Replay, TellsWhenAStoredItemWasAltered) {
  Bench bench;
  bench.add_texts(0, 100);
  run_rounds(bench, 3);
  const auto stored = bench.selections().at(1);
  const int64_t other = storage::candidate_rows(bench.store(), bench.project().id).at(0);
  const auto ids = storage::ids_of_rows(bench.store(), bench.project().id, std::vector{other});
  bench.store().write([&](storage::Session& session) {
    session.execute(
        "UPDATE selection_items SET example_id = $1 WHERE selection_id = $2 AND position = 4",
        {ids.at(0), stored.id});
  });
  const auto altered = bench.selections().at(1);
  ASSERT_EQ(altered.items[4].row, other);
  const auto replay = loop::replay(bench.workshop(), altered, bench.quiet());
  EXPECT_FALSE(replay.identical);
  EXPECT_EQ(replay.rows[4], stored.items[4].row) << "it says what had been chosen";
}

TEST(Replay, TellsWhenAnItemIsMissing) {
  Bench bench;
  bench.add_texts(0, 100);
  run_rounds(bench, 2);
  auto selection = bench.selections().at(1);
  selection.items.pop_back();
  EXPECT_FALSE(loop::replay(bench.workshop(), selection, bench.quiet()).identical);
}

static void expect_replay_over_refits(PayloadKind payload, NewExample (*make)(int)) {
  Bench bench;
  for (const int examples : {60, 240, 960}) {  // Each time four times as many: a refit.
    bench.add(payload, make, 0, examples);
    run_rounds(bench, 2);
  }
  ASSERT_EQ(bench.workshop().featurizer_version(), 3);
  ASSERT_EQ(bench.selections().size(), 6u);
  ASSERT_TRUE(bench.selections().at(1).model_version) << "so that features are scored as well";
  expect_all_identical(bench);
  bench.reopen();
  expect_all_identical(bench);
  EXPECT_EQ(bench.workshop().featurizer_version(), 3) << "the newest stays at hand";
  for (const int version : {1, 2}) {
    const auto folder =
        storage::feature_folder(bench.store().folder(), bench.project().id, version);
    if (version == 1) std::filesystem::remove_all(folder);
    if (version == 2) std::filesystem::resize_file(folder / "blocks.bin", 40);
  }
  expect_all_identical(bench);  // Files that are gone or damaged are made again.
}

TEST(Replay, GivesTheSameTextsAfterTheFeaturizerWasFittedAnew) {
  expect_replay_over_refits(PayloadKind::text, loop::generated_text);
}

TEST(Replay, GivesTheSameTableRowsAfterTheFeaturizerWasFittedAnew) {
  expect_replay_over_refits(PayloadKind::columns, loop::generated_row);
}

TEST(Replay, GivesTheSameEmbeddingsAfterTheFeaturizerWasFittedAnew) {
  expect_replay_over_refits(PayloadKind::embedding, loop::generated_embedding);
}

TEST(Replay, GivesTheSameHalfEmbeddingsAfterTheFeaturizerWasFittedAnew) {
  expect_replay_over_refits(PayloadKind::embedding, loop::generated_half_embedding);
}

TEST(Replay, SaysWhenTheFeaturizerOfThenIsGone) {
  Bench bench;
  bench.add_texts(0, 40);
  run_rounds(bench, 1);
  bench.add_texts(40, 160);
  run_rounds(bench, 1);
  std::filesystem::remove(
      bench.store().folder() / "featurizers" / std::to_string(bench.project().id) /
      (storage::find_featurizer(bench.store(), bench.project().id, 1)->sha256 + ".bin"));
  try {
    loop::replay(bench.workshop(), bench.selections().at(0), bench.quiet());
    ADD_FAILURE() << "no error was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::unavailable);
    EXPECT_NE(std::string(error.what()).find("backup"), std::string::npos) << error.what();
  }
  EXPECT_TRUE(loop::replay(bench.workshop(), bench.selections().at(1), bench.quiet()).identical);
}

TEST(Replay, LeavesTheNewestScoresForWhoeverLooksAtThem) {
  Bench bench;
  bench.add_texts(0, 100);
  run_rounds(bench, 4);
  const Matrix before = bench.workshop().newest_scores()->probabilities;
  loop::replay(bench.workshop(), bench.selections().at(1), bench.quiet());
  EXPECT_EQ(bench.workshop().newest_scores()->probabilities.values, before.values);
}

}  // namespace querist::app
