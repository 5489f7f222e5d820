// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/announcement.hpp>
#include <perron/bench/soak/http_activity.hpp>
#include <perron/bench/soak/ramp.hpp>
#include <perron/bench/soak/ws.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace perron::soak {

// What the director's few links do: a client process of its own, so that its times are not those of a process
// that has 19,000 others to see to.

/// Publishes by POST, for those who poll or hold a stream of events.
class post_publisher final : public http_activity {
public:
  using body_maker = std::function<std::string(const announcement&)>;

  post_publisher(connections& all, const std::string& path, std::string content_type, body_maker body_of)
      : http_activity(all, path, bodies::kept, times::untaken), path_(path),
        content_type_(std::move(content_type)), body_of_(std::move(body_of)) {}

  void opened(link& l) override { mine_ = &l; }
  /// A server may close what has been idle for long; it is opened again.
  bool expected_end(link& l) override { return !l.asked; }
  void gone(link& l) override;
  void work(std::int64_t now) override;

private:
  void answered(link& l, std::string_view body) override;

  const std::string path_;
  const std::string content_type_;
  const body_maker body_of_;
  link* mine_ = nullptr;
  std::uint32_t said_ = 0;
  std::uint32_t repeated_ = 0;
};

/// Publishes by saying it in a room of WebSockets.
class ws_publisher final : public ws_activity {
public:
  ws_publisher(connections& all, const std::string& path, std::uint8_t share)
      : ws_activity(all, path, share) {}

  void gone(link& l) override {
    mine_ = nullptr;
    ws_activity::gone(l);
  }
  void work(std::int64_t now) override;

private:
  void ready(link& l) override { mine_ = &l; }
  void text(link&, std::string_view) override {}

  link* mine_ = nullptr;
  std::uint32_t said_ = 0;
};

/// Asks at a fixed rate on a few connections, and keeps apart how long it took at rest, in calm and in chaos:
/// each question counts for the phase in which it was due, and is the same in all. Rest is the second half of
/// a hold, for a ramp leaves work behind; ramps, probes and drains are none of them.
class prober final : public http_activity {
public:
  prober(connections& all, const std::string& path, double rate)
      : http_activity(all, path, bodies::skipped, times::untaken), rate_(rate) {}

  void opened(link& l) override { free_.push_back(all_.index_of(l)); }
  void gone(link& l) override;
  void enter(const phase& p, std::int64_t now) override;
  void work(std::int64_t now) override;
  std::int64_t due_ns() const override;

private:
  void answered(link& l, std::string_view body) override;

  const double rate_;
  ramp due_{never_ns, 0};
  std::uint64_t asked_ = 0;
  enum class counts : std::uint8_t { nowhere, at_rest, calm, chaos };
  counts counts_ = counts::nowhere; // those due from from_ns_ on; the others nowhere
  std::int64_t from_ns_ = 0;
  bool over_ = false;
  std::deque<std::uint32_t> free_; // least recently used first
};

} // namespace perron::soak
