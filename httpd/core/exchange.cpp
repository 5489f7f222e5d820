// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/core/exchange.hpp>

#include <perron/httpd/http1/response_head.hpp>
#include <perron/runtime/core/clock.hpp>
#include <perron/runtime/core/lifecycle.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/core/waiting.hpp>
#include <perron/runtime/net/system_calls.hpp>
#include <perron/runtime/process.hpp>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <stdexcept>

namespace perron::httpd::core {
namespace {

using runtime::exit_reason;
namespace net = runtime::net::detail;

std::uint64_t due_in(const runtime::core::process& p, std::chrono::milliseconds time) noexcept {
  return p.sched->due_in(static_cast<std::uint64_t>(std::chrono::nanoseconds(time).count()));
}

[[noreturn]] void client_gone() { throw rc::process_exit{exit_reason::client_gone()}; }

response error_page(int code, std::string_view why) {
  response r;
  r.status = code;
  r.content_type = "text/plain; charset=utf-8";
  r.body = std::to_string(code) + ' ';
  r.body += reason_phrase(code);
  r.body += '\n';
  if (!why.empty()) {
    r.body += why;
    r.body += '\n';
  }
  return r;
}

} // namespace

void copy_date(char (&out)[29]) noexcept {
  struct cached {
    std::int64_t second = -1;
    char text[30] = {};
  };
  thread_local cached now;
  const std::int64_t second = rc::wall_seconds();
  if (second != now.second) {
    const std::time_t t = second;
    std::tm parts{};
    ::gmtime_r(&t, &parts);
    static constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    char text[64];
    std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[parts.tm_wday],
                  parts.tm_mday, months[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min,
                  parts.tm_sec);
    std::memcpy(now.text, text, 29);
    now.second = second;
  }
  std::memcpy(out, now.text, 29);
}

void send_error(int socket, int code, std::string_view why, std::chrono::seconds retry_after) noexcept {
  try {
    const response page = error_page(code, why);
    char date[29];
    copy_date(date);
    const std::string later = std::to_string(retry_after.count());
    const std::array<header_field, 2> fields{header_field{"Content-Type", page.content_type},
                                             header_field{"Retry-After", later}};
    http1::response_head head;
    head.status = code;
    head.date = {date, sizeof date};
    head.content_length = page.body.size();
    head.connection = http1::connection_option::close;
    head.fields = std::span(fields).first(retry_after.count() > 0 ? 2 : 1);
    std::array<char, 512> buffer;
    const auto written = http1::write_response_head(head, buffer);
    if (written.outcome != http1::write_outcome::written)
      return;
    std::string all(buffer.data(), written.size);
    all += page.body;
    static_cast<void>(::send(socket, all.data(), all.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
  } catch (...) {
    // without memory for a page the closed connection has to say it
  }
}

void exchange::run() {
  connection_.in_use().used = in_.head_size;
  response r = answer();
  send(r);
}

response exchange::answer() {
  const http1::request_head& h = in_.head;
  if (h.expect_unknown)
    return error_page(status::expectation_failed, "only 100-continue is understood");
  if (h.chunked)
    return error_page(status::length_required, "send the body with a Content-Length");
  if (body_size() > connection_.where().options.max_body)
    return error_page(status::content_too_large,
                      "the body may have " + std::to_string(connection_.where().options.max_body) + " bytes");
  const auto& table = connection_.where().routes.table();
  if (h.form == http1::target_form::asterisk || h.form == http1::target_form::authority) {
    if (h.method != "OPTIONS")
      return error_page(status::not_implemented, "this server is no proxy");
    response r = empty();
    r.headers.emplace_back("Allow", table.allow_value(table.all_methods()));
    return r;
  }
  auto normal = normalise_target(h.path_and_query, scratch_);
  if (!normal)
    return error_page(status::bad_request, normal.error().text);
  target_ = *normal;
  const auto found = table.lookup(h.method, target_.path);
  if (found.outcome == route_outcome::not_found)
    return error_page(status::not_found, "");
  if (found.outcome == route_outcome::method_not_allowed) {
    response r = h.method == "OPTIONS" ? empty() : error_page(status::method_not_allowed, "");
    r.headers.emplace_back("Allow", table.allow_value(found.allowed));
    return r;
  }
  params_ = &found.params;
  request req(*this);
  try {
    return (*found.handler)(req);
  } catch (const http_error& e) {
    return error_page(e.status(), e.what());
  }
}

std::string_view exchange::body() {
  const std::size_t size = body_size();
  if (late_body_)
    return *late_body_;
  const std::string_view here = in_.after_head();
  if (size <= here.size()) {
    body_read_ = true;
    connection_.in_use().used = in_.head_size + size;
    return here.substr(0, size);
  }
  rc::process& p = runtime::detail::current();
  if (in_.head.expect_continue && here.empty())
    write_all("HTTP/1.1 100 Continue\r\n\r\n", {});
  const std::uint64_t due = due_in(p, connection_.where().options.body_time);
  std::string all(here);
  connection_.in_use().used = in_.size;
  all.reserve(size);
  while (all.size() < size) {
    std::array<char, 2048> piece;
    const std::int64_t n =
        net::try_receive(connection_.fd, piece.data(), std::min(piece.size(), size - all.size()));
    if (n > 0) {
      all.append(piece.data(), static_cast<std::size_t>(n));
      rc::spend(p);
    } else if (n != -EAGAIN) {
      client_gone();
    } else if (!connection_.wait_for(EPOLLIN | EPOLLRDHUP, rc::wait_kind::readable, due)) {
      connection_.in_use().outcome = outcome::none;
      connection_.in_use().late = true;
      throw http_error(status::request_timeout, "the body did not come in time");
    }
  }
  body_read_ = true;
  connection_.may_have_more();
  late_body_ = std::move(all);
  return *late_body_;
}

/// Whether the connection can go on: no byte of this request's body is still to come, or it has come anyway.
bool exchange::drain_body() {
  const std::size_t size = body_size();
  if (body_read_ || size == 0)
    return !in_.head.chunked;
  if (in_.head.chunked || size > in_.after_head().size())
    return false;
  connection_.in_use().used = in_.head_size + size;
  return true;
}

void exchange::send(const response& r) {
  const header_field type{"Content-Type", r.content_type};
  const std::size_t typed = r.content_type.empty() ? 0 : 1;
  if (r.headers.empty()) {
    send(r, {&type, typed});
    return;
  }
  std::vector<header_field> fields;
  fields.reserve(typed + r.headers.size());
  if (typed != 0)
    fields.push_back(type);
  for (const auto& [name, value] : r.headers)
    fields.push_back({name, value});
  send(r, fields);
}

[[gnu::noinline]] void exchange::send(const response& r, std::span<const header_field> fields) {
  if (r.status < 200)
    throw std::invalid_argument("perron: this response cannot be sent: status " + std::to_string(r.status) +
                                " is not that of a final response");
  const bool is_all_read = drain_body();
  const bool keep =
      in_.head.keep_alive && is_all_read && !connection_.where().closing.load(std::memory_order_relaxed);
  char date[29];
  copy_date(date);
  http1::response_head head;
  head.status = r.status;
  head.date = {date, sizeof date};
  head.content_length = r.body.size();
  if (r.status == status::not_modified)
    head.content_length.reset();
  if (!keep)
    head.connection = http1::connection_option::close;
  else if (in_.head.minor_version == 0)
    head.connection = http1::connection_option::keep_alive;
  head.fields = fields;

  std::array<char, 1536> small;
  std::string large;
  std::span<char> out(small);
  http1::write_result written = http1::write_response_head(head, out);
  if (written.outcome == http1::write_outcome::too_small) {
    large.resize(written.size);
    out = large;
    written = http1::write_response_head(head, out);
  }
  if (written.outcome != http1::write_outcome::written)
    throw std::invalid_argument(std::string("perron: this response cannot be sent: ") + written.what +
                                (written.field < fields.size()
                                     ? ", field '" + std::string(fields[written.field].name) + '\''
                                     : std::string()));
  const bool has_body = in_.head.method != "HEAD" && r.status != status::no_content &&
                        r.status != status::not_modified && r.status >= 200;
  connection_.in_use().outcome = outcome::begun;
  if (has_body && r.body.size() <= out.size() - written.size) {
    std::memcpy(out.data() + written.size, r.body.data(), r.body.size());
    write_all({out.data(), written.size + r.body.size()}, {});
  } else {
    write_all({out.data(), written.size}, has_body ? std::string_view(r.body) : std::string_view());
  }
  connection_.in_use().outcome = keep          ? outcome::done_keep
                                 : is_all_read ? outcome::done_close
                                               : outcome::done_unread;
}

void exchange::write_all(std::string_view first, std::string_view second) {
  std::uint64_t due = 0;
  while (!first.empty() || !second.empty()) {
    const std::array<iovec, 2> parts{iovec{const_cast<char*>(first.data()), first.size()},
                                     iovec{const_cast<char*>(second.data()), second.size()}};
    const std::int64_t n = net::try_send(connection_.fd, parts.data(), second.empty() ? 1 : 2);
    if (n >= 0) {
      const auto sent = static_cast<std::size_t>(n);
      const std::size_t of_first = std::min(sent, first.size());
      first.remove_prefix(of_first);
      second.remove_prefix(sent - of_first);
      due = 0;
      continue;
    }
    if (n != -EAGAIN)
      client_gone();
    rc::process& p = runtime::detail::current();
    if (due == 0)
      due = due_in(p, connection_.where().options.write_time);
    if (!connection_.wait_for(EPOLLOUT, rc::wait_kind::writable, due))
      throw rc::process_exit{supervisors::slow_reader()};
  }
}

} // namespace perron::httpd::core
