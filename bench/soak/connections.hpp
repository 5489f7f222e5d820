// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/activity.hpp>
#include <perron/bench/soak/control_block.hpp>
#include <perron/bench/soak/link.hpp>
#include <perron/bench/soak/node_marks.hpp>
#include <perron/bench/soak/options.hpp>
#include <perron/bench/soak/ramp.hpp>
#include <perron/bench/soak/server_end.hpp>
#include <perron/bench/soak/shared_block.hpp>
#include <perron/bench/soak/source_addresses.hpp>

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace perron::soak {

/// CLOCK_MONOTONIC, which all processes of a machine read alike.
std::int64_t now_ns();

/// All connections of one client process behind one epoll: opens them as a ramp says, asks each the greeting,
/// hands it to its activity, notices ends and opens again what was lost. One thread; never blocks but in
/// wait().
class connections {
public:
  struct settings {
    std::uint32_t host = 0;
    std::uint16_t port = 0;
    source_addresses sources{};
    unsigned process = 0;       ///< number of this client process
    std::uint64_t first = 0;    ///< number of the first link among all processes'
    std::uint32_t opening = 64; ///< on their way at a time
    std::int64_t patience_ns = 0;
    std::string greeting{}; ///< path; empty: links are open as soon as they are accepted
  };

  connections(settings how, const control_block& control, shared_block& block);
  ~connections();
  connections(const connections&) = delete;
  connections& operator=(const connections&) = delete;

  /// Before anything else: `count` links that `what` deals with, which must outlive this. Those who pass are
  /// opened by `what` alone.
  void add(std::uint8_t share, std::uint32_t count, activity& what, bool passes);

  std::vector<link>& links() { return links_; }
  const settings& how() const { return how_; }
  shared_block& block() { return block_; }
  const control_block& control() const { return control_; }
  std::string_view host_name() const { return host_name_; }
  std::int64_t now() const { return now_; }
  std::uint32_t index_of(const link& l) const { return static_cast<std::uint32_t>(&l - links_.data()); }

  /// Those of links() that have not been opened yet are opened at that rate, in their order.
  void begin_ramp(ramp at) { ramp_ = at; }
  /// Every link that was begun is open, and there is none left to begin.
  bool all_open() const { return next_ == links_.size() && opening_ == 0 && broken_.empty(); }

  /// Waits for something to happen or for `until_ns`, and deals with it.
  void wait(std::int64_t until_ns);
  /// What is due of opening, opening again and giving up; answers when to come again.
  std::int64_t work();

  /// `fd` wakes wait() when it can be read; an eventfd, which is emptied.
  void watch(int fd);

  // -- for activities

  /// Opens one that is closed; as one of those who come and go, if it passes.
  void open(link& l);
  void send(link& l, std::string_view bytes);
  /// The link's end is our own doing: it is closed and stays so.
  void close(link& l);
  /// As close(), by RST or without a word to the server, and it is opened again.
  void vanish(link& l, bool silently);
  /// As close(), with a FIN, and it is opened again.
  void say_goodbye(link& l);
  /// Its end is an error (or what `expected` counts); it is opened again.
  void fail(link& l, error_kind kind, std::string_view why);
  /// As fail(), unless it was to be expected.
  void end_by_server(link& l, error_kind kind, std::string_view why) { lost(l, kind, why); }
  /// The server has ended it as it had said before; it is opened again.
  void reopen(link& l);
  /// Reads up to `most` bytes of a muted link; 0: nothing there.
  std::size_t read_some(link& l, std::size_t most);
  void count_error(error_kind kind, std::string_view why);
  /// From now on unfinished answers are looked for. Costs a walk over all links each second.
  void watch_answers(bool on) { watches_answers_ = on; }
  /// Handlers may crash, for we ask for it.
  void expect_accidents(bool on) { accidents_ = on; }
  bool accidents_happen() const { return accidents_; }
  /// No link is opened (again) any more.
  void stop_opening();

private:
  void connected(link& l);
  void on_event(const epoll_event& e);
  void on_readable(link& l, bool ends);
  void take(link& l, std::string_view fresh);
  std::size_t greeted(link& l, std::string_view bytes);
  void flush(link& l);
  void release(link& l);
  void lost(link& l, error_kind kind, std::string_view why);
  std::uint32_t node_of(const link& l) const;
  bool was_killed(std::uint32_t node) const;
  end_state server_end_of(const link& l) const;
  std::string told(const link& l, std::string_view why) const;
  void later(link& l, std::int64_t pause_ns);
  void open_due();
  void reopen_due();
  void give_up_late();
  void is_open(link& l);
  activity& activity_of(const link& l) { return *activities_[l.share]; }

  struct waiting_link {
    std::int64_t at_ns;
    std::uint32_t index;
    std::uint32_t generation;
  };

  settings how_;
  const control_block& control_;
  shared_block& block_;
  const std::string host_name_;
  const std::string greeting_;
  const int poller_;
  std::int64_t now_ = 0;
  std::vector<link> links_;
  std::array<activity*, 256> activities_{};
  ramp ramp_{never_ns, 0};
  std::size_t next_ = 0; // first of links_ that was never begun
  std::uint32_t opening_ = 0;
  std::uint64_t passed_ = 0; // connections of links that come and go
  std::vector<char> buffer_; // what is read, of all links
  bool opens_ = true;
  bool watches_answers_ = false;
  bool accidents_ = false;
  std::int64_t look_at_ns_ = never_ns; // when late answers are looked for next
  node_marks marks_;
  std::deque<waiting_link> begun_;                        // in order; those not opened in time are given up
  std::vector<waiting_link> broken_;                      // a heap by time
  std::unordered_map<std::uint32_t, std::string> unread_; // what activities have not used yet
  std::unordered_map<std::uint32_t, std::string> unsent_;
  int watched_ = -1;
};

} // namespace perron::soak
