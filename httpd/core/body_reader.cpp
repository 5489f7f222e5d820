// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/core/body_reader.hpp>

#include <perron/httpd/core/sending.hpp>
#include <perron/httpd/http1/trailer_section.hpp>
#include <perron/runtime/core/lifecycle.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/core/waiting.hpp>
#include <perron/runtime/process.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace perron::httpd::core {
namespace {

constexpr std::size_t buffer_bytes = std::size_t(16) * 1024;

/// Thrown while a body is thrown away, when it does not come.
struct drain_over {};

} // namespace

body_reader::body_reader(connection& c, inbound& in, const effective_limits& limits)
    : connection_(c), in_(in), limits_(limits), window_(in.after_head()),
      left_(in.head.content_length.value_or(0)), chunked_(in.head.chunked),
      asks_(in.head.expect_continue && window_.empty()) {
  if (!chunked_ && left_ == 0)
    finish();
}

std::size_t body_reader::read(std::span<char> into) {
  if (whole_) {
    const std::size_t n = std::string_view(*whole_).substr(replayed_).copy(into.data(), into.size());
    replayed_ += n;
    return n;
  }
  if (failure_)
    throw http_error(*failure_);
  if (stage_ == stage::content)
    if (const std::size_t n = chunked_ ? take_chunked(into) : take_plain(into); n != 0)
      return n;
  if (stage_ == stage::trailers)
    take_trailers();
  return 0;
}

std::size_t body_reader::take_plain(std::span<char> into) {
  const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), left_));
  std::size_t n = window_.copy(into.data(), most);
  if (n != 0)
    window_.remove_prefix(n);
  else
    n = receive(into.first(most));
  content_bytes_ += n;
  left_ -= n;
  if (left_ == 0)
    finish();
  return n;
}

std::size_t body_reader::take_chunked(std::span<char> into) {
  find_content();
  const std::size_t n = content_.copy(into.data(), into.size());
  content_.remove_prefix(n);
  return n;
}

/// Sees to it that there is content to give, unless the last chunk is over.
void body_reader::find_content() {
  while (content_.empty()) {
    const http1::chunk_step step = decoder_.next(window_);
    if (step.outcome == http1::chunk_outcome::bad)
      fail(status::bad_request, std::string("the chunked body is bad: ") + step.what);
    window_.remove_prefix(step.consumed);
    if (step.outcome == http1::chunk_outcome::last) {
      stage_ = stage::trailers;
      return;
    }
    if (step.outcome == http1::chunk_outcome::need_more)
      window_ = refill();
    content_ = step.content;
    content_bytes_ += step.content.size();
    if (content_bytes_ > limits_.max_body() && drain_due_ms_ == 0)
      fail(status::content_too_large, "the body may have " + std::to_string(limits_.max_body()) + " bytes");
  }
}

void body_reader::take_trailers() {
  if (parse_trailers(window_))
    return;
  trailer_bytes_ = window_;
  do
    trailer_bytes_ += refill();
  while (!parse_trailers(trailer_bytes_));
}

/// False: the section is not complete.
bool body_reader::parse_trailers(std::string_view bytes) {
  if (bytes.starts_with("\r\n")) {
    window_ = bytes.substr(2);
    finish();
    return true;
  }
  const http1::head_limits& limits = limits_.server().head;
  fields_.resize(limits.max_headers);
  const auto found = http1::parse_trailer_section(bytes, fields_, limits);
  fields_.resize(found.count);
  if (found.outcome == http1::head_outcome::bad)
    fail(found.status, std::string("the trailer section is bad: ") + found.what);
  if (found.outcome == http1::head_outcome::need_more)
    return false;
  window_ = bytes.substr(found.consumed);
  finish();
  return true;
}

std::string_view body_reader::read_all() {
  if (whole_)
    return *whole_;
  if (!failure_ && (content_bytes_ != 0 || (chunked_ && at_end())))
    throw std::logic_error("perron: body() after read(): a part of it is gone");
  if (failure_)
    throw http_error(*failure_);
  std::string all;
  if (chunked_) {
    for (find_content(); !content_.empty(); find_content()) {
      all += content_;
      content_ = {};
    }
    take_trailers();
  } else {
    all.reserve(static_cast<std::size_t>(left_));
    const auto piece = std::make_unique<char[]>(buffer_bytes);
    while (const std::size_t n = read({piece.get(), buffer_bytes}))
      all.append(piece.get(), n);
  }
  return whole_.emplace(std::move(all));
}

bool body_reader::throw_away(std::size_t most, std::chrono::milliseconds time) {
  if (!could_throw_away(most))
    return false;
  most += window_.size();
  rc::process& p = runtime::detail::current();
  drain_due_ms_ = p.sched->due_in(static_cast<std::uint64_t>(std::chrono::nanoseconds(time).count()));
  whole_.reset();
  try {
    std::array<char, 1024> piece;
    for (std::size_t thrown = 0; !at_end();) {
      thrown += read(piece);
      if (thrown > most)
        return false;
    }
  } catch (const drain_over&) {
    return false;
  } catch (const http_error&) {
    return false;
  }
  return true;
}

/// The window is used up: the next bytes of the socket.
std::string_view body_reader::refill() {
  if (buffer_ == nullptr)
    buffer_ = std::make_unique<char[]>(buffer_bytes);
  return {buffer_.get(), receive({buffer_.get(), buffer_bytes})};
}

std::size_t body_reader::receive(std::span<char> into) {
  for (;;) {
    const std::int64_t n = connection_.receive(into.data(), into.size());
    if (n > 0) {
      asks_ = false;
      rc::spend(runtime::detail::current());
      return static_cast<std::size_t>(n);
    }
    if (n != -EAGAIN) {
      if (drain_due_ms_ != 0)
        throw drain_over();
      client_gone();
    }
    wait_for_more();
  }
}

void body_reader::wait_for_more() {
  if (std::exchange(asks_, false)) {
    constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    reader_pace pace(limits_.reader());
    send_all(connection_, std::span(&go_on, 1), pace);
  }
  rc::scheduler& sched = *runtime::detail::current().sched;
  const std::uint64_t before = sched.now_ms();
  if (connection_.wait_for(connection_.events_to_read(), rc::wait_kind::readable, due())) {
    waited_ms_ += sched.now_ms() - before;
    return;
  }
  if (drain_due_ms_ != 0)
    throw drain_over();
  connection_.in_use().late = true;
  fail(status::request_timeout, "the body did not come in time");
}

/// When the wait for more ends. Only time in which a handler waits counts, so a slow one costs the peer
/// nothing.
std::uint64_t body_reader::due() const {
  if (drain_due_ms_ != 0)
    return drain_due_ms_;
  constexpr std::uint64_t no_limit = ~std::uint64_t(0);
  const auto ms = [](std::chrono::milliseconds time) { return static_cast<std::uint64_t>(time.count()); };
  std::uint64_t may_wait = no_limit;
  if (const auto time = limits_.body_time(); time.count() != 0)
    may_wait = ms(time);
  if (const std::uint64_t rate = limits_.min_body_rate(); rate != 0)
    may_wait = std::min(may_wait, ms(limits_.server().body_grace) + content_bytes_ * 1000 / rate);
  if (may_wait == no_limit)
    return rc::waiting::forever;
  const std::uint64_t left = may_wait > waited_ms_ ? may_wait - waited_ms_ : 0;
  return runtime::detail::current().sched->due_in(left * 1'000'000);
}

void body_reader::fail(int status, std::string what) {
  failure_.emplace(status, std::move(what));
  throw http_error(*failure_);
}

/// The body is over; what has come behind it is the next request's.
void body_reader::finish() {
  stage_ = stage::end;
  if (!chunked_ || buffer_ == nullptr) {
    connection_.in_use().used = in_.size - window_.size(); // the inbound has it
  } else {
    connection_.in_use().used = in_.size;
    if (!window_.empty())
      connection_.keep_for_next(window_);
  }
  connection_.may_have_more();
}

} // namespace perron::httpd::core
