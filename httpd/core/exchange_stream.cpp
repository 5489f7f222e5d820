// SPDX-License-Identifier: BSD-3-Clause
// The rarer half of exchange: answers that are written piece by piece, informational ones, upgrades.
#include <perron/httpd/core/exchange.hpp>
#include <perron/httpd/core/upgraded.hpp>
#include <perron/httpd/http1/trailer_section.hpp>
#include <perron/runtime/tls/server_context.hpp>
#include <perron/runtime/tls/session_info.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <utility>

namespace perron::httpd::core {
namespace {

constexpr std::string_view line_end = "\r\n";

/// The line before a chunk.
class chunk_line {
public:
  explicit chunk_line(std::uint64_t size) noexcept {
    char* end = std::to_chars(text_.data(), text_.data() + text_.size() - 2, size, 16).ptr;
    *end++ = '\r';
    *end++ = '\n';
    size_ = static_cast<std::size_t>(end - text_.data());
  }
  std::string_view text() const noexcept { return {text_.data(), size_}; }

private:
  std::array<char, 18> text_;
  std::size_t size_;
};

/// "example.org" of "example.org:8443", "example.org."; "[::1]" of "[::1]:8443".
std::string_view host_without_port(std::string_view host) noexcept {
  const std::size_t colon = host.rfind(':');
  if (colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos)
    host = host.substr(0, colon);
  if (host.ends_with('.'))
    host.remove_suffix(1);
  return host;
}

} // namespace

void exchange::inform(int status, const header_list& headers) {
  if (in_.head.minor_version == 0)
    return;
  const response r{status, {}, {}, headers};
  const std::vector<header_field> all = fields_of(r);
  http1::response_head head;
  head.status = status;
  head.fields = all;
  head_buffer out;
  out.write(head);
  if (status == status::continue_ && has_body())
    reader().ask_no_more();
  send_part(out.text());
}

void exchange::begin(const response& r, std::optional<std::uint64_t> length) {
  refuse_informational(r.status);
  auto s = std::make_unique<stream>(limits().reader());
  http1::response_head head;
  head.status = r.status;
  head.content_length = length;
  if (!has_no_content(r.status) && !length && in_.head.minor_version != 0)
    head.chunked = true;
  if (may_have_content(r.status))
    s->how = length ? framing::length : head.chunked ? framing::chunked : framing::until_end;
  s->left = length.value_or(0);
  // what of the request's body is left may still be read while the answer is written
  s->keep = in_.head.keep_alive && !r.close && !connection_.where().closing.load(std::memory_order_relaxed) &&
            (length || head.chunked || has_no_content(r.status));
  const std::vector<header_field> all = fields_of(r);
  head.fields = all;
  head_buffer out;
  write_head(head, s->keep, out);
  begins(r.status, out.size, s->how == framing::until_end ? outcome::begun_open : outcome::begun);
  begun_ = true;
  stream_ = std::move(s);
  send_part(out.text());
}

exchange::stream& exchange::streaming() {
  if (stream_ == nullptr || stream_->ended)
    throw std::logic_error("perron: a writer writes to an answer that has ended");
  return *stream_;
}

void exchange::take_length(std::uint64_t bytes) {
  stream& s = streaming();
  if (s.how != framing::length)
    return;
  if (bytes > s.left)
    throw std::length_error("perron: an answer is longer than was announced");
  s.left -= bytes;
}

void exchange::write(std::span<const std::string_view> parts) {
  std::uint64_t size = 0;
  for (const std::string_view part : parts)
    size += part.size();
  take_length(size);
  const framing how = streaming().how;
  if (how == framing::none || size == 0) // a chunk without content would be the last one
    return;
  if (how != framing::chunked) {
    send_parts(parts);
    return;
  }
  const chunk_line line(size);
  std::array<std::string_view, 10> few;
  if (parts.size() <= few.size() - 2) {
    few[0] = line.text();
    std::copy(parts.begin(), parts.end(), few.begin() + 1);
    few[parts.size() + 1] = line_end;
    send_parts(std::span(few).first(parts.size() + 2));
    return;
  }
  std::vector<std::string_view> all;
  all.reserve(parts.size() + 2);
  all.push_back(line.text());
  all.insert(all.end(), parts.begin(), parts.end());
  all.push_back(line_end);
  send_parts(all);
}

void exchange::sendfile(int file, std::uint64_t offset, std::uint64_t count) {
  take_length(count);
  const framing how = streaming().how;
  if (how == framing::none || count == 0)
    return;
  if (how != framing::chunked) {
    send_file(connection_, {}, file, offset, count, streaming().pace);
    return;
  }
  const chunk_line line(count);
  send_file(connection_, line.text(), file, offset, count, streaming().pace);
  send_part(line_end);
}

void exchange::trailer(std::string name, std::string value) {
  stream& s = streaming();
  const char* fault = http1::find_field_fault({name, value});
  if (fault == nullptr && !http1::may_be_trailer(name))
    fault = "field that must not be a trailer";
  if (fault != nullptr)
    throw std::invalid_argument("perron: trailer '" + name + "': " + fault);
  if (s.how == framing::chunked)
    s.trailers.append(name).append(": ").append(value).append(line_end);
}

void exchange::end() {
  stream& s = streaming();
  if (s.how == framing::length && s.left != 0)
    throw std::length_error("perron: an answer is shorter than was announced");
  if (s.how == framing::chunked)
    send_parts(std::array<std::string_view, 3>{"0\r\n", s.trailers, line_end});
  s.ended = true;
  finish(s.keep);
}

std::unique_ptr<byte_channel> exchange::upgrade(const response& r) {
  if (has_body() && !is_body_taken_) // a reader may hold what came behind it
    throw http_error(status::bad_request, "a request for an upgrade has no body");
  const std::vector<header_field> all = fields_of(r);
  http1::response_head head;
  head.status = r.status;
  head.connection = http1::connection_option::upgrade;
  head.fields = all;
  head_buffer out;
  out.write(head);
  auto channel = std::make_unique<upgraded>(
      connection_, in_.after_head().substr(connection_.in_use().used - in_.head_size), limits().write_time());
  begins(r.status, out.size, outcome::begun);
  connection_.in_use().upgraded = true;
  begun_ = true;
  connection_.be_interrupted_by(0);
  if (connection_.answers_with().options.request_time.count() != 0 ||
      (limits_ != nullptr && limits_->request_time))
    connection_.limit_time(std::chrono::milliseconds(0));
  send_part(out.text());
  return channel;
}

/// RFC 9110 7.4.
bool exchange::is_for_another() const {
  if (!connection_.is_secure()) {
    // a proxy that is trusted has it from a client by TLS
    const bool proxied = connection_.from() != nullptr && connection_.from()->is_proxied();
    return !proxied && equal_ignoring_case(in_.head.target.substr(0, 6), "https:");
  }
  // where a client is known by its certificate, what it was asked for holds for one name only
  const auto& tls = connection_.answers_with().options.tls;
  if (tls == nullptr || tls->options().client == runtime::tls::client_certificates::none)
    return false;
  const std::string_view name = connection_.tls_info()->server_name;
  return !name.empty() && !equal_ignoring_case(host_without_port(in_.head.host), name);
}

void exchange::leave_count() { connection_.leave_count(); }

std::optional<httpd::unix_peer> exchange::unix_peer() const {
  ::ucred who{};
  socklen_t size = sizeof who;
  int family = 0;
  socklen_t family_size = sizeof family;
  if (::getsockopt(connection_.fd, SOL_SOCKET, SO_DOMAIN, &family, &family_size) != 0 || family != AF_UNIX ||
      ::getsockopt(connection_.fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0)
    return std::nullopt;
  return httpd::unix_peer{who.uid, who.gid, who.pid};
}

std::string exchange::peer() const {
  if (const visitor* from = connection_.from(); from != nullptr && from->is_proxied())
    return from->to_string();
  sockaddr_storage at{};
  socklen_t size = sizeof at;
  if (::getpeername(connection_.fd, reinterpret_cast<sockaddr*>(&at), &size) != 0)
    return {};
  char text[INET6_ADDRSTRLEN] = {};
  if (at.ss_family == AF_INET) {
    const auto& four = reinterpret_cast<const sockaddr_in&>(at);
    ::inet_ntop(AF_INET, &four.sin_addr, text, sizeof text);
    return std::string(text) + ':' + std::to_string(ntohs(four.sin_port));
  }
  if (at.ss_family == AF_INET6) {
    const auto& six = reinterpret_cast<const sockaddr_in6&>(at);
    ::inet_ntop(AF_INET6, &six.sin6_addr, text, sizeof text);
    return '[' + std::string(text) + "]:" + std::to_string(ntohs(six.sin6_port));
  }
  return {};
}

} // namespace perron::httpd::core
