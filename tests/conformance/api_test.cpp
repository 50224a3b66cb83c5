// What every route keeps, whatever it does: its role, its rows, and its place in the description.
#include <gtest/gtest.h>

#include <set>

#include "api/live_server.h"
#include "api/openapi.h"
#include "storage/users.h"

namespace querist::api {
namespace {

constexpr Role roles[] = {Role::annotator, Role::reviewer, Role::engineer, Role::officer,
                          Role::admin};

// A path of the route with every parameter filled in.
std::string line_of(const Route& route) {
  std::string line(route.pattern);
  for (size_t at = line.find('{'); at != std::string::npos; at = line.find('{')) {
    const size_t end = line.find('}', at);
    const bool text = is_text_parameter(std::string_view(line).substr(at + 1, end - at - 1));
    line.replace(at, end - at + 1, text ? "nothing" : "999999");
  }
  return line;
}

// A body that passes the route's rows, so that what answers is the handler.
std::string body_of(const Route& route) {
  Json body = Json::object();
  for (const Field& field : route.request) {
    if (!field.required) continue;
    const Json values[] = {"nothing",     999'999,        1.5,       true,
                           Json::array(), Json::object(), "nothing", "2026-01-01T00:00:00Z"};
    body[std::string(field.name)] = values[static_cast<size_t>(field.type)];
  }
  return route.body == BodyKind::json && !route.request.empty() ? body.dump() : "";
}

class EveryRoute : public testing::Test {
 protected:
  static bool stays_open(const Route& route) { return route.media == "text/event-stream"; }
};

TEST_F(EveryRoute, LetInExactlyWhoMay) {
  LiveServer live;
  storage::add_user(live.store(), "ada", "correct horse battery", Role::admin, "test");
  std::map<Role, std::string> headers;
  for (const Role role : roles) {
    const std::string token =
        storage::add_token(live.store(), std::string(word(role)), role, "test").token;
    headers[role] = fmt::format("Authorization: Bearer {}\r\n", token);
  }
  for (const Route& route : all_routes()) {
    const std::string line = line_of(route);
    const int without =
        live.call(stays_open(route) && !route.role ? "HEAD " + line.substr(4) : line,
                  body_of(route))
            .status;
    if (route.role) {
      EXPECT_EQ(without, 401) << line;
    } else {
      EXPECT_NE(without, 403) << line;
    }
    for (const Role role : roles) {
      const std::string asked = stays_open(route) ? "HEAD " + line.substr(4) : line;
      const int status = live.call(asked, body_of(route), headers[role]).status;
      if (route.role && role < *route.role) {
        EXPECT_EQ(status, 403) << line << " as " << word(role);
      } else {
        EXPECT_TRUE(status != 403 && status != 0 && status != 500 && (status != 401 || !route.role))
            << line << " as " << word(role) << " gave " << status;
      }
    }
  }
}

TEST_F(EveryRoute, RefuseWhatTheirRowsDoNotDeclare) {
  LiveServer live;
  for (const Route& route : all_routes()) {
    const std::string line = line_of(route);
    const Answer query = live.call(line + "?surprise=1", body_of(route));
    EXPECT_EQ(query.status, 400) << line;
    EXPECT_NE(query.message().find("surprise"), std::string::npos)
        << line << " " << query.message();
    if (route.body != BodyKind::json || line.starts_with("GET")) continue;
    const Answer body = live.call(line, R"({"surprise": 1})");
    EXPECT_EQ(body.status, 400) << line;
    EXPECT_NE(body.message().find("surprise"), std::string::npos) << line << " " << body.message();
  }
}

TEST_F(EveryRoute, NameTheirProjectWhenThereIsNone) {
  LiveServer live;
  for (const Route& route : all_routes()) {
    if (route.pattern.find("{project}") == std::string_view::npos) continue;
    std::string headers;
    if (route.body == BodyKind::stream) headers = "Content-Type: text/csv\r\n";
    const Answer answer = live.call(line_of(route), body_of(route), headers);
    EXPECT_EQ(answer.status, 404) << route.pattern;
    EXPECT_NE(answer.message().find("nothing"), std::string::npos)
        << route.pattern << answer.message();
  }
}

TEST_F(EveryRoute, AreWrittenOnceAndSayWhatTheyDo) {
  std::set<std::string_view> patterns;
  for (const Route& route : all_routes()) {
    EXPECT_TRUE(patterns.insert(route.pattern).second) << route.pattern;
    EXPECT_FALSE(route.summary.empty()) << route.pattern;
    EXPECT_TRUE(route.summary.ends_with('.')) << route.pattern;
    EXPECT_EQ(route.success == 204, route.response.empty() && route.pattern.starts_with("DELETE"))
        << route.pattern;
  }
  EXPECT_GT(patterns.size(), 25u);
}

TEST_F(EveryRoute, StandInTheDescription) {
  LiveServer live;
  const Json description = live.get("/openapi.json").json;
  EXPECT_EQ(description["openapi"], "3.1.0");
  std::set<std::string> ids;
  for (const Route& route : all_routes()) {
    const size_t space = route.pattern.find(' ');
    const std::string path(route.pattern.substr(space + 1));
    const Json& operation = description["paths"][path][lower_case(route.pattern.substr(0, space))];
    ASSERT_TRUE(operation.is_object()) << route.pattern;
    EXPECT_TRUE(ids.insert(operation["operationId"]).second) << route.pattern;
    EXPECT_TRUE(operation["responses"].contains(std::to_string(route.success))) << route.pattern;
    EXPECT_EQ(operation["security"].empty(), !route.role) << route.pattern;
    size_t in_path = 0;
    for (const Json& parameter : operation["parameters"]) in_path += parameter["in"] == "path";
    EXPECT_EQ(in_path, std::count(path.begin(), path.end(), '{')) << route.pattern;
  }
}

}  // namespace
}  // namespace querist::api
