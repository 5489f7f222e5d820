// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/sse_format.hpp>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace perron::httpd {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// One field for each line of a text.
void append_lines(std::string& out, std::string_view field, std::string_view text) {
  for (;;) {
    const std::size_t end = text.find_first_of("\r\n");
    out.append(field).append(text.substr(0, end)) += '\n';
    if (end == std::string_view::npos)
      return;
    text.remove_prefix(end + (text.substr(end, 2) == "\r\n" ? 2 : 1));
  }
}

void require_one_line(std::string_view text, std::string_view forbidden, const char* what) {
  if (text.find_first_of(forbidden) != std::string_view::npos)
    throw std::invalid_argument(what);
}

} // namespace

void append_sse_event(std::string& out, const sse_event& what) {
  require_one_line(what.event, "\r\n", "a server-sent event's type must be one line");
  if (what.id)
    require_one_line(*what.id, "\r\n\0"sv, "a server-sent event's id must be one line without NUL");
  if (what.retry)
    append_sse_retry(out, *what.retry);
  if (what.id)
    out.append("id: ").append(*what.id) += '\n';
  if (!what.event.empty())
    out.append("event: ").append(what.event) += '\n';
  append_lines(out, "data: ", what.data);
  out += '\n';
}

void append_sse_comment(std::string& out, std::string_view text) { append_lines(out, ": ", text); }

void append_sse_retry(std::string& out, std::chrono::milliseconds time) {
  out.append("retry: ").append(std::to_string(std::max<std::int64_t>(time.count(), 0))) += '\n';
}

void sse_parser::feed(std::string_view bytes, std::vector<sse_message>& out) {
  for (const char c : bytes) {
    if (seen_ < byte_order_mark.size()) {
      if (c == byte_order_mark[seen_]) {
        ++seen_;
        continue;
      }
      line_.append(byte_order_mark.substr(0, seen_));
      seen_ = byte_order_mark.size();
    }
    const bool second_half = std::exchange(after_cr_, c == '\r') && c == '\n';
    if (second_half)
      continue;
    if (c == '\r' || c == '\n')
      take_line(out);
    else if (line_.size() + data_.size() < most_bytes_)
      line_ += c;
    else
      too_long_ = true;
  }
}

void sse_parser::take_line(std::vector<sse_message>& out) {
  if (line_.empty()) {
    dispatch(out);
    return;
  }
  const std::string_view line = line_;
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) {
    if (!too_long_)
      take_field(line, {});
  } else if (colon != 0 && !too_long_) {
    std::string_view value = line.substr(colon + 1);
    if (value.starts_with(' '))
      value.remove_prefix(1);
    take_field(line.substr(0, colon), value);
  }
  line_.clear();
}

void sse_parser::take_field(std::string_view name, std::string_view value) {
  if (name == "event") {
    type_ = value;
  } else if (name == "data") {
    data_.append(value) += '\n';
  } else if (name == "id") {
    if (value.find('\0') == std::string_view::npos)
      last_id_ = value;
  } else if (name == "retry") {
    std::int64_t time = 0;
    const bool digits = !value.empty() &&
                        std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (digits && std::from_chars(value.data(), value.data() + value.size(), time).ec == std::errc())
      retry_ = std::chrono::milliseconds(time);
  }
}

void sse_parser::dispatch(std::vector<sse_message>& out) {
  if (!data_.empty() && !too_long_) {
    data_.pop_back(); // the line end behind the last line
    out.push_back({type_.empty() ? "message" : std::move(type_), std::move(data_), last_id_});
  }
  data_.clear();
  type_.clear();
  too_long_ = false;
}

} // namespace perron::httpd
