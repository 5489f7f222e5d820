// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/access_log/format.hpp>

#include <perron/httpd/access_log/escape.hpp>
#include <perron/httpd/access_log/values.hpp>
#include <perron/runtime/tls/session_info.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace perron::httpd {
namespace {

using namespace access_log_detail;

constexpr std::string_view common =
    R"($remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent)";
constexpr std::string_view combined =
    R"($remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent")";

void append_or_dash(std::string& out, std::string_view text) {
  if (text.empty())
    out += '-';
  else
    append_escaped(out, text);
}

// clang-format off
constexpr std::array<access_variable, 26> variables{{
  {"remote_addr", "address of the client, or whom a trusted proxy names; unix: for Unix sockets",
   [](std::string& out, const access_record& r) { append_peer(out, r); }},
  {"remote_user", "who was let in; else the name sent for basic authentication, which was wrong or not asked for",
   [](std::string& out, const access_record& r) { append_or_dash(out, user_of(r)); }},
  {"user", "who was let in by auth",
   [](std::string& out, const access_record& r) { append_or_dash(out, r.user); }},
  {"time_local", "end of the request: 26/Nov/2026:20:15:00 +0100",
   [](std::string& out, const access_record& r) { append_local_time(out, r.time); }},
  {"time_iso8601", "the same as 2026-11-26T19:15:00.123Z",
   [](std::string& out, const access_record& r) { append_iso_time(out, r.time); }},
  {"msec", "the same in seconds since 1970, with milliseconds",
   [](std::string& out, const access_record& r) { append_seconds(out, r.time.time_since_epoch()); }},
  {"request", "first line of the request: GET /a?b HTTP/1.1; as far as it came, if it was refused",
   [](std::string& out, const access_record& r) { append_request(out, r); }},
  {"request_method", "GET",
   [](std::string& out, const access_record& r) { append_or_dash(out, r.method); }},
  {"request_uri", "target as sent: /a?b",
   [](std::string& out, const access_record& r) { append_or_dash(out, r.target); }},
  {"uri", "target without its query, as sent: /a",
   [](std::string& out, const access_record& r) { append_or_dash(out, r.target.substr(0, r.target.find('?'))); }},
  {"args", "query: b",
   [](std::string& out, const access_record& r) { append_or_dash(out, query_of(r)); }},
  {"server_protocol", "HTTP/1.1",
   [](std::string& out, const access_record& r) { append_or_dash(out, protocol_of(r)); }},
  {"host", "authority that is asked: example.org:8080",
   [](std::string& out, const access_record& r) { append_or_dash(out, r.host); }},
  {"status", "status of the answer; 499: the client left before it",
   [](std::string& out, const access_record& r) { out += std::to_string(status_of(r)); }},
  {"body_bytes_sent", "bytes behind the head of the answer that the kernel took",
   [](std::string& out, const access_record& r) { out += std::to_string(r.body_bytes); }},
  {"request_time", "seconds from the complete head to the end, with milliseconds",
   [](std::string& out, const access_record& r) { append_seconds(out, r.duration); }},
  {"request_time_us", "the same in microseconds",
   [](std::string& out, const access_record& r) { out += std::to_string(r.duration.count() / 1000); }},
  {"end", "normal, crashed, client_gone, slow_reader, deadline, drained, killed, or refused",
   [](std::string& out, const access_record& r) { out += end_of(r); }},
  {"upgraded", "1 if the connection went over to another protocol, else 0",
   [](std::string& out, const access_record& r) { out += r.upgraded ? '1' : '0'; }},
  {"scheme", "https with TLS, else http",
   [](std::string& out, const access_record& r) { out += r.tls != nullptr ? "https" : "http"; }},
  {"ssl_protocol", "version of TLS: TLSv1.3",
   [](std::string& out, const access_record& r) { append_or_dash(out, r.tls != nullptr ? r.tls->version : ""); }},
  {"ssl_cipher", "TLS_AES_128_GCM_SHA256",
   [](std::string& out, const access_record& r) { append_or_dash(out, r.tls != nullptr ? r.tls->cipher : ""); }},
  {"ssl_server_name", "name that the client gave in its handshake (SNI)",
   [](std::string& out, const access_record& r) { append_or_dash(out, r.tls != nullptr ? r.tls->server_name : ""); }},
  {"ssl_session_reused", "r if the TLS session went on from an earlier one, . if it is new",
   [](std::string& out, const access_record& r) { out += r.tls == nullptr ? '-' : r.tls->resumed ? 'r' : '.'; }},
  {"ssl_client_s_dn", "subject of the client's certificate",
   [](std::string& out, const access_record& r) {
     append_or_dash(out, r.tls != nullptr && r.tls->peer != nullptr ? std::string_view(r.tls->peer->subject)
                                                                    : std::string_view());
   }},
  {"worker", "number of the worker that served the connection",
   [](std::string& out, const access_record& r) { out += std::to_string(r.worker); }},
}};
// clang-format on

constexpr bool is_name_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

const access_variable* find_variable(std::string_view name) noexcept {
  const auto* found = std::find_if(variables.begin(), variables.end(),
                                   [&](const access_variable& v) { return v.name == name; });
  return found != variables.end() ? found : nullptr;
}

std::string all_names() {
  std::string out;
  for (const access_variable& v : variables)
    (out += v.name) += ", ";
  return out + "http_NAME";
}

class json_line {
public:
  explicit json_line(std::string& out) : out_(out) {}

  void text(std::string_view name, std::string_view value) {
    if (value.empty())
      return;
    begin(name);
    out_ += '"';
    append_json_escaped(out_, value);
    out_ += '"';
  }
  void begin(std::string_view name) {
    (out_ += first_ ? "{\"" : ",\"") += name;
    out_ += "\":";
    first_ = false;
  }

private:
  std::string& out_;
  bool first_ = true;
};

void write_json(std::string& out, const access_record& r) {
  json_line line(out);
  line.begin("time");
  out += '"';
  append_iso_time(out, r.time);
  out += '"';
  line.begin("remote_addr");
  out += '"';
  append_peer(out, r);
  out += '"';
  line.text("remote_user", user_of(r));
  line.text("method", r.method);
  line.text("target", r.target);
  line.text("request", r.first_line);
  line.text("protocol", protocol_of(r));
  line.text("host", r.host);
  if (r.tls != nullptr)
    line.text("tls", r.tls->version);
  line.begin("status");
  out += std::to_string(status_of(r));
  line.begin("bytes");
  out += std::to_string(r.body_bytes);
  line.begin("seconds");
  append_seconds(out, r.duration, 6);
  line.text("end", end_of(r));
  line.text("referer", r.headers.find("referer").value_or(""));
  line.text("user_agent", r.headers.find("user-agent").value_or(""));
  out += "}\n";
}

} // namespace

std::span<const access_variable> access_variables() noexcept { return variables; }

runtime::result<access_format> access_format::parse(std::string_view text) {
  if (text == "json")
    return access_format();
  return parse_own(text == "common" ? common : text == "combined" ? combined : text);
}

runtime::result<access_format> access_format::parse_own(std::string_view text) {
  const auto refuse = [&](const std::string& why) {
    return runtime::error{"access log format: " + why, EINVAL};
  };
  access_format out;
  std::string literal;
  bool has_names = false;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i++];
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      return refuse("control character at byte " + std::to_string(i - 1));
    if (c != '$') {
      literal += c;
      continue;
    }
    if (i < text.size() && text[i] == '$') {
      literal += text[i++];
      continue;
    }
    const bool braced = i < text.size() && text[i] == '{';
    const std::size_t begin = i + (braced ? 1 : 0);
    std::size_t end = begin;
    while (end < text.size() && is_name_character(text[end]))
      ++end;
    if (braced && (end == text.size() || text[end] != '}'))
      return refuse("'${' without '}' at byte " + std::to_string(i - 1));
    const std::string_view name = text.substr(begin, end - begin);
    i = end + (braced ? 1 : 0);
    if (!literal.empty())
      out.pieces_.push_back({std::exchange(literal, {})});
    has_names = true;
    if (name.substr(0, 5) == "http_" && name.size() > 5) {
      std::string field(name.substr(5));
      std::replace(field.begin(), field.end(), '_', '-');
      out.pieces_.push_back({std::move(field), nullptr, true});
    } else if (const access_variable* v = find_variable(name)) {
      out.pieces_.push_back({{}, v});
    } else {
      return refuse("no variable '$" + std::string(name) + "'; there are " + all_names() +
                    ", and $$ is a dollar");
    }
  }
  if (!has_names)
    return refuse("'" + std::string(text) +
                  "' is neither common, combined nor json, and has no variable in it");
  if (!literal.empty())
    out.pieces_.push_back({std::move(literal)});
  return out;
}

void access_format::write(std::string& out, const access_record& r) const {
  if (pieces_.empty()) {
    write_json(out, r);
    return;
  }
  for (const piece& p : pieces_) {
    if (p.variable != nullptr)
      p.variable->write(out, r);
    else if (p.is_field)
      append_or_dash(out, r.headers.find(p.text).value_or(""));
    else
      out += p.text;
  }
  out += '\n';
}

} // namespace perron::httpd
