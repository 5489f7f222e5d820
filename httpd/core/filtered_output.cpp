// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/core/filtered_output.hpp>

#include <perron/httpd/core/conversation.hpp>
#include <perron/runtime/process.hpp>

#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

namespace perron::httpd::core {
namespace {

/// What is filtered before others get a turn: up to a millisecond of work.
constexpr std::size_t piece_bytes = std::size_t(32) * 1024;
/// What is collected before it is sent.
constexpr std::size_t ready_bytes = std::size_t(16) * 1024;
/// Longer bodies are sent while they are filtered.
constexpr std::size_t most_in_memory = std::size_t(256) * 1024;

} // namespace

void filtered_output::take_length(std::uint64_t bytes) {
  if (!left_)
    return;
  if (bytes > *left_)
    throw std::length_error("perron: an answer is longer than was announced");
  *left_ -= bytes;
}

void filtered_output::take(std::string_view bytes, bool flush) {
  while (!bytes.empty()) {
    const auto piece = bytes.substr(0, piece_bytes);
    bytes.remove_prefix(piece.size());
    filter_->take(piece, flush && bytes.empty(), ready_);
    if (ready_.size() >= ready_bytes)
      send();
    if (!bytes.empty())
      runtime::yield();
  }
}

void filtered_output::send() {
  if (!ready_.empty()) {
    const std::string_view all = ready_;
    next_.write(std::span(&all, 1));
    ready_.clear();
  }
}

void filtered_output::write(std::span<const std::string_view> parts) {
  std::uint64_t size = 0;
  for (const std::string_view part : parts)
    size += part.size();
  take_length(size);
  if (bare_)
    return;
  while (!parts.empty() && parts.back().empty())
    parts = parts.first(parts.size() - 1);
  for (std::size_t i = 0; i < parts.size(); ++i)
    take(parts[i], i + 1 == parts.size());
  send();
}

void filtered_output::pass_on(std::string_view bytes) {
  take_length(bytes.size());
  if (!bare_)
    take(bytes, false);
}

void filtered_output::sendfile(int file, std::uint64_t offset, std::uint64_t count) {
  take_length(count);
  if (bare_)
    return;
  std::vector<char> piece(static_cast<std::size_t>(std::min<std::uint64_t>(count, piece_bytes)));
  while (count != 0) {
    const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(count, piece.size()));
    const ssize_t n = ::pread(file, piece.data(), wanted, static_cast<::off_t>(offset));
    if (n <= 0)
      throw std::runtime_error("perron: a file is shorter than what was to be sent of it");
    const auto size = static_cast<std::size_t>(n);
    offset += size;
    count -= size;
    take({piece.data(), size}, false);
    if (count != 0)
      runtime::yield();
  }
}

void filtered_output::end() {
  if (left_.value_or(0) != 0)
    throw std::length_error("perron: an answer is shorter than was announced");
  if (!bare_) {
    filter_->finish(ready_);
    send();
  }
  filter_.reset();
  next_.end();
}

bool filter_returned(conversation& c, std::unique_ptr<body_filter> filter, response& r) {
  const std::uint64_t size = r.file != nullptr ? r.file->length : r.body.size();
  if (r.file == nullptr && size <= most_in_memory) {
    std::string made;
    for (std::string_view rest = r.body; !rest.empty();) {
      const auto piece = rest.substr(0, piece_bytes);
      rest.remove_prefix(piece.size());
      filter->take(piece, false, made);
      if (!rest.empty())
        runtime::yield();
    }
    filter->finish(made);
    r.body = std::move(made);
    return false;
  }
  const std::string body = std::exchange(r.body, {});
  const auto file = std::exchange(r.file, nullptr);
  c.begin(r, {});
  filtered_output out(c, std::move(filter), size, c.head().method == "HEAD");
  if (file != nullptr)
    out.sendfile(file->fd, file->offset, file->length);
  else
    out.pass_on(body);
  out.end();
  return true;
}

} // namespace perron::httpd::core
