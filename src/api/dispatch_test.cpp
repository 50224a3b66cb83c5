// What the door refuses, how it says so, and what it adds to every answer.
#include "api/dispatch.h"

#include <gtest/gtest.h>

#include "api/live_server.h"

namespace querist::api {
namespace {

TEST(Dispatch, NamesTheUnknownPath) {
  LiveServer live;
  const Answer answer = live.get("/api/v1/nothing");
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.code(), "not_found");
  EXPECT_NE(answer.message().find("/api/v1/nothing"), std::string::npos);
}

TEST(Dispatch, ListsTheMethodsOfAPath) {
  LiveServer live;
  const Answer answer = live.call("DELETE /api/v1/projects");
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.code(), "method_not_allowed");
  EXPECT_EQ(answer.reply.header("allow"), "GET, HEAD, OPTIONS, POST");
  const Answer options = live.call("OPTIONS /api/v1/projects");
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.reply.header("allow"), "GET, HEAD, OPTIONS, POST");
  EXPECT_EQ(live.call("BREW /api/v1/projects").status, 405);
}

TEST(Dispatch, AnswersHeadLikeGetWithoutTheBody) {
  LiveServer live;
  const Answer answer = live.call("HEAD /api/v1/projects");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.reply.header("content-length"),
            live.get("/api/v1/projects").reply.header("content-length"));
}

TEST(Dispatch, NamesTheUnknownField) {
  LiveServer live;
  const Answer answer = live.post("/api/v1/projects", {{"name", "a"}, {"colour", "red"}});
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.code(), "invalid_argument");
  EXPECT_NE(answer.message().find("colour"), std::string::npos);
  const Answer query = live.get("/api/v1/projects?colour=red");
  EXPECT_EQ(query.status, 400);
  EXPECT_NE(query.message().find("colour"), std::string::npos);
  EXPECT_EQ(live.get("/api/v1/projects?limit=1&limit=2").status, 400);
}

TEST(Dispatch, NamesTheFieldOfAWrongType) {
  LiveServer live;
  const std::pair<const char*, const char*> wrong[] = {
      {R"({"name": 7})", "name"},
      {R"({"name": ["a"]})", "name"},
      {R"({"name": "a", "classes": "x"})", "classes"},
      {R"({"name": "a", "classes": [1]})", "classes"},
      {R"({"name": "a", "settings": []})", "settings"},
      {R"({"classes": []})", "name"},
      {R"({"name": null})", "name"},
      {R"({"name": "a", "settings": {"batch_size": "many"}})", "batch_size"}};
  for (const auto& [body, field] : wrong) {
    const Answer answer = live.call("POST /api/v1/projects", body);
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_NE(answer.message().find(field), std::string::npos) << answer.message();
  }
}

TEST(Dispatch, RefusesWhatIsNoJson) {
  LiveServer live;
  std::string deep(10'000, '[');
  deep += std::string(10'000, ']');
  const std::string bodies[] = {"{",
                                "{\"name\": }",
                                "[1, 2]",
                                "7",
                                "\"a\"",
                                "null",
                                "{\"name\": \"\xff\xfe\"}",
                                "{\"name\": \"a\"} x",
                                deep,
                                "{\"name\": {\"a\": " + deep + "}}"};
  for (const std::string& body : bodies) {
    const Answer answer = live.call("POST /api/v1/projects", body);
    EXPECT_EQ(answer.status, 400) << body.substr(0, 40);
    EXPECT_EQ(answer.code(), "invalid_argument") << body.substr(0, 40);
  }
  EXPECT_EQ(live.get("/api/v1/projects").json["items"].size(), 0u);
}

TEST(Dispatch, RefusesBrokenPaths) {
  LiveServer live;
  for (const char* path : {"/api/v1/projects/%zz", "/api/v1/projects/%00", "/api/v1/projects/%ff",
                           "/api/v1/projects/a%2", "/api/v1/projects?q=%zz", "/%"}) {
    EXPECT_EQ(live.get(path).status, 400) << path;
  }
  for (const char* path :
       {"/api/v1/projects/", "/api/v1/projects/a%2fb", "/api/v1/projects/..%2f..", "//",
        "/api//v1/projects", "/api/v1/projects/a/examples/abc", "/api/v1/jobs/-1",
        "/api/v1/jobs/99999999999999999999"}) {
    const int status = live.get(path).status;
    EXPECT_TRUE(status == 404 || (status == 200 && std::string_view(path) == "//"))
        << path << " " << status;
  }
}

TEST(Dispatch, BoundsPages) {
  LiveServer live;
  for (const char* query :
       {"limit=0", "limit=1001", "limit=-1", "limit=abc", "limit=", "after=-1", "after=1e3"}) {
    EXPECT_EQ(live.get(fmt::format("/api/v1/projects?{}", query)).status, 400) << query;
  }
  EXPECT_EQ(live.get("/api/v1/projects?limit=1000&after=0").status, 200);
}

TEST(Dispatch, RefusesPackedBodies) {
  LiveServer live;
  const Answer answer =
      live.post("/api/v1/projects", {{"name", "a"}}, "Content-Encoding: gzip\r\n");
  EXPECT_EQ(answer.status, 415);
  EXPECT_NE(answer.message().find("gzip"), std::string::npos);
  EXPECT_EQ(live.post("/api/v1/projects", {{"name", "a"}}, "Content-Encoding: identity\r\n").status,
            201);
}

TEST(Dispatch, StatesTheLimitOfABody) {
  LiveServer live;
  const Answer answer = live.call("POST /api/v1/projects", std::string((size_t{1} << 20) + 1, ' '));
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.code(), "resource_exhausted");
  EXPECT_NE(answer.message().find("1048576"), std::string::npos);
}

TEST(Dispatch, GivesBackTheRequestsId) {
  LiveServer live;
  EXPECT_EQ(live.get("/api/v1/server", "X-Request-Id: abc-1.2_3\r\n").reply.header("x-request-id"),
            "abc-1.2_3");
  const Answer failed = live.get("/api/v1/nothing", "X-Request-Id: abc\r\n");
  EXPECT_EQ(failed.json["error"]["request_id"], "abc");
  const std::string made =
      live.get("/api/v1/server", "X-Request-Id: not \"plain\"\r\n").reply.header("x-request-id");
  EXPECT_EQ(made.size(), 16u);
}

TEST(Dispatch, SecuresEveryAnswer) {
  LiveServer live;
  for (const char* path :
       {"/", "/api/v1/server", "/api/v1/nothing", "/openapi.json", "/missing.js"}) {
    const Reply reply = live.get(path).reply;
    EXPECT_NE(reply.header("content-security-policy").find("frame-ancestors 'none'"),
              std::string::npos)
        << path;
    EXPECT_EQ(reply.header("x-content-type-options"), "nosniff") << path;
    EXPECT_EQ(reply.header("referrer-policy"), "same-origin") << path;
    EXPECT_EQ(reply.header("access-control-allow-origin"), "") << path;
  }
  EXPECT_EQ(live.get("/api/v1/server").reply.header("cache-control"), "no-store");
}

TEST(Dispatch, WantsOneHost) {
  LiveServer live;
  EXPECT_EQ(live.call("GET /api/v1/server", {}, "Host: localhost\r\nHost: localhost\r\n").status,
            400);
  RawClient client(live.port());
  EXPECT_EQ(client.exchange("GET /api/v1/server HTTP/1.1\r\n\r\n").status, 400);
  RawClient other(live.port());
  EXPECT_EQ(other.exchange("GET http://localhost/api/v1/server HTTP/1.1\r\nHost: localhost\r\n\r\n")
                .status,
            400);
}

TEST(Dispatch, SaysThatItWasBuiltWithoutItsPage) {
  LiveServer live({}, {});
  const Answer answer = live.get("/");
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.reply.body.find("without its web page"), std::string::npos);
  EXPECT_EQ(live.get("/app.js").status, 404);
}

TEST(Dispatch, ServesThePage) {
  const std::vector<Asset> assets = {{"/index.html", "<!doctype html>hello"},
                                     {"/assets/app-1a2b.js", "let a = 1;"}};
  LiveServer live({}, assets);
  const Reply index = live.get("/").reply;
  EXPECT_EQ(index.body, "<!doctype html>hello");
  EXPECT_EQ(index.header("content-type"), "text/html; charset=utf-8");
  EXPECT_EQ(index.header("cache-control"), "no-cache");
  EXPECT_EQ(live.get("/projects/sms/label").reply.body, index.body);
  EXPECT_EQ(live.get("/", fmt::format("If-None-Match: {}\r\n", index.header("etag"))).status, 304);
  const Reply script = live.get("/assets/app-1a2b.js").reply;
  EXPECT_EQ(script.header("content-type"), "text/javascript; charset=utf-8");
  EXPECT_NE(script.header("cache-control").find("immutable"), std::string::npos);
  EXPECT_EQ(live.get("/assets/gone.js").status, 404);
  EXPECT_EQ(live.get("/api/v1/gone").code(), "not_found");
  EXPECT_EQ(live.call("POST /projects").status, 404);
}

TEST(Dispatch, CountsItsAnswers) {
  LiveServer live;
  live.get("/api/v1/projects/none");
  const std::string text = live.get("/metrics").reply.body;
  EXPECT_NE(
      text.find(
          "querist_http_requests_total{route=\"GET /api/v1/projects/{project}\",status=\"404\"} 1"),
      std::string::npos)
      << text;
  EXPECT_NE(text.find("querist_connections"), std::string::npos);
}

TEST(Dispatch, RepeatsAnAnswerUnderItsKey) {
  LiveServer live;
  const Json body = {{"name", "once"}};
  const Answer first = live.post("/api/v1/projects", body, "Idempotency-Key: k1\r\n");
  const Answer again = live.post("/api/v1/projects", body, "Idempotency-Key: k1\r\n");
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.json, first.json);
  EXPECT_EQ(live.post("/api/v1/projects", {{"name", "other"}}, "Idempotency-Key: k1\r\n").status,
            409);
  EXPECT_EQ(live.post("/api/v1/projects", body).status, 409);
  EXPECT_EQ(live.post("/api/v1/projects", {{"name", "x"}},
                      "Idempotency-Key: " + std::string(201, 'k') + "\r\n")
                .status,
            400);
}

TEST(Dispatch, KeepsNoAnswerThatFailed) {
  LiveServer live;
  EXPECT_EQ(live.post("/api/v1/projects/p/leases", {{"count", 1}}, "Idempotency-Key: k\r\n").status,
            404);
  EXPECT_EQ(live.post("/api/v1/projects", {{"name", "p"}, {"classes", {"a", "b"}}}).status, 201);
  EXPECT_EQ(live.post("/api/v1/projects/p/leases", {{"count", 1}}, "Idempotency-Key: k\r\n").status,
            200);
}

TEST(Dispatch, RepeatsAnImportUnderItsKey) {
  LiveServer live;
  live.post("/api/v1/projects", {{"name", "p"}, {"classes", {"a", "b"}}});
  const std::string key = "Idempotency-Key: import-1\r\nContent-Type: text/csv\r\n";
  const std::string csv = "text\none\ntwo\n";
  const Answer first = live.call("POST /api/v1/projects/p/examples", csv, key);
  EXPECT_EQ(first.json["accepted"], 2) << first.reply.body;
  EXPECT_EQ(live.call("POST /api/v1/projects/p/examples", csv, key).json, first.json);
  EXPECT_EQ(live.call("POST /api/v1/projects/p/examples", "text\nthree\n", key).status, 409);
  EXPECT_EQ(live.call("POST /api/v1/projects/p/examples", csv, "Content-Type: text/csv\r\n")
                .json["duplicates"],
            2);
}

}  // namespace
}  // namespace querist::api
