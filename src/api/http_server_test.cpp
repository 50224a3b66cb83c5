// The server against clients that are wrong, slow, many or gone; over real sockets.
#include "api/http_server.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <future>
#include <random>
#include <thread>

#include "api/body_stream.h"
#include "api/event_feed.h"
#include "api/raw_client.h"
#include "base/log.h"

namespace querist::api {
namespace {

using namespace std::chrono_literals;

// A server whose paths each try one ability.
class Server : public testing::Test {
 protected:
  Server() { set_log(LogLevel::off, false); }

  HttpServer& start(ServerOptions options = {}) {
    options.port = 0;
    const Door door = {
        .plan =
            [](const Incoming& in) {
              if (in.target == "/stream") return BodyPlan{size_t{1} << 30, true};
              if (in.target == "/refuse_stream") return BodyPlan{size_t{1} << 30, true};
              if (in.target == "/small_stream") return BodyPlan{1000, true};
              return BodyPlan{100'000, false};
            },
        .answer = [this](Incoming& in) { return answer(in); },
        .problem =
            [](int status, std::string_view message) {
              return Response{.status = status,
                              .headers = {{"Content-Type", "text/plain"}},
                              .body = std::string(message)};
            },
    };
    server_ = std::make_unique<HttpServer>(options, door);
    return *server_;
  }

  Response answer(Incoming& in) {
    if (in.target == "/slow") std::this_thread::sleep_for(300ms);
    if (in.target == "/wait") gate_.get_future().wait();
    if (in.target == "/refuse_stream") return {.status = 403, .body = "no"};
    if (in.target == "/stream" || in.target == "/small_stream") return read_stream(*in.stream);
    if (in.target == "/feed")
      return {.headers = {{"Content-Type", "text/event-stream"}}, .feed = feed_};
    if (in.target == "/inject") return {.headers = {{"X-Given", "a\r\nX-Evil: b"}}, .body = "ok"};
    if (in.target == "/big") return {.body = std::string(in.target.size() + 8'000'000, 'x')};
    return {.body = in.method + " " + in.target + " " + in.body};
  }

  Response read_stream(BodyStream& stream) {
    std::string buffer(10'000, 0);
    uint64_t total = 0;
    try {
      while (const size_t count = stream.read(buffer)) {
        total += count;
        if (pause_reading_) std::this_thread::sleep_for(1ms);
      }
    } catch (const Error& error) {
      broken_ = error.what();
      return {.status = error.code() == Code::resource_exhausted ? 413 : 400, .body = error.what()};
    }
    return {.body = std::to_string(total)};
  }

  std::promise<void> gate_;
  std::shared_ptr<EventFeed> feed_ = std::make_shared<EventFeed>();
  std::atomic<bool> pause_reading_ = false;
  std::string broken_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(Server, AnswersSeveralRequestsOnOneConnection) {
  RawClient client(start().port());
  EXPECT_EQ(client.exchange("GET /a HTTP/1.1\r\nHost: h\r\n\r\n").body, "GET /a ");
  EXPECT_EQ(client.exchange("POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi").body,
            "POST /b hi");
  const Reply last = client.exchange("GET /c HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(last.body, "GET /c ");
  EXPECT_EQ(last.header("connection"), "close");
  EXPECT_TRUE(client.ended());
}

TEST_F(Server, AnswersPipelinedRequestsInTheirOrder) {
  RawClient client(start().port());
  std::string all = "GET /slow HTTP/1.1\r\nHost: h\r\n\r\n";
  for (int i = 0; i < 50; ++i) {
    all += fmt::format("POST /{} HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", i);
  }
  client.send(all);
  EXPECT_EQ(client.reply().body, "GET /slow ");
  for (int i = 0; i < 50; ++i) EXPECT_EQ(client.reply().body, fmt::format("POST /{} abc", i));
}

TEST_F(Server, TakesChunkedBodies) {
  RawClient client(start().port());
  const Reply reply = client.exchange(
      "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n");
  EXPECT_EQ(reply.body, "POST /c abcdefg");
}

TEST_F(Server, RefusesWhatIsNoRequest) {
  const uint16_t port = start().port();
  const std::string_view broken[] = {
      "nonsense\r\n\r\n",
      "GET /\r\n\r\n",
      "GET / HTTP/9.9\r\n\r\n",
      "GET / HTTP/1.1\r\nNo colon here\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: -4\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd",
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: "
      "chunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
      "GE\x01T / HTTP/1.1\r\nHost: h\r\n\r\n",
      std::string_view("GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n", 28),
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",  // The start of a TLS handshake.
  };
  for (const std::string_view text : broken) {
    RawClient client(port);
    const Reply reply = client.exchange(text);
    EXPECT_EQ(reply.status, 400) << text;
    EXPECT_TRUE(client.ended()) << text;
  }
  EXPECT_EQ(RawClient(port).exchange("GET /fine HTTP/1.1\r\nHost: h\r\n\r\n").status, 200);
}

TEST_F(Server, OutlivesGarbledRequests) {
  const uint16_t port = start().port();
  const std::string whole =
      "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
      "POST /stream HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello";
  std::mt19937 random(7);
  for (int i = 0; i < 500; ++i) {
    std::string text = whole.substr(0, random() % whole.size() + 1);
    for (int k = 0; k < 3; ++k) text[random() % text.size()] = static_cast<char>(random());
    RawClient client(port);
    client.send(text);
    client.end_sending();
    const Reply reply = client.reply();
    EXPECT_TRUE(reply.status == 0 || reply.status == 200 ||
                (reply.status >= 400 && reply.status < 500))
        << reply.status << text;
  }
  EXPECT_EQ(RawClient(port).exchange("GET /fine HTTP/1.1\r\nHost: h\r\n\r\n").status, 200);
}

TEST_F(Server, StatesTheLimitOfHeaders) {
  RawClient client(start().port());
  client.send("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(40'000, 'a') + "\r\n\r\n");
  const Reply reply = client.reply();
  EXPECT_EQ(reply.status, 431);
  EXPECT_NE(reply.body.find("16384"), std::string::npos) << reply.body;
  EXPECT_TRUE(client.ended());
}

TEST_F(Server, StatesTheLimitOfBodiesBeforeTakingThem) {
  const uint16_t port = start().port();
  RawClient declared(port);
  const Reply reply =
      declared.exchange("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100001\r\n\r\n");
  EXPECT_EQ(reply.status, 413);
  EXPECT_NE(reply.body.find("100000"), std::string::npos) << reply.body;

  RawClient chunked(port);
  chunked.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 12; ++i) chunked.send("2710\r\n" + std::string(10'000, 'x') + "\r\n");
  EXPECT_EQ(chunked.reply().status, 413);

  RawClient fits(port);
  const std::string body(100'000, 'y');
  EXPECT_EQ(
      fits.exchange("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n" + body).body,
      "POST / " + body);
}

TEST_F(Server, GivesUpOnHeadersThatTrickle) {
  RawClient client(start({.header_seconds = 0.3, .idle_seconds = 5}).port());
  const auto begin = std::chrono::steady_clock::now();
  std::string_view text = "GET / HTTP/1.1\r\nHost: hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh";
  while (!text.empty() && client.send(text.substr(0, 1)) &&
         std::chrono::steady_clock::now() - begin < 1s) {
    text.remove_prefix(1);
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_EQ(client.reply().status, 408);
  EXPECT_TRUE(client.ended());
}

TEST_F(Server, GivesUpOnBodiesThatTrickle) {
  RawClient client(start({.body_seconds = 0.3}).port());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n");
  for (int i = 0; i < 20; ++i) {
    client.send("x");
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_EQ(client.reply().status, 408);
}

TEST_F(Server, EndsIdleConnections) {
  RawClient client(start({.idle_seconds = 0.2}).port());
  EXPECT_EQ(client.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status, 200);
  EXPECT_TRUE(client.ended());
}

TEST_F(Server, InvitesBodiesThatWaitForIt) {
  RawClient client(start().port());
  const Reply first = client.exchange(
      "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(first.status, 100);
  EXPECT_EQ(client.exchange("hi").body, "POST /e hi");
  EXPECT_EQ(
      client.exchange("POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: tea\r\n\r\n")
          .status,
      417);
}

TEST_F(Server, RefusesAStreamBeforeInvitingIt) {
  RawClient client(start().port());
  const Reply first = client.exchange(
      "POST /refuse_stream HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: "
      "100-continue\r\n\r\n");
  EXPECT_EQ(first.status, 403);
  EXPECT_TRUE(client.ended());
}

TEST_F(Server, StreamsABodyLargerThanWhatItHolds) {
  pause_reading_ = true;
  RawClient client(start().port());
  constexpr size_t total = size_t{8} << 20;
  client.send(fmt::format("POST /stream HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n", total));
  const std::string piece(size_t{1} << 20, 'z');
  for (size_t sent = 0; sent < total; sent += piece.size()) ASSERT_TRUE(client.send(piece));
  EXPECT_EQ(client.reply().body, std::to_string(total));
  EXPECT_EQ(client.exchange("GET /next HTTP/1.1\r\nHost: h\r\n\r\n").body, "GET /next ");
}

TEST_F(Server, StreamsAnEmptyBodyToo) {
  RawClient client(start().port());
  EXPECT_EQ(client.exchange("POST /stream HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n").body,
            "0");
  EXPECT_EQ(client.exchange("POST /stream HTTP/1.1\r\nHost: h\r\n\r\n").body, "0");
}

TEST_F(Server, TellsTheReaderWhenAStreamBreaksOff) {
  {
    RawClient client(start().port());
    client.send("POST /stream HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nabc");
    std::this_thread::sleep_for(100ms);
  }
  for (int i = 0; i < 100 && server_->counts().connections > 0; ++i)
    std::this_thread::sleep_for(20ms);
  server_->stop();
  EXPECT_NE(broken_, "");
}

TEST_F(Server, CutsAStreamAtItsLimit) {
  RawClient client(start().port());
  client.send("POST /small_stream HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 5; ++i) client.send("190\r\n" + std::string(400, 'x') + "\r\n");
  EXPECT_EQ(client.reply().status, 413);
}

TEST_F(Server, HoldsNoMoreThanItMayOfOneStream) {
  BodyStream stream([] {});
  EXPECT_FALSE(stream.has_room());  // Nothing is fed before someone reads.
  std::thread reader([&] {
    std::string out(1, 0);
    EXPECT_EQ(stream.read(out), 1u);
  });
  while (!stream.has_room()) std::this_thread::sleep_for(1ms);
  size_t fed = 0;
  for (; stream.has_room() && fed < 100; ++fed) stream.feed(std::string(size_t{64} << 10, 'x'));
  reader.join();
  EXPECT_LE(fed, 17u);
}

TEST_F(Server, AnswersANewClientBesideTwoThousandIdleOnes) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  ASSERT_GE(limit.rlim_cur, 5000u);
  const uint16_t port = start().port();
  std::vector<RawClient> idle;
  for (int i = 0; i < 2000; ++i) {
    idle.emplace_back(port);
    ASSERT_TRUE(idle.back().connected()) << i;
  }
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(RawClient(port).exchange("GET /new HTTP/1.1\r\nHost: h\r\n\r\n").body, "GET /new ");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
  for (size_t i = 0; i < idle.size(); i += 100) {
    EXPECT_EQ(idle[i].exchange("GET /old HTTP/1.1\r\nHost: h\r\n\r\n").body, "GET /old ");
  }
  EXPECT_GE(server_->counts().connections, 2000u);
}

TEST_F(Server, GivesUpItsLongestIdleClientForANewOne) {
  const uint16_t port = start({.max_connections = 20}).port();
  std::vector<RawClient> idle;
  for (int i = 0; i < 20; ++i) {
    idle.emplace_back(port);
    ASSERT_EQ(idle.back().exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status, 200);
  }
  EXPECT_EQ(RawClient(port).exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status, 200);
  EXPECT_TRUE(idle.front().ended());
  EXPECT_EQ(idle.back().exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status, 200);
}

TEST_F(Server, SaysItIsBusyWhenItsQueueIsFull) {
  const uint16_t port = start({.workers = 1, .max_queued_requests = 1}).port();
  RawClient running(port);
  running.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  for (int i = 0; i < 100 && server_->counts().running < 1; ++i) std::this_thread::sleep_for(10ms);
  std::this_thread::sleep_for(50ms);
  RawClient queued(port);
  queued.send("GET /queued HTTP/1.1\r\nHost: h\r\n\r\n");
  for (int i = 0; i < 100 && server_->counts().running < 2; ++i) std::this_thread::sleep_for(10ms);
  const Reply reply = RawClient(port).exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.header("retry-after"), "1");
  gate_.set_value();
  EXPECT_EQ(running.reply().status, 200);
  EXPECT_EQ(queued.reply().status, 200);
}

TEST_F(Server, AnswersHeadWithoutABody) {
  RawClient client(start().port());
  client.send("HEAD /h HTTP/1.1\r\nHost: h\r\n\r\n");
  const Reply reply = client.reply(true);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("content-length"), "8");
  EXPECT_EQ(client.exchange("GET /h HTTP/1.1\r\nHost: h\r\n\r\n").body, "GET /h ");
}

TEST_F(Server, LetsNoValueAddAHeader) {
  const Reply reply = RawClient(start().port()).exchange("GET /inject HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(reply.header("x-evil"), "");
  EXPECT_EQ(reply.header("x-given"), "aX-Evil: b");
}

TEST_F(Server, SendsLargeAnswersWhole) {
  const Reply reply = RawClient(start().port()).exchange("GET /big HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(reply.body.size(), 8'000'004u);
}

TEST_F(Server, DeliversEventsAndSignsOfLife) {
  RawClient client(start({.comment_seconds = 0.1}).port());
  client.send("GET /feed HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(client.read_through("\r\n\r\n"));
  EXPECT_TRUE(client.read_through(":\n\n"));
  std::thread sender([&] {
    for (int i = 1; i <= 1000; ++i) feed_->send(event_text("change", i, "{}"));
  });
  EXPECT_TRUE(client.read_through("event: change\nid: 1\ndata: {}\n\n"));
  EXPECT_TRUE(client.read_through("id: 1000\ndata: {}\n\n"));
  sender.join();
  EXPECT_EQ(server_->counts().feeds, 1u);
  feed_->close();
  EXPECT_TRUE(client.ended());
}

TEST_F(Server, DropsAFeedWhoseClientDoesNotRead) {
  RawClient client(start().port(), 4096);
  client.send("GET /feed HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(client.read_through("\r\n\r\n"));
  const std::string text = event_text("change", 1, std::string(10'000, 'x'));
  size_t sent = 0;
  for (; sent < 5000 && feed_->send(text); ++sent) std::this_thread::sleep_for(200us);
  EXPECT_LT(sent, 5000u);
  EXPECT_TRUE(feed_->dropped());
  for (int i = 0; i < 100 && server_->counts().feeds > 0; ++i) std::this_thread::sleep_for(20ms);
  EXPECT_EQ(server_->counts().feeds, 0u);
}

TEST_F(Server, NoticesThatAFeedsClientLeft) {
  {
    RawClient client(start().port());
    client.send("GET /feed HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_TRUE(client.read_through("\r\n\r\n"));
  }
  for (int i = 0; i < 100 && !feed_->closed(); ++i) std::this_thread::sleep_for(20ms);
  EXPECT_TRUE(feed_->closed());
  EXPECT_FALSE(feed_->send("x"));
}

TEST_F(Server, FinishesWhatRunsBeforeItStops) {
  const uint16_t port = start().port();
  RawClient idle(port), running(port), feeding(port);
  ASSERT_EQ(idle.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status, 200);
  feeding.send("GET /feed HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(feeding.read_through("\r\n\r\n"));
  running.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\nGET /second HTTP/1.1\r\nHost: h\r\n\r\n");
  while (server_->counts().running == 0) std::this_thread::sleep_for(1ms);
  server_->stop();
  const Reply reply = running.reply();
  EXPECT_EQ(reply.body, "GET /slow ");
  EXPECT_EQ(reply.header("connection"), "close");
  EXPECT_TRUE(idle.ended());
  EXPECT_TRUE(feeding.ended());
  EXPECT_FALSE(RawClient(port).connected());
}

TEST_F(Server, CutsWhatOutlastsTheDrain) {
  RawClient client(start({.drain_seconds = 0.2}).port());
  client.send("POST /stream HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nabc");
  while (server_->counts().running == 0) std::this_thread::sleep_for(1ms);
  const auto begin = std::chrono::steady_clock::now();
  server_->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
}

TEST_F(Server, SaysThatItsPortIsTaken) {
  const uint16_t port = start().port();
  EXPECT_NE(port, 0);
  try {
    const HttpServer second({.port = port}, Door{});
    FAIL() << "the port was given twice";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::unavailable);
    EXPECT_NE(std::string(error.what()).find("--port"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace querist::api
