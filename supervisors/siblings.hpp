// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/result.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// The nodes of one program, each in an operating-system process of its own, as `app::spec::processes` asks
/// for. All are alike, and everything here works the same where there is only one.
///
///     siblings::subscribe("prices");                     // in a process of any node
///     for (;;)
///       receive([](const siblings::news& n) { show(*n.bytes); });
///
///     siblings::publish("prices", "EUR 1.09");           // from any node
///
///     siblings::answer("sessions", [](std::string_view) { return std::to_string(sessions()); });
///     for (const siblings::reply& r : siblings::ask_all("sessions", "", 1s))
///       total += r.bytes ? std::stoul(*r.bytes) : 0;
///
/// Bytes pass from node to node through the parent process, which gives them one order; README.md in
/// siblings/ says who does what, and what happens when one of them dies. Not for what only this node needs:
/// groups and mail cost less.
namespace perron::siblings {

/// How many nodes the program has, and which this one is, from 0 on; 1 and 0 where it runs as one process.
/// A node that was started again has the number it had. Any thread, from the children of app::run on.
unsigned count() noexcept;
unsigned self() noexcept;

/// Mail to subscribers: what somebody has published. All of a node share the bytes.
struct news {
  std::string topic;
  std::shared_ptr<const std::string> bytes;
  unsigned from = 0;        ///< the node whose process published it
  std::uint64_t number = 0; ///< its place in the one order of the program, of all topics together
};

/// Brings it to every subscriber in every node, this one included. All nodes see all publishes of all topics
/// in the same order; those of one process in the order in which it made them. Returns when the bytes are on
/// their way. Waits while too much is (8 MiB from this node), for 5 s at most.
///
/// Errors: EMSGSIZE (topic and bytes are beyond 16 MiB), EAGAIN (there is no room, and the 5 s are over or
/// the caller is no process), ENOTCONN (the node has not begun, or ends). A node that dies takes along what
/// it had not passed on yet. Any thread of the node; about 3 µs, and some 15 µs until it is everywhere; less
/// than 1 with one node.
runtime::result<void> publish(std::string topic, std::string bytes);

/// The calling process gets `news` of that topic, of all that is published from now on, until it ends or
/// unsubscribes. Subscribing twice gets each twice. A mailbox bound of the process holds for news as well;
/// one that makes senders wait would hold up everybody's.
void subscribe(const std::string& topic);
/// False if it had not subscribed. What is in the mailbox already stays there.
bool unsubscribe(std::string_view topic);

/// Mail to who watches: a node is there (its tree has started) or is gone.
struct node_change {
  unsigned node = 0;
  bool up = false;
};
/// The calling process gets a `node_change` for each node that is up now, this one included, and for each
/// that comes and goes from then on, in the same order as news. A node may be told of twice at first.
void watch();

/// What this node answers when somebody asks about `topic`: each question runs it in a process of its own,
/// which is told to end when the question's time is over. An exception is an answer too, an error with its
/// text. Stays until another takes its place; an empty function takes it away. Any thread, also before the
/// node begins (from the functions of app::spec).
void answer(const std::string& topic, std::function<std::string(std::string_view question)> how);

/// What one node says.
struct reply {
  unsigned node = 0;
  runtime::result<std::string> bytes;
};

/// Asks every node, this one included, and waits until all have answered or the time is over. One reply for
/// each node, in their order. Errors in them: ENOTCONN (the node is down, or went down meanwhile), ENOENT (it
/// has no answer for this topic), ETIMEDOUT; code 0 with the text of what its function threw. Answers that
/// come too late are dropped. From a process.
std::vector<reply> ask_all(const std::string& topic, std::string question, std::chrono::nanoseconds timeout);
/// The same for one node. ENXIO if there is no node of that number.
runtime::result<std::string> ask(unsigned node, const std::string& topic, std::string question,
                                 std::chrono::nanoseconds timeout);

/// Writes this line to standard output, once for the whole program, when all nodes are up: for the address
/// that people open. At once where there is one node. What other nodes announce, or this one when it is
/// started again, is dropped. From a process.
void announce(std::string line);

/// Keeps a TCP port for this program, so that every node can listen on it (SO_REUSEPORT): gives the port, a
/// free one for 0. To be called in `configure` of a program with more than one process; with one it is
/// not needed. `host` is numeric. Errors: the system's, as EADDRINUSE where
/// somebody listens on it already. Who comes later can join only with SO_REUSEPORT and by the same user.
runtime::result<std::uint16_t> reserve_port(const std::string& host, std::uint16_t port);

} // namespace perron::siblings
