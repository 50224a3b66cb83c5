// The resources as a client uses them, from an empty server to labels and their record.
#include <gtest/gtest.h>

#include <thread>

#include "api/live_server.h"
#include "featurizers/pixels/decode.h"
#include "labelling/annotate.h"
#include "storage/annotations.h"
#include "storage/blobs.h"
#include "storage/examples.h"
#include "storage/projects.h"
#include "storage/selections.h"
#include "storage/users.h"

namespace querist::api {
namespace {

class Resources : public testing::Test {
 protected:
  static constexpr const char* project = "/api/v1/projects/mail";

  void make_project() {
    const Answer answer =
        live_.post("/api/v1/projects", {{"name", "mail"}, {"classes", {"ham", "spam"}}});
    ASSERT_EQ(answer.status, 201) << answer.reply.body;
  }
  Json take_in(std::string_view body, std::string_view media, std::string_view query = "") {
    const Answer answer = live_.call(fmt::format("POST {}/examples{}", project, query), body,
                                     fmt::format("Content-Type: {}\r\n", media));
    EXPECT_EQ(answer.status, 200) << answer.reply.body;
    return answer.json;
  }
  // Opens every example to labelling, as the loop would.
  void select_all() {
    const Project row = storage::project(live_.store(), "mail");
    StoredSelection selection{
        .project_id = row.id, .strategy = "random", .pool_size = row.counts.examples};
    for (const Example& example : storage::examples(live_.store(), row.id, {.limit = 1000}).items) {
      selection.items.push_back(
          {.example_id = example.id, .row = example.row, .utility = 0.5, .propensity = 1.0});
    }
    storage::add_selection(live_.store(), selection, "test");
  }
  void make_labelled_work() {
    make_project();
    take_in("text\nfree money\nsee you at noon\nlunch?\n", "text/csv");
    select_all();
  }
  Json lease(int count, std::string_view headers = "") {
    const Answer answer =
        live_.post(fmt::format("{}/leases", project), {{"count", count}}, headers);
    EXPECT_EQ(answer.status, 200) << answer.reply.body;
    return answer.json;
  }
  Answer annotate(const Json& body) {
    return live_.post(fmt::format("{}/annotations", project), body);
  }

  LiveServer live_;
};

TEST_F(Resources, CreatesShowsAndChangesAProject) {
  make_project();
  EXPECT_EQ(live_.post("/api/v1/projects", {{"name", "mail"}}).status, 409);
  EXPECT_EQ(live_.post("/api/v1/projects", {{"name", "../etc"}}).status, 400);
  for (const char* featurizer : {"magic", "tfidf(char_max=99)", "tfidf(width=3)"}) {
    const Json settings = {{"featurizer", featurizer}};
    EXPECT_EQ(live_.post("/api/v1/projects", {{"name", "x"}, {"settings", settings}}).status, 400);
  }
  EXPECT_EQ(
      live_.post("/api/v1/projects", {{"name", "x"}, {"settings", {{"strategy", "magic"}}}}).status,
      400);
  const Json shown = live_.get(project).json;
  EXPECT_EQ(shown["name"], "mail");
  EXPECT_EQ(shown["payload"], nullptr);
  EXPECT_EQ(shown["settings"]["batch_size"], 20);
  EXPECT_EQ(shown["changed_settings"], Json::array());
  const Answer changed = live_.call(
      fmt::format("PATCH {}", project),
      R"({"settings": {"batch_size": 40}, "classes": ["ham", "spam", "news"], "reason": "more"})");
  EXPECT_EQ(changed.status, 200) << changed.reply.body;
  EXPECT_EQ(changed.json["settings"]["batch_size"], 40);
  EXPECT_EQ(changed.json["changed_settings"], Json({"batch_size"}));
  EXPECT_EQ(changed.json["classes"], Json({"ham", "spam", "news"}));
  EXPECT_EQ(live_.call(fmt::format("PATCH {}", project), R"({"classes": ["ham"]})").status, 409);
  EXPECT_EQ(
      live_.call(fmt::format("PATCH {}", project), R"({"settings": {"batch_size": 0}})").status,
      400);
  EXPECT_EQ(live_.get("/api/v1/projects").json["items"].size(), 1u);
}

TEST_F(Resources, LetTheEvidenceChooseTheLearnerOnlyWhereEveryOneSuitsTheStrategy) {
  make_project();
  const auto set = [&](const Json& settings) {
    return live_.call(fmt::format("PATCH {}", project), Json{{"settings", settings}}.dump());
  };
  EXPECT_EQ(set({{"learner", "auto"}}).json["settings"]["learner"], "auto");
  const Answer refused = set({{"strategy", "bald"}});
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.reply.body.find("auto may come to"), std::string::npos) << refused.reply.body;
  EXPECT_EQ(set({{"strategy", "bald"}, {"learner", "forest"}}).status, 200);
  EXPECT_EQ(set({{"learner", "auto"}}).status, 400) << "bald stays set";
  EXPECT_EQ(set({{"learner", "magic"}}).status, 400);
}

TEST_F(Resources, TakesInJsonJsonlAndCsv) {
  make_project();
  const Json array = take_in(
      R"([{"external_id": "1", "text": "one", "label": "ham"},
          {"external_id": "2", "text": "two"}])",
      "application/json");
  EXPECT_EQ(array["accepted"], 2);
  const Json lines = take_in(
      "{\"external_id\": \"2\", \"text\": \"two\"}\n{\"external_id\": \"3\", \"text\": "
      "\"three\"}\nnot json\n",
      "application/x-ndjson");
  EXPECT_EQ(lines["accepted"], 1);
  EXPECT_EQ(lines["duplicates"], 1);
  EXPECT_EQ(lines["rejected_count"], 1);
  EXPECT_EQ(lines["rejected"][0]["row"], 3);
  const Json csv = take_in("id,body,kind\n4,four,spam\n5,five,nonsense\n", "text/csv",
                           "?text=body&id=id&label=kind");
  EXPECT_EQ(csv["accepted"], 1) << csv;
  EXPECT_EQ(csv["rejected"][0]["row"], 2) << csv;
  EXPECT_NE(csv["rejected"][0]["reason"].get<std::string>().find("nonsense"), std::string::npos)
      << csv;
  const Json page = live_.get(fmt::format("{}/examples?limit=3", project)).json;
  EXPECT_EQ(page["items"].size(), 3u);
  const Json rest =
      live_.get(fmt::format("{}/examples?after={}", project, page["next"].get<std::string>())).json;
  EXPECT_EQ(rest["items"].size(), 1u);
  EXPECT_EQ(rest["items"][0]["text"], "four");
  EXPECT_EQ(rest["next"], nullptr);
  EXPECT_EQ(live_.get(fmt::format("{}/examples?q=thre", project)).json["items"].size(), 1u);
  EXPECT_EQ(live_.get(fmt::format("{}/examples?state=odd", project)).status, 400);
  EXPECT_EQ(live_.get(fmt::format("{}/examples?order=uncertain", project)).status, 409);
}

TEST_F(Resources, AddsClassesAndListsRejectedRowsAsAsked) {
  make_project();
  const std::string rows = "text,label\na,x\nb,y\nc,x\n";
  EXPECT_EQ(take_in(rows, "text/csv", "?rejected_limit=1")["rejected"].size(), 1u);
  const Json strict = take_in(rows, "text/csv", "?add_classes=false");
  EXPECT_EQ(strict["rejected"].size(), 3u);
  const Json added = take_in(rows, "text/csv", "?add_classes=true");
  EXPECT_EQ(added["accepted"], 3) << added;
  EXPECT_EQ(live_.get(project).json["classes"], Json({"ham", "spam", "x", "y"}));
  const std::string path = fmt::format("POST {}/examples?add_classes=maybe", project);
  EXPECT_EQ(live_.call(path, rows, "Content-Type: text/csv\r\n").status, 400);
}

TEST_F(Resources, AnswersOpenItemsWithTheLabelsThatWereImported) {
  make_project();
  take_in("text,label\nfree money,spam\nat noon,\nlunch?,ham\n", "text/csv");
  const std::string oracle = fmt::format("POST {}/oracle", project);
  EXPECT_EQ(live_.call(oracle).json, Json({{"answered", 0}})) << "nothing is open";
  select_all();
  EXPECT_EQ(live_.call(oracle).json, Json({{"answered", 2}}));
  EXPECT_EQ(live_.call(oracle).json, Json({{"answered", 0}}));
  const Json answers = live_.get(fmt::format("{}/annotations", project)).json["items"];
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0]["annotator"], "oracle");
  EXPECT_EQ(live_.get(project).json["counts"]["labeled"], 2);
}

TEST_F(Resources, TurnsTheLoopNowOrWhenTheBatchIsDone) {
  make_project();
  const std::string path = fmt::format("{}/cycles", project);
  const Json waiting = live_.post(path, {{"at_once", false}}).json;
  EXPECT_EQ(live_.post(path, {{"at_once", false}}).json["id"], waiting["id"]);
  const Answer now = live_.post(path, Json::object());
  EXPECT_EQ(now.status, 202);
  EXPECT_NE(now.json["id"], waiting["id"]);
  EXPECT_EQ(live_.post(path, {{"at_once", 1}}).status, 400);
  EXPECT_EQ(live_.get(fmt::format("{}/models/1/file", project)).status, 404);
}

TEST_F(Resources, GuessesTheFormatOfAnUnnamedBody) {
  make_project();
  EXPECT_EQ(take_in(R"( [{"text": "one"}])", "application/x-www-form-urlencoded")["accepted"], 1);
  EXPECT_EQ(take_in("{\"text\": \"two\"}\n", "application/octet-stream")["accepted"], 1);
  EXPECT_EQ(take_in("text\nthree\n", "text/plain")["accepted"], 1);
}

TEST_F(Resources, RefusesBodiesThatHoldNoExamples) {
  make_project();
  const std::pair<const char*, const char*> bodies[] = {{"", "text/csv"},
                                                        {"", "application/json"},
                                                        {"7", "application/json"},
                                                        {"\xff\xfe\xfd\xfc", "application/json"}};
  for (const auto& [body, media] : bodies) {
    const Answer answer = live_.call(fmt::format("POST {}/examples", project), body,
                                     fmt::format("Content-Type: {}\r\n", media));
    EXPECT_TRUE(answer.status == 400 || (answer.status == 200 && answer.json["accepted"] == 0))
        << body << answer.reply.body;
  }
  EXPECT_EQ(live_.get(project).json["counts"]["examples"], 0);
}

TEST_F(Resources, KeepsWhatCameBeforeABodyBrokeOff) {
  make_project();
  {
    RawClient client(live_.port());
    std::string rows = "text\n";
    for (int i = 0; i < 100'000; ++i) rows += fmt::format("row number {}\n", i);
    client.send(
        fmt::format("POST {}/examples HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                    "text/csv\r\nContent-Length: {}\r\n\r\n",
                    project, rows.size() * 2));
    client.send(rows);
  }
  int64_t count = 0;
  for (int i = 0; i < 200 && count == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    count = live_.get(project).json["counts"]["examples"];
  }
  EXPECT_GT(count, 0);
  EXPECT_EQ(count % static_cast<int64_t>(storage::add_batch), 0);
}

TEST_F(Resources, ServesImagesSafely) {
  make_project();
  const std::string png = "\x89PNG\r\n\x1a\n rest";
  const Project row = storage::project(live_.store(), "mail");
  NewExample example;
  example.payload.image = png;
  storage::add_examples(live_.store(), row.id, {.payload = PayloadKind::image}, {&example, 1},
                        "test");
  const Json shown = live_.get(fmt::format("{}/examples", project)).json["items"][0];
  const std::string path = shown["image_url"];
  EXPECT_EQ(path, fmt::format("{}/examples/{}/image", project, shown["id"].get<int64_t>()));
  const Reply image = live_.get(path).reply;
  EXPECT_EQ(image.body, png);
  EXPECT_EQ(image.header("content-type"), "image/png");
  EXPECT_NE(image.header("content-security-policy").find("sandbox"), std::string::npos);
  EXPECT_EQ(live_.get(path, fmt::format("If-None-Match: {}\r\n", image.header("etag"))).status,
            304);
}

TEST_F(Resources, ServesAsPngWhatNoBrowserShows) {
  make_project();
  const Project row = storage::project(live_.store(), "mail");
  NewExample example;
  example.payload.image = "P5 2 1 255\n" + std::string("\x01\xff", 2);
  storage::add_examples(live_.store(), row.id, {.payload = PayloadKind::image}, {&example, 1},
                        "test");
  const Json shown = live_.get(fmt::format("{}/examples", project)).json["items"][0];
  const Reply image = live_.get(shown["image_url"].get<std::string>()).reply;
  EXPECT_EQ(image.header("content-type"), "image/png");
  featurizers::Image pixels;
  ASSERT_EQ(featurizers::decode_image(image.body, 1, pixels), "");
  EXPECT_EQ(pixels.width, 2u);
  EXPECT_EQ(pixels.rgb, (std::vector<uint8_t>{1, 1, 1, 255, 255, 255}));
}

TEST_F(Resources, LeasesAnswersAndUndoes) {
  make_labelled_work();
  const Json work = lease(2);
  ASSERT_EQ(work["items"].size(), 2u) << work;
  EXPECT_EQ(work["remaining"], 3);
  const Json item = work["items"][0];
  EXPECT_EQ(item["audit"], nullptr);
  EXPECT_EQ(item["suggestion"], nullptr);
  EXPECT_EQ(item["example"]["state"], "leased");
  const Json body = {{"example_id", item["example"]["id"]},
                     {"lease_id", item["lease_id"]},
                     {"value", "spam"},
                     {"seconds", 2.5}};
  const Answer answer = annotate(body);
  EXPECT_EQ(answer.status, 201) << answer.reply.body;
  EXPECT_EQ(answer.json["value"], "spam");
  EXPECT_EQ(answer.json["annotator"], "local");
  EXPECT_EQ(answer.json["why"]["strategy"], "random");
  EXPECT_EQ(annotate(body).json["id"], answer.json["id"]);
  Json other = body;
  other["value"] = "ham";
  EXPECT_EQ(annotate(other).status, 409);
  other.erase("lease_id");
  other["value"] = "eggs";
  EXPECT_EQ(annotate(other).status, 400);
  EXPECT_EQ(live_.get(project).json["counts"]["labeled"], 1);

  const std::string undo =
      fmt::format("{}/annotations/{}/undo", project, answer.json["id"].get<int64_t>());
  const Answer undone = live_.call("POST " + undo);
  EXPECT_EQ(undone.status, 200) << undone.reply.body;
  EXPECT_EQ(undone.json["annotation"]["undone"], true);
  EXPECT_EQ(undone.json["lease"]["example"]["id"], item["example"]["id"]);
  EXPECT_EQ(live_.get(project).json["counts"]["labeled"], 0);
  EXPECT_EQ(live_.get(fmt::format("{}/annotations", project)).json["items"][0]["undone"], true);
}

TEST_F(Resources, SkipsWithAReason) {
  make_labelled_work();
  const Json item = lease(1)["items"][0];
  const Json skip = {{"example_id", item["example"]["id"]},
                     {"lease_id", item["lease_id"]},
                     {"skip_reason", "unclear"},
                     {"comment", "??"}};
  const Answer answer = annotate(skip);
  EXPECT_EQ(answer.status, 201) << answer.reply.body;
  EXPECT_EQ(answer.json["value"], nullptr);
  EXPECT_EQ(answer.json["skip_reason"], "unclear");
  Json odd = skip;
  odd["skip_reason"] = "bored";
  odd.erase("lease_id");
  EXPECT_EQ(annotate(odd).status, 400);
}

TEST_F(Resources, KeepsAndGivesBackLeases) {
  make_labelled_work();
  const Json item = lease(1)["items"][0];
  const std::string path = fmt::format("{}/leases/{}", project, item["lease_id"].get<int64_t>());
  const Answer kept = live_.call(fmt::format("POST {}/heartbeat", path));
  EXPECT_EQ(kept.status, 200) << kept.reply.body;
  EXPECT_GE(kept.json["expires_at"].get<std::string>(), item["expires_at"].get<std::string>());
  EXPECT_EQ(live_.call("DELETE " + path).status, 204);
  EXPECT_EQ(live_.get(project).json["counts"]["leased"], 0);
  EXPECT_EQ(live_.post(fmt::format("{}/leases", project), {{"count", 101}}).status, 400);
  EXPECT_EQ(live_.post(fmt::format("{}/leases", project), {{"count", 0}}).status, 400);
}

TEST_F(Resources, MakesTheLoopDueWhenNothingIsSelected) {
  make_project();
  take_in("text\none\ntwo\n", "text/csv");
  const Json empty = lease(1);
  EXPECT_EQ(empty["items"].size(), 0u);
  EXPECT_TRUE(empty["reason"].is_string()) << empty;
  EXPECT_EQ(live_.get("/api/v1/jobs").json["items"][0]["kind"], std::string(labelling::cycle_job));
  live_.app().loop.draw_selection = [this](const Project&, const std::string&) { select_all(); };
  EXPECT_EQ(lease(1)["items"].size(), 1u);
}

TEST_F(Resources, KeepsAnnotatorsApart) {
  make_labelled_work();
  const auto header = [&](const char* name, Role role) {
    return fmt::format("Authorization: Bearer {}\r\n",
                       storage::add_token(live_.store(), name, role, "test").token);
  };
  const std::string ann = header("ann", Role::annotator), ben = header("ben", Role::annotator),
                    eve = header("eve", Role::engineer);
  const Json item = lease(1, ann)["items"][0];
  EXPECT_EQ(item["annotator"], "ann");
  EXPECT_NE(lease(1, ben)["items"][0]["example"]["id"], item["example"]["id"]);
  const Json body = {
      {"example_id", item["example"]["id"]}, {"lease_id", item["lease_id"]}, {"value", "ham"}};
  const std::string path = fmt::format("{}/annotations", project);
  EXPECT_EQ(live_.post(path, body, ben).status, 403);
  EXPECT_EQ(live_.post(fmt::format("{}/leases", project), {{"annotator", "ann"}}, ben).status, 403);
  EXPECT_EQ(live_.post(path, body, eve).json["annotator"], "ann");
  const Json unasked = {{"example_id", 3}, {"value", "spam"}, {"annotator", "ann"}};
  EXPECT_EQ(live_.post(path, unasked, ben).status, 403);
  EXPECT_EQ(live_.post(path, unasked, eve).json["annotator"], "ann");
  EXPECT_EQ(live_.get(path, ben).json["items"].size(), 0u);
  EXPECT_EQ(live_.get(path + "?annotator=ann", ben).status, 403);
  EXPECT_EQ(live_.get(path, ann).json["items"].size(), 2u);
  EXPECT_EQ(live_.get(path + "?annotator=ann", eve).json["items"].size(), 2u);
  const std::string undo = fmt::format("{}/1/undo", path);
  EXPECT_EQ(live_.call("POST " + undo, {}, ben).status, 403);
  EXPECT_EQ(live_.call("POST " + undo, {}, eve).status, 200);
}

TEST_F(Resources, ShowsTheRecordAndProvesIt) {
  make_labelled_work();
  const Json first = live_.get("/api/v1/events?limit=1").json;
  EXPECT_EQ(first["items"][0]["sequence"], 1);
  EXPECT_TRUE(first["next"].is_string()) << first;
  const Json rest = live_
                        .get(fmt::format("/api/v1/events?after={}&project=mail",
                                         first["next"].get<std::string>()))
                        .json;
  ASSERT_GE(rest["items"].size(), 1u);
  EXPECT_EQ(rest["items"][0]["previous_hash"], first["items"][0]["hash"]);
  const Json verdict = live_.get("/api/v1/ledger/verify").json;
  EXPECT_EQ(verdict["valid"], true);
  EXPECT_EQ(verdict["first_broken"], nullptr);
  EXPECT_EQ(live_.get("/api/v1/ledger/verify?sequence=1&hash=00").json["valid"], false);
  EXPECT_EQ(live_.get("/api/v1/ledger/verify?sequence=1").status, 400);
}

TEST_F(Resources, FollowsChangesAsTheyHappen) {
  make_project();
  RawClient client(live_.port());
  client.send("GET /api/v1/events/stream?project=mail HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const auto head = client.read_through("\r\n\r\n");
  ASSERT_TRUE(head);
  EXPECT_NE(head->find("text/event-stream"), std::string::npos);
  for (int i = 0; i < 100 && live_.server().counts().feeds == 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  live_.post("/api/v1/projects", {{"name", "other"}});
  take_in("text\none\n", "text/csv");
  const auto text = client.read_through("\n\n");
  ASSERT_TRUE(text);
  EXPECT_TRUE(text->starts_with("event: change\nid: ")) << *text;
  const Json data = Json::parse(text->substr(text->find("data: ") + 6));
  EXPECT_EQ(data["project"], "mail");
  EXPECT_TRUE(data["kind"].is_string());

  RawClient late(live_.port());
  late.send("GET /api/v1/events/stream HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 1\r\n\r\n");
  EXPECT_TRUE(late.read_through("id: 2\n"));
  EXPECT_TRUE(late.read_through("id: 3\n"));
  EXPECT_EQ(live_.get("/api/v1/events/stream?project=none").status, 404);
}

TEST_F(Resources, ListsAndCancelsJobs) {
  make_project();
  const Project row = storage::project(live_.store(), "mail");
  const Job job = labelling::enqueue_cycle_job(live_.store(), row.id, "test");
  const std::string path = fmt::format("/api/v1/jobs/{}", job.id);
  EXPECT_EQ(live_.get(path).json["state"], "queued");
  EXPECT_EQ(live_.get("/api/v1/jobs?state=queued&project=mail").json["items"].size(), 1u);
  EXPECT_EQ(live_.get("/api/v1/jobs?state=failed").json["items"].size(), 0u);
  EXPECT_EQ(live_.call(fmt::format("POST {}/cancel", path)).json["state"], "cancelled");
  EXPECT_EQ(live_.call(fmt::format("POST {}/cancel", path)).status, 409);
  EXPECT_EQ(live_.get("/api/v1/jobs/999").status, 404);
}

TEST_F(Resources, ListsPluginsAndSettings) {
  const Json plugins = live_.get("/api/v1/plugins").json;
  EXPECT_GE(plugins["strategies"].size(), 1u);
  EXPECT_GE(plugins["formats"].size(), 3u);
  for (const char* field : {"name", "summary", "source", "params"})
    EXPECT_TRUE(plugins["strategies"][0].contains(field));
  for (const Json& card : plugins["learners"]) {
    const std::string name = card["name"].get<std::string>();
    if (name == "forest") {
      EXPECT_EQ(card["tasks"], Json({"classification", "regression"}));
    }
    if (name == "ridge") {
      EXPECT_EQ(card["tasks"], Json({"regression"}));
    }
    EXPECT_FALSE(card["tasks"].empty()) << name;
  }
  bool found = false;
  const Json rows = live_.get("/api/v1/settings/project").json["items"];
  for (const Json& row : rows) {
    if (row["name"] != "batch_size") continue;
    found = true;
    Json expected = Json::parse(
        R"({"name": "batch_size", "type": "integer", "fallback": 20, "min": 1.0, "max": 10000.0,
            "choices": []})");
    expected["help"] =
        "Examples chosen at a time; unless set, auto begins with 10, or one for each class if "
        "those "
        "are more.";
    EXPECT_EQ(row, expected);
  }
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace querist::api
