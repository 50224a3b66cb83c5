// For tests: the whole API on a fresh store and a free port, and JSON calls to it over real
// sockets.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "api/app.h"
#include "api/dispatch.h"
#include "api/http_server.h"
#include "api/raw_client.h"
#include "base/log.h"
#include "storage/store.h"

namespace querist::api {

struct Answer {
  int status = 0;
  Json json;
  Reply reply;

  std::string code() const {
    return json.is_object() && json.contains("error") ? json["error"]["code"] : "";
  }
  std::string message() const {
    return json.is_object() && json.contains("error") ? json["error"]["message"] : "";
  }
};

class LiveServer {
 public:
  explicit LiveServer(ServerOptions options = {},
                      const std::vector<Asset>& assets = embedded_assets()) {
    set_log(LogLevel::off, false);
    std::string name = (std::filesystem::temp_directory_path() / "querist_api_XXXXXX").string();
    if (!::mkdtemp(name.data())) fail(Code::internal, "no temporary folder");
    folder_ = name;
    store_ = storage::open_store(folder_);
    hub_ = std::make_unique<EventHub>(*store_);
    workshops_ = std::make_unique<loop::Workshops>(*store_);
    deployments_ = std::make_unique<serving::Deployments>(*store_);
    app_.reset(new App{*store_, *hub_, telemetry_, *workshops_, *deployments_, "0.0.0", "test"});
    app_->started_at = store_->now();
    app_->ready = true;
    dispatcher_ = std::make_unique<Dispatcher>(*app_, all_routes(), assets);
    options.port = 0;
    server_ = std::make_unique<HttpServer>(options, dispatcher_->door());
    app_->server_counts = [this] { return server_->counts(); };
  }
  ~LiveServer() {
    server_->stop();
    hub_.reset();
    deployments_.reset();
    workshops_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  LiveServer(const LiveServer&) = delete;

  App& app() { return *app_; }
  storage::Store& store() { return *store_; }
  HttpServer& server() { return *server_; }
  uint16_t port() const { return server_->port(); }

  // "POST /api/v1/projects"; headers end with \r\n each.
  Answer call(std::string_view line, std::string_view body = {}, std::string_view headers = {}) {
    const std::string host =
        headers.find("Host:") == std::string_view::npos ? "Host: localhost\r\n" : "";
    RawClient client(port());
    client.send(fmt::format("{} HTTP/1.1\r\n{}{}Content-Length: {}\r\nConnection: close\r\n\r\n{}",
                            line, host, headers, body.size(), body));
    Answer answer;
    answer.reply = client.reply(line.starts_with("HEAD "));
    answer.status = answer.reply.status;
    answer.json = Json::parse(answer.reply.body, nullptr, false);
    return answer;
  }
  Answer post(std::string_view path, const Json& body, std::string_view headers = {}) {
    return call(fmt::format("POST {}", path), body.dump(), headers);
  }
  Answer get(std::string_view path, std::string_view headers = {}) {
    return call(fmt::format("GET {}", path), {}, headers);
  }

 private:
  std::filesystem::path folder_;
  std::unique_ptr<storage::Store> store_;
  Telemetry telemetry_;
  std::unique_ptr<EventHub> hub_;
  std::unique_ptr<loop::Workshops> workshops_;
  std::unique_ptr<serving::Deployments> deployments_;
  std::unique_ptr<App> app_;
  std::unique_ptr<Dispatcher> dispatcher_;
  std::unique_ptr<HttpServer> server_;
};

}  // namespace querist::api
