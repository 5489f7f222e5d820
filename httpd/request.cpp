// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/request.hpp>

#include <perron/httpd/core/conversation.hpp>
#include <perron/httpd/core/dispatch.hpp>

#include <stdexcept>
#include <utility>

namespace perron::httpd {

std::string_view request::method() const noexcept { return behind_.head().method; }
std::string_view request::host() const noexcept { return behind_.head().host; }
std::string_view request::path() const noexcept { return behind_.target().path; }
const query_view& request::query() const noexcept { return behind_.target().query; }
header_view request::headers() const noexcept { return behind_.head().headers(); }
void request::tell(access_sink& instead) { behind_.tell(instead); }
void request::tell_user(std::string_view name) { behind_.tell_user(name); }
void request::leave_count() { behind_.leave_count(); }
std::string request::peer() const { return behind_.peer(); }
const runtime::tls::session_info* request::tls() const { return behind_.tls(); }
std::optional<unix_peer> request::unix_peer() const { return behind_.unix_peer(); }
std::string_view request::body() { return behind_.body(); }
std::size_t request::read(std::span<char> into) { return behind_.read(into); }
header_view request::trailers() const { return behind_.trailers(); }

std::string request::param(std::string_view name) const {
  const auto value = behind_.params().get(name);
  return value ? decode_segment(*value) : std::string();
}

void request::inform(int status, const header_list& headers) {
  if (behind_.has_begun())
    throw std::logic_error("perron: inform: the answer has begun");
  if (status < 100 || status > 199 || status == status::switching_protocols)
    throw std::invalid_argument("perron: inform: " + std::to_string(status) + " is not informational");
  behind_.inform(status, headers);
}

void request::before_send(std::function<void(response&)> f) { behind_.before_send(std::move(f)); }

std::optional<std::uint64_t> request::answer_length() const noexcept { return behind_.answer_length(); }
void request::filter_body(std::unique_ptr<body_filter> f) { behind_.filter_body(std::move(f)); }

response request::forward(const router& to, std::string target) {
  return core::forward(behind_, *this, to, std::move(target));
}

writer request::begin(response head, std::optional<std::uint64_t> length) {
  if (behind_.has_begun())
    throw std::logic_error("perron: begin: the answer has begun");
  if (!head.body.empty() || head.file != nullptr)
    throw std::invalid_argument("perron: begin: the body is to be written, not to be in the head");
  if (!behind_.prepare(head, length)) {
    behind_.begin(head, length);
    return writer(behind_);
  }
  auto filter = behind_.take_filter();
  behind_.begin(head, {});
  return writer(behind_.write_through(std::move(filter), length));
}

duplex request::upgrade(std::string_view protocol, const header_list& headers) {
  if (behind_.has_begun())
    throw std::logic_error("perron: upgrade: the answer has begun");
  if (behind_.head().minor_version == 0)
    throw http_error(status::bad_request, "HTTP/1.0 has no upgrade");
  response head{status::switching_protocols, {}, {}, headers};
  head.headers.emplace(head.headers.begin(), "Upgrade", protocol);
  behind_.prepare(head, {});
  return duplex(behind_.upgrade(head));
}

void* request::local(const void* key, std::shared_ptr<void> (*make)()) { return behind_.local(key, make); }

} // namespace perron::httpd
