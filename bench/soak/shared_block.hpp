// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/recorder.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace perron::soak {

/// What can go wrong with a connection, as its client sees it. What was caused on purpose (chaos) is none of
/// these: shared_block counts it apart.
enum class error_kind : std::uint8_t {
  refused,            ///< the connection was refused
  connect_timeout,    ///< it was neither accepted nor refused within the patience
  reset,              ///< reset by the server
  closed_early,       ///< closed by the server while it should have been held, or in the middle of an answer
  bad_answer,         ///< not what the protocol allows, or another status than the wanted one
  answer_timeout,     ///< no answer within the patience
  no_ports,           ///< no source port was free
  no_descriptors,     ///< the client process may not open more
  lost_message,       ///< a message that others of its kind show to have been sent
  repeated_message,   ///< a message that was there before
  misordered_message, ///< a message that came behind a later one
  other,              ///< what the system says besides, and a client process that died
  count
};

inline constexpr std::size_t error_kinds = static_cast<std::size_t>(error_kind::count);

inline constexpr std::array<std::string_view, error_kinds> error_names = {
    "refused",  "connect_timeout", "reset",        "closed_early",     "bad_answer",         "answer_timeout",
    "no_ports", "no_descriptors",  "lost_message", "repeated_message", "misordered_message", "other"};

/// A number that one thread writes and any may read, in other OS processes too. Relaxed throughout: it says
/// nothing about other memory. Adding needs no locked instruction.
class counter {
public:
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }
  void set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  void add(std::uint64_t more = 1) { set(get() + more); }
  void take() { set(get() - 1); }

private:
  std::atomic<std::uint64_t> value_{0};
};

/// What one client process tells the parent, in an anonymous shared mapping; all zero when it begins.
///
/// | field                    | written by                                     | read by             |
/// |--------------------------|------------------------------------------------|---------------------|
/// | counters, histograms     | the client process, whenever it likes          | the parent          |
/// | texts[k].text            | the client process, once, before texts[k].set  | the parent, if set  |
/// | phase_done               | the client process: phases it has finished     | the parent          |
struct shared_block {
  counter wanted;  ///< connections that should be open now
  counter opening; ///< connections on their way: not accepted, or not answered for the first time
  counter open;
  counter opened; ///< in all
  counter closed; ///< in all, by either side
  counter requests;
  counter answers;
  counter messages; ///< of SSE, WebSocket and chat, and what a long poll was woken with
  counter bytes_in;
  counter bytes_out;

  // What was meant to happen, and is therefore no error.
  counter crashed;         ///< answers with status 500 or closes with 1011 that were asked for
  counter lost_by_kill;    ///< connections to a node that was killed
  counter lost_unanswered; ///< of these, before the node's first answer, or in its accept queue
  counter cut_by_kernel;   ///< reset while the server's end stayed open: see server_end.hpp
  /// Reset before the first answer, by the same race most likely, with the server's end gone.
  counter cut_behind_remains;
  counter vanished;      ///< connections that the client left without a word
  counter silent;        ///< those of them that not even sent a FIN: the server learns of it when it looks
  counter said_goodbye;  ///< in calm: connections that the client closed, to come again
  counter reconnected;   ///< connections opened in the place of a lost one
  counter said;          ///< chat: messages sent
  counter listening;     ///< links that a publish would reach now
  counter heard;         ///< announcements that reached a link
  counter heard_last_ns; ///< when the last of those did
  counter published;     ///< the director: answered publishes
  counter published_ns;  ///< the director: when the last one was sent
  counter reached;       ///< the director: how many the server says that went to
  counter phase_done;    ///< phases of the scenario that this process has nothing left to do in

  std::array<counter, error_kinds> errors;

  /// What the system or the server said at the first error of each kind.
  struct first_text {
    std::atomic<bool> set{false};
    std::array<char, 120> text{};
  };
  std::array<first_text, error_kinds> texts;

  histogram connect;     ///< from connect() to the first answer
  histogram latency;     ///< of answers, from when the question was due
  histogram service;     ///< of answers, from when the question was sent
  histogram publish;     ///< from the publishing to the receiver
  histogram probe_rest;  ///< of probes, from when each was due: those due in the second half of a hold
  histogram probe_calm;  ///< the same, of those due in calm
  histogram probe_chaos; ///< the same, of those due in chaos
};

} // namespace perron::soak
