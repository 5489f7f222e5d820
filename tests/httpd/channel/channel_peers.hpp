// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "httpd/websocket/socket_client.hpp"
#include "support/raw_client.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace perron::testing {

/// What a browser would send in an address.
inline std::string percent_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0)
      out += c;
    else
      (out += '%').append({digits[byte >> 4], digits[byte & 15]});
  }
  return out;
}

/// A client of the channel mounted at /live, by bytes. Blocks its thread.
class channel_peer {
public:
  using json = nlohmann::json;

  explicit channel_peer(std::uint16_t port, std::string id) : port_(port), id_(std::move(id)) {}
  channel_peer(const channel_peer&) = delete;
  channel_peer& operator=(const channel_peer&) = delete;
  virtual ~channel_peer() = default;

  /// Connects and subscribes; once.
  virtual void begin(const json& subscriptions) = 0;
  /// The next message but beats.
  virtual json next() = 0;
  /// The answer to a publish. Other messages that come before it are kept for next().
  virtual json publish(const json& message) { return post(json::array({message}))["messages"][0]; }

  /// The next message of a type; those before it are dropped.
  json next(std::string_view type) {
    for (;;) {
      json m = next();
      if (!m.is_object() || m["type"] == type)
        return m;
    }
  }
  json post(const json& messages) const {
    const answer a = raw_client::to(port_).ask(
        "POST /live/publish?client=" + id_ + " HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n" +
        with_length(messages.dump()));
    EXPECT_EQ(a.status, 200) << a.body;
    return json::parse(a.body, nullptr, false);
  }
  static std::string with_length(const std::string& body) {
    return "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }

  std::uint16_t port() const { return port_; }
  const std::string& id() const { return id_; }

private:
  std::uint16_t port_;
  std::string id_;
};

class websocket_peer final : public channel_peer {
public:
  using channel_peer::channel_peer;
  using channel_peer::next;

  void begin(const json& subscriptions) override {
    socket_ = std::make_unique<socket_client>(port(), "/live/ws?client=" + id());
    EXPECT_TRUE(socket_->is_open()) << socket_->head();
    for (const json& each : subscriptions)
      send(each);
  }
  void send(const json& message) const { EXPECT_TRUE(socket_->send(text_frame(message.dump()))); }
  json next() override {
    if (!kept_.empty()) {
      json first = std::move(kept_.front());
      kept_.pop_front();
      return first;
    }
    return read();
  }
  json publish(const json& message) override {
    send(message);
    for (;;) {
      json m = read();
      if (!m.is_object() || m["type"] == "ack" || m["type"] == "rejected")
        return m;
      kept_.push_back(std::move(m));
    }
  }
  socket_client& socket() { return *socket_; }

private:
  json read() {
    const auto frame = socket_->read_message();
    EXPECT_TRUE(frame && frame->op == opcode::text) << "the socket ended";
    return frame ? json::parse(frame->payload, nullptr, false) : json();
  }

  std::unique_ptr<socket_client> socket_;
  std::deque<json> kept_;
};

class stream_peer final : public channel_peer {
public:
  using channel_peer::channel_peer;
  using channel_peer::next;

  void begin(const json& subscriptions) override { begin(subscriptions, ""); }
  void begin(const json& subscriptions, const std::string& fields) {
    stream_ = std::make_unique<raw_client>(raw_client::to(port()));
    EXPECT_TRUE(stream_->send("GET /live/events?client=" + id() +
                              "&subscribe=" + percent_encoded(subscriptions.dump()) +
                              " HTTP/1.1\r\nHost: test\r\n" + fields + "\r\n"));
    head_ = stream_->read_until("\r\n\r\n");
    EXPECT_EQ(head_.substr(0, 13), "HTTP/1.1 200 ") << head_;
  }
  json next() override {
    for (;;) {
      const std::string chunk = stream_->read_until("\n\n\r\n");
      const std::size_t data = chunk.find("data: ");
      if (data == std::string::npos)
        return {};
      json m = json::parse(chunk.substr(data + 6, chunk.size() - data - 10), nullptr, false);
      if (m.is_object() && m["type"] != "beat")
        return m;
    }
  }
  const std::string& head() const { return head_; }
  raw_client& raw() { return *stream_; }

private:
  std::unique_ptr<raw_client> stream_;
  std::string head_;
};

class poll_peer final : public channel_peer {
public:
  using channel_peer::channel_peer;
  using channel_peer::next;

  void begin(const json& subscriptions) override {
    const answer a = raw_client::to(port()).ask(
        "POST /live/poll?client=" + id() + " HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n" +
        with_length(subscriptions.dump()));
    EXPECT_EQ(a.status, 200) << a.body;
    take(json::parse(a.body, nullptr, false));
  }
  json next() override {
    while (came_.empty()) {
      const answer a =
          raw_client::to(port()).get("/live/poll?lease=" + lease_ + "&cursor=" + std::to_string(cursor_));
      EXPECT_EQ(a.status, 200) << a.body;
      if (a.status != 200)
        return {};
      take(json::parse(a.body, nullptr, false));
    }
    json first = std::move(came_.front());
    came_.pop_front();
    return first;
  }

private:
  void take(const json& news) {
    lease_ = news["lease"];
    cursor_ = news["cursor"];
    came_.insert(came_.end(), news["events"].begin(), news["events"].end());
  }

  std::string lease_;
  std::uint64_t cursor_ = 0;
  std::deque<json> came_;
};

} // namespace perron::testing
