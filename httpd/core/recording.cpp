// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/core/recording.hpp>

#include <perron/httpd/access_record.hpp>
#include <perron/httpd/core/connection.hpp>
#include <perron/httpd/core/generation.hpp>
#include <perron/httpd/status.hpp>
#include <perron/runtime/core/clock.hpp>
#include <perron/runtime/core/worker.hpp>

#include <algorithm>
#include <new>
#include <optional>

namespace perron::httpd::core {
namespace {

/// A record of what is known of any request, with the address it points to.
struct told {
  access_record record{};
  std::optional<ip_address> asked{};

  told(const rc::worker& at, const visitor* who, int socket) noexcept {
    record.worker = static_cast<unsigned>(at.index);
    record.time = rc::wall_now();
    if (who != nullptr) {
      record.peer = &who->address();
    } else {
      asked = ip_address::of_peer(socket);
      record.peer = asked ? &*asked : nullptr;
    }
  }
  told(const told&) = delete;
  told& operator=(const told&) = delete;

  void asks(const http1::request_head& head, header_view headers) noexcept {
    record.method = head.method;
    record.target = head.target;
    record.host = head.host;
    record.minor_version = head.minor_version;
    record.headers = headers;
  }
  void came_over(const connection& c) noexcept {
    try {
      record.tls = c.tls_info();
    } catch (const std::bad_alloc&) {
      // then it looks like one without
    }
  }
  void answers(const exchange_state& state) noexcept {
    record.status = state.status;
    if (state.status != 0 && state.body_sent > 0)
      record.body_bytes = static_cast<std::uint64_t>(state.body_sent);
  }
};

std::string_view first_line(std::string_view came) noexcept {
  constexpr std::size_t most = 512;
  while (came.substr(0, 2) == "\r\n") // RFC 9112 2.2
    came.remove_prefix(2);
  return came.substr(0, std::min(came.find_first_of("\r\n"), most));
}

} // namespace

void record_end(connection& c, rc::worker& at) noexcept {
  const exchange_state& state = c.in_use();
  told t(at, c.from(), c.fd);
  if (state.in != nullptr) {
    t.asks(state.in->head, header_view(state.in->fields()));
    if (state.in->user != nullptr)
      t.record.user = *state.in->user;
    t.record.duration = std::chrono::nanoseconds(rc::monotonic_ns() - state.in->began_ns);
  }
  t.came_over(c);
  t.answers(state);
  t.record.how = state.how;
  t.record.upgraded = state.upgraded;
  access_sink& sink =
      state.in != nullptr && state.in->told != nullptr ? *state.in->told : *c.answers_with().options.access;
  sink.tell(t.record);
}

void record_refusal(connection& c, rc::worker& at, std::string_view came,
                    const http1::request_head* head) noexcept {
  told t(at, c.from(), c.fd);
  if (head != nullptr)
    t.asks(*head, head->headers());
  else
    t.record.first_line = first_line(came);
  t.came_over(c);
  t.answers(c.in_use());
  t.record.refused = true;
  c.where().shards[at.index].now->options.access->tell(t.record);
}

void record_turned_away(site& from, rc::worker& at, int socket, std::int64_t body_bytes) noexcept {
  told t(at, nullptr, socket);
  t.record.status = status::service_unavailable;
  t.record.body_bytes = static_cast<std::uint64_t>(body_bytes);
  t.record.refused = true;
  from.shards[at.index].now->options.access->tell(t.record);
}

} // namespace perron::httpd::core
