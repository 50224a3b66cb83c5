// Several annotators who err: the loop asks again where that tells more, and only then.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "app/crowd_fixture.h"
#include "storage/annotations.h"

namespace querist::app {

using loop::Bench;

static int64_t asked_again(Bench& bench) {
  int64_t items = 0;
  for (const auto& selection : bench.selections()) {
    for (const SelectionItem& item : selection.items) items += item.relabel;
  }
  return items;
}

static void run(Bench& bench, const std::vector<Annotator>& people, int rounds) {
  bench.add(PayloadKind::embedding, loop::generated_embedding, 0, 300);
  Rng rng(7);
  for (int round = 0; round < rounds; ++round) {
    bench.turn();
    answer_all(bench, people, rng);
  }
}

TEST(Relabel, AsksOthersWhereAnnotatorsErr) {
  Bench bench;
  run(bench, {{"ada", .9}, {"bob", .6}, {"eve", .6}}, 5);
  EXPECT_GT(asked_again(bench), 0);
  std::map<int64_t, std::set<std::string>> who;
  const auto answers = storage::answers_of_labeled(bench.store(), bench.project().id);
  for (const auto& answer : answers) {
    EXPECT_TRUE(who[answer.row].insert(answer.annotator).second) << "row " << answer.row;
  }
  EXPECT_EQ(static_cast<int64_t>(answers.size() - who.size()), asked_again(bench))
      << "every item that asks again brings one answer more";
  for (const StoredSelection& selection : bench.selections()) {
    EXPECT_EQ(selection.remaining, 0) << "selection " << selection.id;
    EXPECT_TRUE(loop::replay(bench.workshop(), selection, bench.quiet()).identical);
  }
}

TEST(Relabel, AsksNobodyTwiceWhereItIsOffOrOnePersonAnswers) {
  Bench off(Json::object({{"relabel", "off"}}));
  run(off, {{"ada", .6}, {"bob", .6}}, 4);
  EXPECT_EQ(asked_again(off), 0);
  Bench alone;
  run(alone, {{"ada", .6}}, 4);
  EXPECT_EQ(asked_again(alone), 0);
  Bench margin(Json::object({{"strategy", "margin"}}));
  run(margin, {{"ada", .6}, {"bob", .6}}, 4);
  EXPECT_EQ(asked_again(margin), 0);
}

TEST(Relabel, EndsOnceAnnotatorsHaveShownThatTheyAgree) {
  Bench bench(Json::object({{"overlap", 2}}));
  run(bench, {{"ada", 1}, {"bob", 1}, {"eve", 1}}, 6);
  const auto selections = bench.selections();
  const Json last = selections.back().data.value("relabel", Json::object());
  EXPECT_TRUE(last["rows"].empty());
  EXPECT_NE(last["sentence"].get<std::string>().find("agree"), std::string::npos);
}

}  // namespace querist::app
