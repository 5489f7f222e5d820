// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/core/receive_aside.hpp>
#include <perron/httpd/request.hpp>
#include <perron/httpd/response.hpp>
#include <perron/runtime/message.hpp>
#include <perron/runtime/pid.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/signals.hpp>
#include <perron/supervisors/child_spec.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace perron::httpd {

/// How long polls are answered.
struct long_poll_options {
  std::chrono::milliseconds longest{25'000}; ///< a poll for which nothing comes is answered empty after that
  std::chrono::milliseconds window{30'000};  ///< within which the next poll has to come; else the lease ends
  std::size_t most_events = 1000;            ///< not fetched yet; poll_lease::send waits while there are more
  std::size_t most_in_answer = 100;
  std::size_t most_leases = 100'000; ///< beyond it 503
};

/// An event as a lease keeps it: JSON, and what it lies in.
struct poll_event {
  std::shared_ptr<const void> keeper;
  std::string_view json;
};

/// What a poll asks of its lease; the answer is what is behind the cursor, once there is something.
struct poll_question {
  struct reply {
    std::uint64_t cursor = 0;
    std::vector<poll_event> events{};
  };
  std::uint64_t cursor = 0;
  std::size_t most_bytes = SIZE_MAX; ///< in the answer, but one event at least
};

/// One client that polls, as its process sees it: events are sent here, and kept until a poll has said that
/// it got them. Lives in that process and nowhere else.
class poll_lease {
public:
  explicit poll_lease(const long_poll_options& how) : how_(how), until_(how.longest + how.window) {}
  poll_lease(const poll_lease&) = delete;
  poll_lease& operator=(const poll_lease&) = delete;

  /// Sends an event, which must be JSON. Waits while most_events were not fetched. Ends the process,
  /// normally, if the client does not come any more.
  void send(std::string json) {
    auto kept = std::make_shared<const std::string>(std::move(json));
    const std::string_view text = *kept;
    send(poll_event{std::move(kept), text});
  }
  void send(poll_event what);

  /// As runtime::receive, for a process that has to answer polls meanwhile. Ends the process, normally, if
  /// the client does not come any more.
  template <class... Clauses>
  auto receive(Clauses&&... clauses) {
    return core::receive_aside(*this, std::forward<Clauses>(clauses)...);
  }

  // -- for receive_aside
  template <class R>
  auto clauses(bool& taken) {
    return std::tuple(
        [this, &taken](runtime::caller from, const poll_question& asked) -> R {
          taken = true;
          take(from, asked);
          return R();
        },
        runtime::when([this](const runtime::down& end) { return poll_ && end.ref == poll_->monitor; },
                      [this, &taken](const runtime::down&) -> R {
                        taken = true;
                        lost_poll();
                        return R();
                      }));
  }
  std::chrono::nanoseconds left() const { return poll_ ? runtime::no_timeout : until_.left(); }
  [[noreturn]] static void time_is_over() { runtime::exit(runtime::exit_reason::normal()); }

private:
  struct open_poll {
    runtime::caller from;
    runtime::monitor_ref monitor;
    std::size_t most_bytes;
  };

  void take(runtime::caller from, const poll_question& asked);
  void lost_poll();
  void answer();
  std::size_t how_many_fit() const;

  long_poll_options how_;
  std::deque<poll_event> events_;
  std::uint64_t first_ = 1;   ///< the number of the oldest event kept
  std::uint64_t given_ = 0;   ///< events up to this number were in the last answer
  std::uint64_t fetched_ = 0; ///< events up to this number have reached the client
  std::optional<open_poll> poll_;
  runtime::deadline until_; ///< when a poll must have come, while there is none
};

/// Long polls for a program's own events. Each client has a lease, a process that runs `body` and collects
/// what it sends, so that nothing is lost between two polls:
///
///     const httpd::long_poll updates("updates");
///     app::children{updates.child(), httpd::server_child("http", ..., routes)};
///     r.get("/updates", [updates](request& q) {
///       return updates.answer(q, [](poll_lease& client) {
///         runtime::join_group("updates");
///         for (;;)
///           client.receive([&](update u) { client.send(u.json); });
///       });
///     });
///
/// The client asks `/updates` and gets `{"lease":"...","cursor":0,"events":[]}`, at once; then
/// `/updates?lease=...&cursor=0`, and so on with the cursor of the last answer. An answer that was lost on
/// the way comes again. 410 says that there is no such lease any more: the client begins anew. An older poll
/// of the same lease is answered empty.
///
/// In a program of several nodes (app::spec::processes) a lease lives in the one where it began, which its
/// token names. A poll that comes to another is passed on; 410 if that node has died.
///
/// For topics take channel.hpp, which needs no lease to lose nothing. A handle: copied freely, any process.
/// Costs a process per client, and a spawn and two messages per poll.
class long_poll {
public:
  explicit long_poll(std::string name, long_poll_options options = {});

  /// The supervisor of the leases, for the program's tree.
  supervisors::child_spec child() const;

  /// Answers one request, in its process; waits. Throws http_error 400, 410 and 503.
  response answer(request& r, const std::function<void(poll_lease&)>& body) const;

  /// The two halves of answer(), for a protocol of one's own. Begins a lease, and gives the answer that says
  /// so.
  response begin(const std::function<void(poll_lease&)>& body) const;
  /// Answers a poll for a lease that was begun.
  response go_on(request& r, const std::string& lease) const;

private:
  /// The answer as JSON; nothing if there is no such lease.
  std::optional<std::string> ask(const std::string& lease, std::uint64_t cursor) const;
  std::optional<std::string> ask_here(const std::string& lease, poll_question question) const;
  std::string answer_other_node(std::string_view question) const;

  struct shared {
    std::string name;
    long_poll_options options;
  };
  std::shared_ptr<const shared> shared_;
};

} // namespace perron::httpd
