// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fanout_options.hpp"

namespace perron::bench {

/// Many WebSockets of one room, on one thread behind one epoll instance. The first one speaks: message n is
/// the number n in eight digits and a filling, and every one that reads must get all of them in order.
class fanout_clients {
public:
  explicit fanout_clients(const fanout_options& options);
  ~fanout_clients();
  fanout_clients(const fanout_clients&) = delete;
  fanout_clients& operator=(const fanout_clients&) = delete;

  /// Opens all of them; false with a word on standard error if one could not be.
  bool open();
  /// Has the next `count` messages sent and waits until every reader has them. With a window of one, appends
  /// to `last_ns` how long each took from being sent to the last receiver. False: it gave up or a reader got
  /// something out of order.
  bool deliver(unsigned count, std::vector<std::int64_t>& last_ns);

  std::size_t readers() const { return options_.connections - options_.silent; }

private:
  struct link {
    int fd = -1;
    bool is_open = false;
    bool is_subscribed = false;
    unsigned next = 0; ///< number of the message that is due
    std::string bytes; ///< of a handshake or a frame that is not complete
  };

  bool connect(std::size_t index);
  bool wait_some();
  bool on_readable(link& l);
  bool on_bytes(link& l, std::string_view fresh);
  std::size_t on_handshake(link& l, std::string_view input);
  bool on_message(link& l, std::string_view payload);
  static void answer_ping(const link& l, std::string_view payload);
  bool on_channel_message(link& l, std::string_view payload);
  void speak();

  const fanout_options& options_;
  const int poller_;
  std::vector<link> links_;
  std::size_t opened_ = 0;
  unsigned spoken_ = 0;          ///< messages sent
  unsigned complete_ = 0;        ///< messages that every reader has
  std::vector<std::size_t> got_; ///< for each message that some but not all have, how many; a ring
  std::string failure_;
};

} // namespace perron::bench
