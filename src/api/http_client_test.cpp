// The client against the real server: addresses, kept connections, errors in the server's words.
#include "api/http_client.h"

#include <gtest/gtest.h>

#include <thread>

#include "api/live_server.h"

namespace querist::api {
namespace {

TEST(ServerAddress, TakesApartWhatAPersonTypes) {
  const ServerAddress plain = parse_address("http://127.0.0.1:8080");
  EXPECT_FALSE(plain.secure);
  EXPECT_EQ(plain.host, "127.0.0.1");
  EXPECT_EQ(plain.port, "8080");
  EXPECT_EQ(plain.prefix, "");
  const ServerAddress secure = parse_address("https://labels.example.org/team/querist/");
  EXPECT_TRUE(secure.secure);
  EXPECT_EQ(secure.host, "labels.example.org");
  EXPECT_EQ(secure.port, "443");
  EXPECT_EQ(secure.prefix, "/team/querist");
  const ServerAddress six = parse_address("http://[::1]:81/");
  EXPECT_EQ(six.host, "::1");
  EXPECT_EQ(six.port, "81");
  EXPECT_EQ(parse_address("http://[::1]").port, "80");
  for (const char* wrong : {"", "h", "http://", "http://:80", "http://h:", "http://h:1x", "ftp://h",
                            "http://u@h", "http://h/?a", "http://[::1"}) {
    EXPECT_THROW(parse_address(wrong), Error) << wrong;
  }
}

static std::string url_of(const LiveServer& live) {
  return fmt::format("http://127.0.0.1:{}", live.port());
}

TEST(HttpClient, GoesOnWhenTheServerClosedAConnectionThatIdled) {
  LiveServer live({.idle_seconds = 0.1});
  HttpClient client({.url = url_of(live)});
  for (int i = 0; i < 3; ++i) {
    const std::string name = fmt::format("p{}", i);
    const Json made = parse_json(client.send(
        {.method = "POST", .target = "/api/v1/projects", .body = Json{{"name", name}}.dump()}));
    EXPECT_EQ(made["name"], name);
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
  }
  EXPECT_EQ(live.get("/api/v1/projects").json["items"].size(), 3u);
}

TEST(HttpClient, KeepsOneConnection) {
  LiveServer live;
  HttpClient client({.url = url_of(live)});
  for (int i = 0; i < 5; ++i) client.send({.method = "GET", .target = "/api/v1/server"});
  EXPECT_EQ(live.server().counts().connections, 1u);
}

TEST(HttpClient, ThrowsTheServersOwnWords) {
  LiveServer live;
  HttpClient client({.url = url_of(live)});
  try {
    client.send({.method = "GET", .target = "/api/v1/projects/none"});
    ADD_FAILURE() << "it was answered";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::not_found);
    EXPECT_NE(std::string(error.what()).find("none"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find(" (request "), std::string::npos);
  }
}

TEST(HttpClient, GivesUpOnAServerThatStaysAway) {
  auto live = std::make_unique<LiveServer>();
  HttpClient client({.url = url_of(*live), .patience_seconds = 0.3});
  client.send({.method = "GET", .target = "/api/v1/server"});
  live.reset();
  try {
    client.send({.method = "GET", .target = "/api/v1/server"});
    ADD_FAILURE() << "it was answered";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::unavailable);
    EXPECT_NE(std::string(error.what()).find("went away"), std::string::npos);
  }
}

TEST(HttpClient, LimitsTheTimeOfAnAnswer) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener, 8), 0);
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  HttpClient client(
      {.url = fmt::format("http://127.0.0.1:{}", ntohs(address.sin_port)), .answer_seconds = 0.2});
  EXPECT_THROW(client.send({.method = "GET", .target = "/api/v1/server"}), Error);
  ::close(listener);
}

}  // namespace
}  // namespace querist::api
