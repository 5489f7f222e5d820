// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/http1/request_head.hpp>

#include <perron/httpd/http1/authority.hpp>
#include <perron/httpd/http1/characters.hpp>
#include <perron/httpd/http1/field_name.hpp>
#include <perron/httpd/status.hpp>

#include <algorithm>
#include <cassert>
#include <charconv>
#include <limits>

namespace perron::httpd::http1 {

namespace {

using detail::is_name;
using httpd::detail::is_blank;

constexpr std::size_t max_method = 32;
constexpr std::size_t version_size = 8; // "HTTP/1.1"
constexpr int max_empty_lines = 4;

/// Bits of head_progress::facts: what the fields so far have said.
enum fact : std::uint16_t {
  host_seen = 1 << 0,
  length_seen = 1 << 1,
  transfer_encoding_seen = 1 << 2,
  other_coding = 1 << 3,
  chunked_is_last = 1 << 4,
  connection_close = 1 << 5,
  connection_keep_alive = 1 << 6,
  connection_upgrade = 1 << 7,
  expect_continue = 1 << 8,
  expect_unknown = 1 << 9,
  method_is_connect = 1 << 10,
};

/// One pass over the lines from progress.line on. With a `head` it fills that in; without one it only checks
/// and digests, which is what a resumed pass does: its first lines are no longer at hand.
class head_reader {
public:
  head_reader(std::string_view input, head_progress& progress, request_head* head, std::size_t max_fields,
              const head_limits& limits) noexcept
      : begin_(input.data()), bound_(begin_ + std::min<std::size_t>(input.size(), limits.max_head_bytes)),
        progress_(progress), head_(head), limits_(limits), max_fields_(max_fields) {}

  head_result run() noexcept;

private:
  /// One step of run(): true to go on, false if result_ is final.
  bool read_empty_lines() noexcept;
  bool read_request_line() noexcept;
  bool read_fields() noexcept;
  bool finish(const char* last_line) noexcept;

  const char* find_line_end(const char* line, const char* from, const char* bound) noexcept;
  const char* seen() const noexcept { return begin_ + progress_.seen; }
  bool digest_request_line(std::string_view line) noexcept;
  bool digest_version(std::string_view version) noexcept;
  bool digest_target(std::string_view method, std::string_view target) noexcept;
  bool digest_absolute(std::string_view method, std::string_view target, std::size_t authority) noexcept;
  bool refuse_field_name(const char* line, const char* name_end, const char* line_end) noexcept;
  bool digest_field(std::string_view name, std::string_view value) noexcept;
  bool digest_host(std::string_view value) noexcept;
  bool digest_content_length(std::string_view value) noexcept;
  void digest_transfer_encoding(std::string_view value) noexcept;
  bool digest_connection(std::string_view value) noexcept;
  void digest_expect(std::string_view value) noexcept;

  bool has(fact f) const noexcept { return (progress_.facts & f) != 0; }
  void note(fact f) noexcept { progress_.facts = static_cast<std::uint16_t>(progress_.facts | f); }
  void forget(fact f) noexcept { progress_.facts = static_cast<std::uint16_t>(progress_.facts & ~f); }

  bool is_full(const char* bound) const noexcept {
    return static_cast<std::size_t>(bound - begin_) >= limits_.max_head_bytes;
  }

  [[gnu::cold]] bool refuse(int code, const char* what, const char* at) noexcept {
    result_.outcome = head_outcome::bad;
    result_.status = code;
    result_.what = what;
    result_.offset = static_cast<std::size_t>(at - begin_);
    return false;
  }

  /// All bytes up to `seen` are good so far, but the line at `line` is not complete.
  bool wait(const char* line, const char* seen) noexcept {
    progress_.line = static_cast<std::uint32_t>(line - begin_);
    progress_.seen = static_cast<std::uint32_t>(seen - begin_);
    return false;
  }

  const char* const begin_;
  const char* const bound_; // the end of what max_head_bytes lets us look at
  head_progress& progress_;
  request_head* const head_;
  const head_limits& limits_;
  const std::size_t max_fields_;
  head_result result_;
};

head_result head_reader::run() noexcept {
  if ((progress_.in_fields || (read_empty_lines() && read_request_line())) && read_fields()) {
    result_.outcome = head_outcome::complete;
    progress_ = {};
  }
  return result_;
}

bool head_reader::read_empty_lines() noexcept {
  const char* at = begin_ + progress_.line;
  for (; at != bound_ && *at == '\r'; at += 2) {
    if (bound_ - at < 2)
      break;
    if (at[1] != '\n')
      return refuse(status::bad_request, "bare CR", at);
    if (++progress_.empty_lines > max_empty_lines)
      return refuse(status::bad_request, "too many empty lines before the request line", at);
    progress_.line += 2;
    progress_.seen = std::max(progress_.seen, progress_.line);
  }
  return true;
}

/// The CR of the CRLF that ends `line`, whose bytes before `from` hold no control character. Without one
/// before `bound`: nullptr, with result_ set where a byte is at fault, else with the progress noted.
const char* head_reader::find_line_end(const char* line, const char* from, const char* bound) noexcept {
  const char* at = detail::find_control(from, bound, begin_);
  if (at == bound || (*at == '\r' && bound - at < 2)) {
    wait(line, at);
    return nullptr;
  }
  if (*at == '\r' && at[1] == '\n') [[likely]]
    return at;
  refuse(status::bad_request,
         *at == '\r'   ? "bare CR"
         : *at == '\n' ? "bare LF"
         : *at == '\0' ? "NUL"
                       : "control character",
         at);
  return nullptr;
}

bool head_reader::read_request_line() noexcept {
  const char* line = begin_ + progress_.line;
  const std::size_t longest = max_method + 1 + limits_.max_target + 1 + version_size + 2;
  const char* bound = line + std::min<std::size_t>(static_cast<std::size_t>(bound_ - line), longest);
  const char* end = find_line_end(line, std::max(line, seen()), bound);
  if (end == nullptr) {
    if (result_.outcome == head_outcome::bad)
      return false;
    if (static_cast<std::size_t>(bound - line) < longest && !is_full(bound))
      return false;
    const std::string_view start(
        line, std::min<std::size_t>(static_cast<std::size_t>(bound - line), max_method + 1));
    if (start.size() > max_method && start.find(' ') == std::string_view::npos)
      return refuse(status::not_implemented, "method is too long", line + max_method);
    return refuse(status::uri_too_long, "request line is too long", bound);
  }
  if (!digest_request_line({line, static_cast<std::size_t>(end - line)}))
    return false;
  progress_.in_fields = true;
  progress_.line = static_cast<std::uint32_t>(end + 2 - begin_);
  return true;
}

bool head_reader::digest_request_line(std::string_view line) noexcept {
  const char* line_end = line.data() + line.size();
  const char* method_end = detail::find_token_end(line.data(), line_end, begin_);
  if (method_end == line.data())
    return refuse(status::bad_request,
                  is_blank(line.front()) ? "blank before the method" : "request line begins with no method",
                  method_end);
  if (method_end == line_end || *method_end != ' ')
    return refuse(status::bad_request, "method has no single SP behind it", method_end);
  const std::string_view method(line.data(), static_cast<std::size_t>(method_end - line.data()));
  if (method.size() > max_method)
    return refuse(status::not_implemented, "method is too long", line.data() + max_method);

  const char* target = method_end + 1;
  const char* target_end = detail::find_target_end(target, line_end, begin_);
  if (target_end == target)
    return refuse(status::bad_request, "request target is missing", target);
  if (target_end == line_end)
    return refuse(status::bad_request, "version is missing", target_end);
  if (*target_end != ' ')
    return refuse(status::bad_request, "character that no request target has", target_end);
  if (static_cast<std::size_t>(target_end - target) > limits_.max_target)
    return refuse(status::uri_too_long, "request target is too long", target + limits_.max_target);
  if (!digest_version({target_end + 1, static_cast<std::size_t>(line_end - target_end - 1)}))
    return false;
  if (head_) {
    head_->method = method;
    head_->target = {target, static_cast<std::size_t>(target_end - target)};
    head_->host = {};
  }
  return digest_target(method, {target, static_cast<std::size_t>(target_end - target)});
}

/// HTTP-version is case-sensitive and has one digit on each side (RFC 9112 2.3).
bool head_reader::digest_version(std::string_view version) noexcept {
  if (version == "HTTP/1.1") [[likely]] {
    progress_.minor_version = 1;
    return true;
  }
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (version.size() != version_size || !version.starts_with("HTTP/") || !is_digit(version[5]) ||
      version[6] != '.' || !is_digit(version[7]))
    return refuse(status::bad_request, "version is not HTTP/digit.digit", version.data());
  if (version[5] != '1')
    return refuse(status::version_not_supported, "major version is not 1", version.data() + 5);
  progress_.minor_version = version[7] == '0' ? 0 : 1;
  return true;
}

bool head_reader::digest_target(std::string_view method, std::string_view target) noexcept {
  auto form = target_form::origin;
  if (method == "CONNECT") {
    if (const char* fault = find_authority_fault(target, port_rule::required))
      return refuse(status::bad_request, fault, target.data());
    if (target.front() == ':')
      return refuse(status::bad_request, "host is missing", target.data());
    form = target_form::authority;
    note(method_is_connect);
    if (head_)
      head_->host = target;
  } else if (target.front() != '/') {
    if (target == "*" && method == "OPTIONS")
      form = target_form::asterisk;
    else if (equal_ignoring_case(target.substr(0, 7), "http://"))
      return digest_absolute(method, target, 7);
    else if (equal_ignoring_case(target.substr(0, 8), "https://"))
      return digest_absolute(method, target, 8);
    else
      return refuse(status::bad_request, "request target is neither a path nor an http URI", target.data());
  }
  if (head_) {
    head_->form = form;
    head_->path_and_query = form == target_form::origin ? target : std::string_view{};
  }
  return true;
}

bool head_reader::digest_absolute(std::string_view method, std::string_view target,
                                  std::size_t authority) noexcept {
  const std::size_t authority_end = std::min(target.find_first_of("/?", authority), target.size());
  const auto host = target.substr(authority, authority_end - authority);
  if (host.empty() || host.front() == ':')
    return refuse(status::bad_request, "host is missing", host.data());
  if (const char* fault = find_authority_fault(host, port_rule::optional))
    return refuse(status::bad_request, fault, host.data());
  if (head_) {
    head_->host = host;
    head_->path_and_query = target.substr(authority_end);
    const bool whole_server = head_->path_and_query.empty() && method == "OPTIONS";
    head_->form = whole_server ? target_form::asterisk : target_form::absolute;
  }
  return true;
}

bool head_reader::read_fields() noexcept {
  const char* line = begin_ + progress_.line;
  for (;;) {
    if (line >= bound_) {
      if (is_full(line))
        return refuse(status::header_fields_too_large, "head is too large", bound_);
      return wait(line, line);
    }
    if (*line == '\r' && bound_ - line >= 2 && line[1] == '\n')
      return finish(line);

    // A line is judged when its end is there. Token characters are not control characters, so the search for
    // the end begins behind the name, or behind what an earlier call has seen.
    const bool fresh = seen() <= line;
    const char* name_end = fresh ? detail::find_token_end(line, bound_, begin_) : nullptr;
    const char* line_end = find_line_end(line, fresh ? name_end : seen(), bound_);
    if (line_end == nullptr) {
      if (result_.outcome == head_outcome::need_more && is_full(bound_))
        return refuse(status::header_fields_too_large, "head is too large", bound_);
      return false;
    }
    if (!fresh)
      name_end = detail::find_token_end(line, line_end, begin_);
    if (*name_end != ':' || name_end == line) [[unlikely]]
      return refuse_field_name(line, name_end, line_end);
    if (progress_.fields >= max_fields_)
      return refuse(status::header_fields_too_large, "too many fields", line);

    const char* value = name_end + 1;
    const char* value_end = line_end;
    while (value != value_end && is_blank(*value))
      ++value;
    while (value_end != value && is_blank(value_end[-1]))
      --value_end;
    const std::string_view name_view(line, static_cast<std::size_t>(name_end - line));
    const std::string_view value_view(value, static_cast<std::size_t>(value_end - value));
    if (head_)
      head_->storage[progress_.fields] = {name_view, value_view};
    ++progress_.fields;
    if (!digest_field(name_view, value_view))
      return false;
    line = line_end + 2;
  }
}

bool head_reader::refuse_field_name(const char* line, const char* name_end, const char* line_end) noexcept {
  const char* what = name_end == line_end ? "field line without a colon" : "character that no field name has";
  if (name_end == line && is_blank(*line))
    what = "line begins with a blank (obs-fold)";
  else if (name_end == line && *line == ':')
    what = "field name is empty";
  else if (is_blank(*name_end))
    what = "blank in or behind a field name";
  return refuse(status::bad_request, what, name_end);
}

bool head_reader::digest_field(std::string_view name, std::string_view value) noexcept {
  switch (name.size()) {
  case 4:
    return !is_name(name, "host") || digest_host(value);
  case 6:
    if (is_name(name, "expect"))
      digest_expect(value);
    return true;
  case 10:
    return !is_name(name, "connection") || digest_connection(value);
  case 14:
    return !is_name(name, "content-length") || digest_content_length(value);
  case 17:
    if (is_name(name, "transfer-encoding"))
      digest_transfer_encoding(value);
    return true;
  default:
    return true;
  }
}

bool head_reader::digest_host(std::string_view value) noexcept {
  if (has(host_seen))
    return refuse(status::bad_request, "more than one Host", value.data());
  note(host_seen);
  if (const char* fault = find_authority_fault(value, port_rule::optional))
    return refuse(status::bad_request, fault, value.data());
  if (head_ && head_->host.empty()) // the authority of an absolute target goes before it (RFC 9112 3.2.2)
    head_->host = value;
  return true;
}

bool head_reader::digest_content_length(std::string_view value) noexcept {
  if (has(length_seen))
    return refuse(status::bad_request, "more than one Content-Length", value.data());
  note(length_seen);
  constexpr auto largest = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t length = 0;
  for (const char& c : value) {
    if (c < '0' || c > '9')
      return refuse(status::bad_request, "Content-Length is not a number", &c);
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (length > (largest - digit) / 10)
      return refuse(status::bad_request, "Content-Length is out of range", &c);
    length = length * 10 + digit;
  }
  if (value.empty())
    return refuse(status::bad_request, "Content-Length is empty", value.data());
  progress_.content_length = length;
  return true;
}

/// Empty list elements count as codings we do not know: nobody sends them but to confuse.
void head_reader::digest_transfer_encoding(std::string_view value) noexcept {
  note(transfer_encoding_seen);
  for (std::size_t at = 0; at <= value.size();) {
    const auto comma = std::min(value.find(',', at), value.size());
    const auto coding = httpd::detail::trim_blanks(value.substr(at, comma - at));
    if (equal_ignoring_case(coding, "chunked")) {
      note(chunked_is_last);
      progress_.chunked_codings = static_cast<std::uint8_t>(std::min(progress_.chunked_codings + 1, 2));
    } else {
      note(other_coding);
      forget(chunked_is_last);
    }
    at = comma + 1;
  }
}

bool head_reader::digest_connection(std::string_view value) noexcept {
  each_list_element(value, [this](std::string_view option) {
    if (equal_ignoring_case(option, "close"))
      note(connection_close);
    else if (equal_ignoring_case(option, "keep-alive"))
      note(connection_keep_alive);
    else if (equal_ignoring_case(option, "upgrade"))
      note(connection_upgrade);
    else if (const char* end = option.data() + option.size();
             detail::find_token_end(option.data(), end, option.data()) != end)
      return refuse(status::bad_request, "connection option is not a token", option.data());
    return true;
  });
  return result_.outcome != head_outcome::bad;
}

void head_reader::digest_expect(std::string_view value) noexcept {
  each_list_element(value, [this](std::string_view expectation) {
    note(equal_ignoring_case(expectation, "100-continue") ? expect_continue : expect_unknown);
    return true;
  });
}

/// What only the whole head can show: framing (RFC 9112 6.3) and the fields that must be there.
bool head_reader::finish(const char* last_line) noexcept {
  const bool is_1_1 = progress_.minor_version == 1;
  if (is_1_1 && !has(host_seen))
    return refuse(status::bad_request, "Host is missing", last_line);
  if (has(transfer_encoding_seen)) {
    if (has(length_seen))
      return refuse(status::bad_request, "both Content-Length and Transfer-Encoding", last_line);
    if (!is_1_1)
      return refuse(status::bad_request, "Transfer-Encoding in HTTP/1.0", last_line);
    if (!has(chunked_is_last))
      return refuse(status::bad_request, "last transfer coding is not chunked", last_line);
    if (progress_.chunked_codings > 1)
      return refuse(status::bad_request, "chunked more than once", last_line);
    if (has(other_coding))
      return refuse(status::not_implemented, "transfer coding other than chunked", last_line);
  }
  if (has(method_is_connect) && (has(transfer_encoding_seen) || progress_.content_length != 0))
    return refuse(status::bad_request, "CONNECT with content", last_line);
  result_.consumed = static_cast<std::size_t>(last_line + 2 - begin_);
  if (head_) {
    head_->content_length.reset();
    if (has(length_seen))
      head_->content_length = progress_.content_length;
    head_->header_count = progress_.fields;
    head_->minor_version = progress_.minor_version;
    head_->chunked = has(transfer_encoding_seen);
    head_->keep_alive = !has(connection_close) && (is_1_1 || has(connection_keep_alive));
    head_->connection_upgrade = has(connection_upgrade);
    head_->expect_continue = is_1_1 && has(expect_continue);
    head_->expect_unknown = is_1_1 && has(expect_unknown);
  }
  return true;
}

} // namespace

std::string head_result::describe() const { return std::string(what) + " at byte " + std::to_string(offset); }

head_result parse_request_head(std::string_view input, head_progress& progress, request_head& head,
                               const head_limits& limits) noexcept {
  const auto max_fields = std::min<std::size_t>(limits.max_headers, head.storage.size());
  const bool resumed = progress.seen != 0;
  if (resumed) {
    const auto result = head_reader(input, progress, nullptr, max_fields, limits).run();
    if (result.outcome != head_outcome::complete)
      return result;
  }
  return head_reader(input, progress, &head, max_fields, limits).run();
}

head_result parse_request_head(std::string_view input, request_head& head,
                               const head_limits& limits) noexcept {
  head_progress progress;
  return parse_request_head(input, progress, head, limits);
}

void rebase(request_head& head, const char* from, const char* to, std::span<header_field> storage) noexcept {
  assert(storage.size() >= head.header_count);
  const auto move = [from, to](std::string_view& view) {
    if (!view.empty())
      view = {to + (view.data() - from), view.size()};
  };
  move(head.method);
  move(head.target);
  move(head.path_and_query);
  move(head.host);
  for (std::size_t i = 0; i < head.header_count; ++i) {
    auto field = head.storage[i];
    move(field.name);
    move(field.value);
    storage[i] = field;
  }
  head.storage = storage;
}

} // namespace perron::httpd::http1
