// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/channel/entry.hpp>

#include <algorithm>
#include <utility>

namespace perron::httpd {
namespace {

/// Names and origins come from outside as well; a quote in one must not end the text it stands in.
void append_text(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text)
    if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\')
      out += c;
  out += '"';
}

} // namespace

topic_entry::topic_entry(std::string_view topic, std::uint64_t epoch, topic_record record)
    : at_{epoch, record.id}, record_(std::move(record)) {
  std::replace(record_.data.begin(), record_.data.end(), '\n', ' ');
  std::replace(record_.data.begin(), record_.data.end(), '\r', ' ');
  const std::string cursor = to_string(at_);
  sse_.reserve(record_.data.size() + 2 * topic.size() + 160);
  sse_.append("id: ").append(topic).append(" ").append(cursor).append("\ndata: ");
  json_begin_ = sse_.size();
  sse_.append(R"({"type":"message","topic":)");
  append_text(sse_, topic);
  sse_.append(R"(,"cursor":")").append(cursor);
  sse_.append(R"(","at":)").append(std::to_string(record_.at_ms));
  if (!record_.origin.from.empty()) {
    sse_.append(R"(,"from":)");
    append_text(sse_, record_.origin.from);
    sse_.append(R"(,"number":)").append(std::to_string(record_.origin.number));
  }
  sse_.append(R"(,"data":)").append(record_.data).append("}\n\n");
}

bool is_topic_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= 128 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._:/-").find(c) != std::string_view::npos;
  });
}

} // namespace perron::httpd
