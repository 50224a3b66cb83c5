// A blocking client for tests: it sends exactly the bytes it is given and reads what comes back.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "api/http_text.h"
#include "base/error.h"

namespace querist::api {

struct Reply {
  int status = 0;
  std::string head;  // Status line and headers.
  std::string body;

  std::string header(std::string_view name) const {
    const std::string wanted = "\r\n" + lower_case(name) + ":";
    const size_t at = lower_case(head).find(wanted);
    if (at == std::string::npos) return {};
    const size_t begin = head.find_first_not_of(' ', at + wanted.size());
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }
};

class RawClient {
 public:
  explicit RawClient(uint16_t port, int receive_buffer = 0)
      : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_buffer)
      ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    const timeval patience{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ =
        ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawClient() {
    if (socket_ >= 0) ::close(socket_);
  }
  RawClient(RawClient&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)),
        connected_(other.connected_),
        pending_(std::move(other.pending_)) {}
  RawClient(const RawClient&) = delete;

  bool connected() const { return connected_; }

  // False when the other side has gone.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  void end_sending() { ::shutdown(socket_, SHUT_WR); }

  // Reads on until `mark` has come; nothing when the connection ends (or 10 s pass) before.
  std::optional<std::string> read_through(std::string_view mark) {
    for (size_t at = pending_.find(mark); true; at = pending_.find(mark)) {
      if (at != std::string::npos) {
        std::string text = pending_.substr(0, at + mark.size());
        pending_.erase(0, at + mark.size());
        return text;
      }
      if (!read_more()) return std::nullopt;
    }
  }

  // One whole answer; status 0 when none came.
  Reply reply(bool head_only = false) {
    Reply reply;
    const auto head = read_through("\r\n\r\n");
    if (!head) return reply;
    reply.head = *head;
    std::from_chars(head->data() + 9, head->data() + 12, reply.status);
    if (head_only || reply.status == 204 || reply.status == 304 || reply.status == 100)
      return reply;
    const std::string length = reply.header("content-length");
    size_t wanted = 0;
    std::from_chars(length.data(), length.data() + length.size(), wanted);
    while (pending_.size() < wanted && read_more()) {
    }
    reply.body = pending_.substr(0, wanted);
    pending_.erase(0, std::min(wanted, pending_.size()));
    return reply;
  }

  Reply exchange(std::string_view bytes) {
    send(bytes);
    return reply();
  }

  // Whether the server has ended the connection (and sent nothing more).
  bool ended() { return pending_.empty() && !read_more(); }

 private:
  bool read_more() {
    char buffer[65536];
    const ssize_t count = ::recv(socket_, buffer, sizeof buffer, 0);
    if (count <= 0) return false;
    pending_.append(buffer, static_cast<size_t>(count));
    return true;
  }

  int socket_;
  bool connected_ = false;
  std::string pending_;
};

}  // namespace querist::api
