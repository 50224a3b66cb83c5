// Models, featurizers, cycles, people and kept replies, on every backend.
#include <fstream>

#include "storage/cycles.h"
#include "storage/events.h"
#include "storage/models.h"
#include "storage/replies.h"
#include "storage/store_fixture.h"
#include "storage/users.h"

namespace querist::storage {

class VersionsOn : public StoreOn {};

INSTANTIATE_TEST_SUITE_P(Every, VersionsOn, testing::Values(sqlite),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_P(VersionsOn, KeepsModelsAndRollsTheirAliasesBack) {
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

TEST_P(VersionsOn, KeepsFeaturizersAndCycles) {
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

TEST_P(VersionsOn, LetsPeopleInByPasswordSessionAndToken) {
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

TEST_P(VersionsOn, AnswersARequestSentTwiceOnce) {
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

}  // namespace querist::storage
