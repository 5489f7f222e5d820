// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/core/admission.hpp>

#include <perron/httpd/core/connection.hpp>
#include <perron/httpd/core/exchange.hpp>
#include <perron/httpd/core/generation.hpp>
#include <perron/httpd/core/recording.hpp>
#include <perron/runtime/core/worker.hpp>
#include <perron/runtime/net/system_calls.hpp>

#include <unistd.h>

#include <new>
#include <utility>

namespace perron::httpd::core {

namespace net = runtime::net::detail;

std::string visitor::to_string() const {
  const std::string host = address_.to_string();
  return (address_.is_ipv4() ? host : '[' + host + ']') + ':' + std::to_string(port_);
}

bool admit(const std::shared_ptr<site>& to, rc::worker& at, int socket,
           std::unique_ptr<visitor> who) noexcept {
  if (who != nullptr && to->per_address != nullptr) {
    using answer = address_limits::answer;
    const answer told = to->per_address->take_connection(who->address(), at.now_ms());
    if (told == answer::no) {
      turn_away(*to, at, socket, "too many connections from your address");
      return true;
    }
    if (told == answer::yes)
      who->counted_by(*to->per_address);
  }
  auto* c = new (std::nothrow) connection(to, socket, at);
  if (c == nullptr) {
    ::close(socket);
    return false;
  }
  if (who != nullptr)
    c->comes_from(std::move(who));
  c->open();
  return true;
}

void turn_away(site& from, rc::worker& at, int socket, const char* why) noexcept {
  from.turned_away.fetch_add(1, std::memory_order_relaxed);
  net::try_receive(socket, at.scratch.get(), rc::worker::scratch_bytes);
  const server_options& options = from.shards[at.index].now->options;
  try {
    // a fatal alert in the clear, internal_error (RFC 8446 6.2), is all that a client hears before a
    // handshake
    std::string all = options.tls != nullptr
                          ? std::string("\x15\x03\x03\x00\x02\x02\x50", 7)
                          : error_answer(status::service_unavailable, why, options.retry_after);
    const ::iovec part{all.data(), all.size()};
    const std::int64_t n = net::try_send(socket, &part, 1);
    if (options.access != nullptr)
      record_turned_away(from, at, socket, body_part(all, n));
  } catch (const std::bad_alloc&) {
    // then the closed connection has to say it
  }
  ::close(socket); // all that came is read, so this is no reset
}

} // namespace perron::httpd::core
