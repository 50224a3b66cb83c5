// A project whose overlapping answers are made into labels by a consensus method: labels follow the
// method before each training, and what was trained stays provable.
#include <gtest/gtest.h>

#include <map>

#include "app/crowd_fixture.h"
#include "base/error.h"
#include "governance/ledger.h"
#include "loop/project_consensus.h"
#include "storage/annotations.h"
#include "storage/events.h"
#include "storage/models.h"

namespace querist::app {

using loop::Bench;

// Two who know, three who guess: votes alone are often wrong.
static const std::vector<Annotator> people = {
    {"ada", .97}, {"bob", .95}, {"cyd", .5}, {"dan", .5}, {"eve", .5}};

static void run(Bench& bench, int rounds, uint64_t seed = 7) {
  Rng rng(seed);
  for (int round = 0; round < rounds; ++round) {
    bench.turn();
    answer_all(bench, people, rng);
  }
  bench.turn();
}

static Json with_consensus(const std::string& method) {
  return {{"overlap", 5},
          {"consensus", method},
          {"batch_size", 40},
          {"relabel", "off"},
          {"audit_share", 0.25}};
}

static std::map<int64_t, std::string> labels_of(Bench& bench) {
  std::map<int64_t, std::string> found;
  for (const Labelled& one :
       storage::labels(bench.store(), bench.project().id, storage::LabelUse::all))
    found[one.row] = one.label;
  return found;
}

static double share_right(const std::map<int64_t, std::string>& labels) {
  double right = 0;
  for (const auto& [row, label] : labels)
    right += label == loop::generated_embedding(static_cast<int>(row)).label;
  return right / static_cast<double>(labels.size());
}

static std::vector<Event> aggregations(Bench& bench) {
  std::vector<Event> found;
  for (std::optional<int64_t> after = 0; after;) {
    auto page = storage::events(bench.store(), {.after = *after, .limit = 1000});
    after = page.next;
    for (Event& event : page.items) {
      if (event.kind == "labels_aggregated") found.push_back(std::move(event));
    }
  }
  return found;
}

// The oracle: the method itself, asked about the answers with rows and names numbered here.
static std::map<int64_t, std::string> aggregated(Bench& bench, std::string_view method) {
  std::map<int64_t, int64_t> rows;
  std::map<std::string, int64_t> names;
  const auto given = storage::answers_of_labeled(bench.store(), bench.project().id);
  for (const auto& one : given) rows[one.row] = 0;
  int64_t next = 0;
  for (auto& [row, item] : rows) item = next++;
  std::vector<int64_t> items, annotators;
  std::vector<int32_t> answers;
  for (const auto& one : given) {
    items.push_back(rows[one.row]);
    const auto name = names.try_emplace(one.annotator, static_cast<int64_t>(names.size())).first;
    annotators.push_back(name->second);
    answers.push_back(one.value == "spam");
  }
  const auto& card = consensus::find(method);
  const auto found = consensus::aggregate(card, {items, annotators, answers}, rows.size(), 2, {},
                                          Params(card.params));
  std::map<int64_t, std::string> labels;
  for (const auto& [row, item] : rows)
    labels[row] = found.labels[static_cast<size_t>(item)] == 1 ? "spam" : "ham";
  return labels;
}

TEST(ProjectConsensus, TrainsOnWhatTheMethodFinds) {
  for (const char* method : {"dawid_skene", "one_coin", "glad", "mace"}) {
    Bench bench(with_consensus(method));
    bench.add(PayloadKind::embedding, loop::generated_embedding, 0, 200);
    run(bench, 2);
    const auto labels = labels_of(bench);
    EXPECT_EQ(labels, aggregated(bench, method)) << method;
    EXPECT_GT(share_right(labels), share_right(aggregated(bench, "majority_vote")) + 0.05)
        << method;
    const auto events = aggregations(bench);
    ASSERT_FALSE(events.empty()) << method;
    EXPECT_EQ(events.back().data["consensus"], method);
    EXPECT_EQ(events.back().data["examples"], labels.size());
    for (const auto& model : storage::models_in_order(bench.store(), bench.project().id)) {
      EXPECT_TRUE(governance::lineage(bench.store(), bench.project().id, model.version).proven);
      EXPECT_EQ(model.data["consensus"], method);
    }
    for (const StoredSelection& selection : bench.selections())
      EXPECT_TRUE(loop::replay(bench.workshop(), selection, bench.quiet()).identical) << method;
  }
}

TEST(ProjectConsensus, GoesBackToTheMajority) {
  Bench plain(with_consensus("majority_vote"));
  Bench bench(with_consensus("dawid_skene"));
  for (Bench* one : {&plain, &bench}) {
    one->add(PayloadKind::embedding, loop::generated_embedding, 0, 200);
    run(*one, 1);
  }
  EXPECT_TRUE(aggregations(plain).empty()) << "labelling made these labels";
  ASSERT_NE(labels_of(bench), labels_of(plain)) << "the same answers, weighed";
  bench.set({{"consensus", "majority_vote"}});
  bench.turn(true);
  EXPECT_EQ(labels_of(bench), labels_of(plain));
  const auto newest = *storage::latest_model(bench.store(), bench.project().id);
  EXPECT_FALSE(newest.data.contains("consensus"));
  const size_t events = aggregations(bench).size();
  bench.turn(true);
  EXPECT_EQ(aggregations(bench).size(), events) << "nothing is left to bring back";
}

TEST(ProjectConsensus, LeavesLoneAnswersAlone) {
  Bench bench(Json{{"consensus", "dawid_skene"}, {"relabel", "off"}});
  bench.add(PayloadKind::embedding, loop::generated_embedding, 0, 200);
  run(bench, 2);
  EXPECT_TRUE(aggregations(bench).empty());
}

TEST(ProjectConsensus, RefusesWhatReadsTheModel) {
  EXPECT_EQ(loop::parse_consensus("glad").method->name, "glad");
  EXPECT_THROW(loop::parse_consensus("crowdlab"), Error);
  EXPECT_THROW(loop::parse_consensus("loudest"), Error);
}

}  // namespace querist::app
