// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/core/memory_conversation.hpp>

#include <perron/httpd/http1/response_head.hpp>
#include <perron/httpd/server.hpp>
#include <perron/runtime/message.hpp>
#include <perron/runtime/process.hpp>

#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace perron::httpd::core {

namespace {

/// What comes after an upgrade: frames that are there from the start, then the peer's end.
class memory_channel final : public byte_channel {
public:
  memory_channel(const std::vector<std::string>& frames, std::string& out, bool& ended)
      : frames_(frames), out_(out), ended_(ended) {}

  std::size_t read(std::span<char> into) override {
    while (next_ < frames_.size() && offset_ == frames_[next_].size()) {
      ++next_;
      offset_ = 0;
    }
    if (next_ == frames_.size())
      return 0;
    const std::size_t n = std::min(into.size(), frames_[next_].size() - offset_);
    std::copy_n(frames_[next_].data() + offset_, n, into.data());
    offset_ += n;
    return n;
  }
  std::optional<std::size_t> try_read(std::span<char> into) override { return read(into); }
  void write(std::span<const std::string_view> parts) override {
    for (const auto part : parts)
      out_ += part;
  }
  void notify() override { runtime::send(runtime::self(), readable{}); }
  void end() override { ended_ = true; }

private:
  const std::vector<std::string>& frames_;
  std::string& out_;
  bool& ended_;
  std::size_t next_ = 0;
  std::size_t offset_ = 0;
};

} // namespace

void memory_conversation::finish(response r) {
  if (begun_ || r.sent) {
    if (!r.sent)
      throw std::logic_error("perron: the handler has begun an answer and then returned another");
    if (!ended_)
      throw std::logic_error("perron: the handler has returned an answer as sent that is not");
    out_.is_cut = false;
    return;
  }
  if (prepare(r) && filter_returned(*this, take_filter(), r)) {
    out_.is_cut = false;
    return;
  }
  if (r.status < 200)
    throw std::invalid_argument("perron: this response cannot be sent: status " + std::to_string(r.status) +
                                " is not that of a final response");
  send_head(r, r.file ? r.file->length : r.body.size());
  if (r.file)
    sendfile(r.file->fd, r.file->offset, r.file->length);
  else
    write(std::span<const std::string_view>(std::vector<std::string_view>{r.body}));
  end();
}

void memory_conversation::crash(std::string why) {
  out_.crash = std::move(why);
  if (begun_) {
    out_.is_cut = true;
    return;
  }
  out_.status = status::internal_server_error;
}

std::size_t memory_conversation::max_body() const noexcept {
  const std::size_t common = server_options().max_body;
  return limits_ != nullptr ? limits_->max_body.value_or(common) : common;
}

void memory_conversation::check_limits() {
  if (head_.content_length.value_or(0) > max_body())
    throw http_error(status::content_too_large, "the body may have " + std::to_string(max_body()) + " bytes");
}

std::size_t memory_conversation::read_piece(std::span<char> into) {
  while (piece_ < asked_.body.size() && offset_ == asked_.body[piece_].size()) {
    ++piece_;
    offset_ = 0;
  }
  if (piece_ == asked_.body.size()) {
    if (trailers_.empty())
      for (const auto& [name, value] : asked_.trailers)
        trailers_.push_back({name, value});
    return 0;
  }
  const std::size_t n = std::min(into.size(), asked_.body[piece_].size() - offset_);
  std::copy_n(asked_.body[piece_].data() + offset_, n, into.data());
  offset_ += n;
  read_ += n;
  if (read_ > max_body())
    throw http_error(status::content_too_large, "the body may have " + std::to_string(max_body()) + " bytes");
  return n;
}

std::size_t memory_conversation::read(std::span<char> into) {
  if (!whole_)
    return read_piece(into);
  const std::size_t n = std::min(into.size(), whole_->size() - replayed_);
  std::copy_n(whole_->data() + replayed_, n, into.data());
  replayed_ += n;
  return n;
}

std::string_view memory_conversation::body() {
  if (!whole_) {
    std::string all;
    std::vector<char> some(4096);
    while (const std::size_t n = read_piece(some))
      all.append(some.data(), n);
    whole_ = std::move(all);
  }
  return *whole_;
}

header_view memory_conversation::trailers() const { return header_view(trailers_); }

void memory_conversation::inform(int status, const header_list& headers) {
  out_.informs.emplace_back(status, headers);
}

/// Records a head, if a connection would send it.
void memory_conversation::send_head(const response& head, std::optional<std::uint64_t> length) {
  std::vector<header_field> fields;
  if (!head.content_type.empty())
    fields.push_back({"Content-Type", head.content_type});
  for (const auto& [name, value] : head.headers)
    fields.push_back({name, value});
  http1::response_head as_sent;
  as_sent.status = head.status;
  as_sent.content_length = length;
  as_sent.chunked = !length && !has_no_content(head.status);
  as_sent.fields = fields;
  if (head.status == status::switching_protocols)
    as_sent.connection = http1::connection_option::upgrade;
  const auto written = http1::write_response_head(as_sent, {});
  if (written.outcome == http1::write_outcome::refused)
    throw std::invalid_argument(std::string("perron: this response cannot be sent: ") + written.what);
  begun_ = true;
  has_content_ = head_.method != "HEAD" && !has_no_content(head.status);
  left_ = length;
  out_.status = head.status;
  for (const header_field& field : fields)
    out_.headers.emplace_back(field.name, field.value);
}

void memory_conversation::begin(const response& head, std::optional<std::uint64_t> length) {
  send_head(head, length);
  out_.is_cut = true;
}

void memory_conversation::write(std::span<const std::string_view> parts) {
  for (const auto part : parts) {
    if (left_ && part.size() > *left_)
      throw std::length_error("perron: more was written than the announced length");
    if (left_)
      *left_ -= part.size();
    if (has_content_)
      out_.body += part;
  }
}

void memory_conversation::sendfile(int file, std::uint64_t offset, std::uint64_t count) {
  std::string content(static_cast<std::size_t>(count), '\0');
  for (std::size_t done = 0; done < content.size();) {
    const ssize_t n =
        ::pread(file, content.data() + done, content.size() - done, static_cast<off_t>(offset + done));
    if (n <= 0)
      throw std::runtime_error("perron: a file is shorter than what was to be sent of it");
    done += static_cast<std::size_t>(n);
  }
  const std::string_view part = content;
  write({&part, 1});
}

void memory_conversation::trailer(std::string name, std::string value) {
  if (!left_)
    out_.trailers.emplace_back(std::move(name), std::move(value));
}

void memory_conversation::end() {
  if (has_content_ && left_.value_or(0) != 0)
    throw std::length_error("perron: less was written than the announced length");
  ended_ = true;
  out_.is_cut = false;
}

std::unique_ptr<byte_channel> memory_conversation::upgrade(const response& head) {
  send_head(head, {});
  has_content_ = true;
  out_.is_cut = true;
  return std::make_unique<memory_channel>(asked_.frames, out_.body, ended_);
}

} // namespace perron::httpd::core
