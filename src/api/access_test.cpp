// Who gets in: tokens, sessions, the one-person mode, and requests that another site's page sends.
#include "api/access.h"

#include <gtest/gtest.h>

#include "api/live_server.h"
#include "storage/users.h"

namespace querist::api {
namespace {

TEST(Access, KnowsLoopbackNames) {
  for (const char* name : {"localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "[::1]", "::1"}) {
    EXPECT_TRUE(is_loopback_name(name)) << name;
  }
  for (const char* name : {"", "localhost.evil.com", "127.0.0.1.nip.io", "128.0.0.1", "0.0.0.0",
                           "[::2]", "127.1", "10.0.0.1"}) {
    EXPECT_FALSE(is_loopback_name(name)) << name;
  }
}

TEST(Access, WorksForOnePersonWithoutUsers) {
  LiveServer live;
  const Answer answer = live.get("/api/v1/server");
  EXPECT_EQ(answer.json["one_person_mode"], true);
  EXPECT_EQ(answer.json["user"]["role"], "admin");
  EXPECT_EQ(live.post("/api/v1/projects", {{"name", "p"}}).status, 201);
}

TEST(Access, RefusesAForeignHostInOnePersonMode) {
  LiveServer live;
  for (const char* host :
       {"evil.example", "evil.example:8080", "localhost.evil.example", "192.168.1.5:80"}) {
    const std::string header = fmt::format("Host: {}\r\n", host);
    EXPECT_EQ(live.get("/api/v1/projects", header).status, 403) << host;
    EXPECT_EQ(live.get("/", header).status, 403) << host;
    EXPECT_EQ(live.post("/api/v1/projects", {{"name", "p"}}, header).status, 403) << host;
  }
  for (const char* host : {"localhost:8080", "127.0.0.1:1", "[::1]:9"}) {
    EXPECT_EQ(live.get("/api/v1/projects", fmt::format("Host: {}\r\n", host)).status, 200) << host;
  }
}

TEST(Access, RefusesChangesFromAnotherSitesPage) {
  LiveServer live;
  const std::string host = "Host: localhost:8080\r\n";
  const char* foreign[] = {"Origin: http://evil.example\r\n", "Origin: null\r\n",
                           "Origin: http://localhost:3000\r\n", "Sec-Fetch-Site: cross-site\r\n",
                           "Sec-Fetch-Site: same-site\r\n"};
  for (const char* header : foreign) {
    const Answer answer = live.post("/api/v1/projects", {{"name", "p"}}, host + header);
    EXPECT_EQ(answer.status, 403) << header;
    EXPECT_EQ(answer.code(), "permission_denied") << header;
  }
  EXPECT_EQ(live.get("/api/v1/projects").json["items"].size(), 0u);
  int number = 0;
  for (const char* header : {"Origin: http://localhost:8080\r\n", "Sec-Fetch-Site: same-origin\r\n",
                             "Sec-Fetch-Site: none\r\n"}) {
    const std::string name = fmt::format("p{}", ++number);
    EXPECT_EQ(live.post("/api/v1/projects", {{"name", name}}, host + header).status, 201) << header;
  }
}

TEST(Access, AsksForATokenOnceThereAreUsers) {
  LiveServer live;
  storage::add_user(live.store(), "ada", "correct horse battery", Role::admin, "test");
  const Answer answer = live.get("/api/v1/projects");
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.code(), "unauthenticated");
  EXPECT_EQ(answer.reply.header("www-authenticate"), "Bearer");
  EXPECT_EQ(live.get("/api/v1/server").json["user"], nullptr);
  EXPECT_EQ(live.get("/v2/health/ready").status, 200);
  for (const char* header : {"Authorization: Bearer wrong\r\n", "Authorization: Basic YTpi\r\n",
                             "Authorization: Bearer\r\n", "Cookie: querist_session=wrong\r\n",
                             "Cookie: querist_session=\r\n"}) {
    EXPECT_EQ(live.get("/api/v1/projects", header).status, 401) << header;
  }
  const std::string token = storage::add_token(live.store(), "ci", Role::annotator, "test").token;
  EXPECT_EQ(live.get("/api/v1/projects", fmt::format("Authorization: bearer {}\r\n", token)).status,
            200);
}

TEST(Access, HasNoOnePersonModeBeyondLoopback) {
  LiveServer live;
  live.app().on_loopback = false;
  const Answer answer = live.get("/api/v1/projects", "Host: labels.example\r\n");
  EXPECT_EQ(answer.status, 401);
  EXPECT_NE(answer.message().find("querist users add"), std::string::npos) << answer.message();
}

TEST(Access, RevokesTokens) {
  LiveServer live;
  const Answer made = live.post("/api/v1/tokens", {{"name", "ci"}, {"role", "engineer"}});
  EXPECT_EQ(made.status, 201);
  const std::string header =
      fmt::format("Authorization: Bearer {}\r\n", made.json["token"].get<std::string>());
  EXPECT_EQ(live.get("/api/v1/projects", header).status, 200);
  EXPECT_EQ(live.get("/api/v1/tokens", header).status, 403);
  EXPECT_FALSE(live.get("/api/v1/tokens").json["items"][0].contains("token"));
  EXPECT_EQ(
      live.call(fmt::format("DELETE /api/v1/tokens/{}", made.json["id"].get<int64_t>())).status,
      204);
  EXPECT_EQ(live.get("/api/v1/projects", header).status, 401);
}

class Sessions : public testing::Test {
 protected:
  Sessions() {
    storage::add_user(live_.store(), "ada", "correct horse battery", Role::admin, "test");
    const Answer answer =
        live_.post("/api/v1/sessions", {{"name", "ada"}, {"password", "correct horse battery"}});
    EXPECT_EQ(answer.status, 201) << answer.reply.body;
    cookie_ = answer.reply.header("set-cookie");
    csrf_ = answer.json["csrf_token"];
  }
  std::string headers(bool with_csrf = true) const {
    std::string text = fmt::format("Cookie: other=1; {}\r\n", cookie_.substr(0, cookie_.find(';')));
    if (with_csrf) text += fmt::format("X-CSRF-Token: {}\r\n", csrf_);
    return text;
  }
  LiveServer live_;
  std::string cookie_, csrf_;
};

TEST_F(Sessions, LiveInACookieThatScriptsCannotRead) {
  EXPECT_NE(cookie_.find("HttpOnly"), std::string::npos);
  EXPECT_NE(cookie_.find("SameSite=Strict"), std::string::npos);
  const Answer server = live_.get("/api/v1/server", headers(false));
  EXPECT_EQ(server.json["user"]["name"], "ada");
  EXPECT_EQ(server.json["csrf_token"], csrf_);
}

TEST_F(Sessions, NeedTheirCsrfTokenToChangeAnything) {
  EXPECT_EQ(live_.get("/api/v1/projects", headers(false)).status, 200);
  EXPECT_EQ(live_.post("/api/v1/projects", {{"name", "p"}}, headers(false)).status, 403);
  EXPECT_EQ(
      live_.post("/api/v1/projects", {{"name", "p"}}, headers(false) + "X-CSRF-Token: wrong\r\n")
          .status,
      403);
  EXPECT_EQ(
      live_.post("/api/v1/projects", {{"name", "p"}}, headers() + "Origin: http://evil.example\r\n")
          .status,
      403);
  EXPECT_EQ(live_.post("/api/v1/projects", {{"name", "p"}}, headers()).status, 201);
}

TEST_F(Sessions, EndWhenTheirUserSignsOut) {
  EXPECT_EQ(live_.call("DELETE /api/v1/sessions/current", {}, headers()).status, 204);
  EXPECT_EQ(live_.get("/api/v1/projects", headers()).status, 401);
}

TEST_F(Sessions, EndWhenTheirUserIsRemoved) {
  EXPECT_EQ(
      live_
          .post("/api/v1/users",
                {{"name", "bob"}, {"password", "another long one"}, {"role", "admin"}}, headers())
          .status,
      201);
  EXPECT_EQ(live_.call("DELETE /api/v1/users/ada", {}, headers()).status, 204);
  EXPECT_EQ(live_.get("/api/v1/projects", headers()).status, 401);
}

TEST_F(Sessions, AreNotOpenedByGuessing) {
  const Json wrong = {{"name", "ada"}, {"password", "wrong password"}};
  const Answer first = live_.post("/api/v1/sessions", wrong);
  EXPECT_EQ(first.status, 401);
  EXPECT_EQ(live_.post("/api/v1/sessions", {{"name", "nobody"}, {"password", "x"}}).message(),
            first.message());
  LoginThrottle throttle;
  for (int i = 0; i < LoginThrottle::failures_a_name; ++i) throttle.begin("ada", "1.2.3.4", 1000);
  EXPECT_THROW(throttle.begin("ada", "1.2.3.4", 2000), Error);
  EXPECT_NO_THROW(throttle.begin("ada", "5.6.7.8", 2000));
  EXPECT_NO_THROW(throttle.begin("ada", "1.2.3.4", 1000 + LoginThrottle::window_ms));
}

TEST_F(Sessions, ForgetFailuresOnceTheyOpen) {
  LoginThrottle throttle;
  for (int i = 0; i < 1000; ++i) {
    throttle.begin("ada", "1.2.3.4", 1000);
    throttle.succeeded("ada", "1.2.3.4");
  }
}

TEST(Access, LetsTheFirstUserOnlyBeAnAdmin) {
  LiveServer live;
  const Json bob = {{"name", "bob"}, {"password", "a long password"}, {"role", "annotator"}};
  EXPECT_EQ(live.post("/api/v1/users", bob).status, 400);
  EXPECT_EQ(live.get("/api/v1/server").json["one_person_mode"], true);
}

}  // namespace
}  // namespace querist::api
