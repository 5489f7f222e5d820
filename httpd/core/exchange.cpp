// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/core/exchange.hpp>

#include <perron/httpd/core/dispatch.hpp>
#include <perron/httpd/core/sending.hpp>
#include <perron/httpd/http1/response_head.hpp>
#include <perron/httpd/http_date.hpp>
#include <perron/runtime/core/clock.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>

namespace perron::httpd::core {

void copy_date(char (&out)[29]) noexcept {
  struct cached {
    std::int64_t second = -1;
    std::array<char, 29> text{};
  };
  thread_local cached now;
  const std::int64_t second = rc::wall_seconds();
  if (second != now.second) {
    now.text = write_http_date(http_time(std::chrono::seconds(second)));
    now.second = second;
  }
  std::memcpy(out, now.text.data(), now.text.size());
}

std::string error_answer(int code, std::string_view why, std::chrono::seconds retry_after, bool bare) {
  const response page = plain_error(code, why);
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
    return {};
  std::string all(buffer.data(), written.size);
  if (!bare)
    all += page.body;
  return all;
}

std::int64_t body_part(std::string_view answer, std::int64_t sent) noexcept {
  const auto head = static_cast<std::int64_t>(answer.find("\r\n\r\n") + 4);
  return std::max<std::int64_t>(sent - head, 0);
}

void exchange::run() {
  connection_.in_use().used = in_.head_size;
  if (in_.head.form == http1::target_form::absolute || connection_.is_secure()) [[unlikely]]
    misdirected_ = is_for_another();
  request asked(*this);
  response r = dispatch(*this, asked, connection_.answers_with().sites.find(in_.head.host));
  if (r.sent || begun_) [[unlikely]] {
    check_sent(r);
    return;
  }
  if (prepare(r) && filter_returned(*this, take_filter(), r)) [[unlikely]]
    return;
  send(r);
}

exchange::~exchange() {
  // it is left with the frames that are given up when the process hibernates: of an upgraded connection only
  if (connection_.in_use().upgraded && connection_.in_use().outcome == outcome::begun)
    connection_.give_up_inbound();
}

void exchange::check_sent(const response& r) const {
  const outcome now = connection_.in_use().outcome;
  if (!r.sent)
    throw std::logic_error("perron: the handler has begun an answer and then returned another");
  if (now == outcome::none || now == outcome::begun || now == outcome::begun_open)
    throw std::logic_error("perron: the handler has returned an answer as sent that is not");
}

void exchange::check_limits() {
  if (body_size() > limits().max_body())
    throw http_error(status::content_too_large,
                     "the body may have " + std::to_string(limits().max_body()) + " bytes");
  if (limits_ == nullptr)
    return;
  if (limits_->request_time)
    connection_.limit_time(*limits_->request_time);
  if (limits_->answers_half_closed)
    connection_.be_interrupted_by(*limits_->answers_half_closed ? connection::gone
                                                                : connection::half_closed | connection::gone);
}

// -- the request's body

std::string_view exchange::body() {
  const std::string_view here = in_.after_head();
  if (reader_ != nullptr || in_.head.chunked || body_size() > here.size())
    return reader().read_all();
  is_body_taken_ = true;
  connection_.in_use().used = in_.head_size + body_size();
  return here.substr(0, body_size());
}

std::size_t exchange::read(std::span<char> into) {
  if (into.empty())
    return 0;
  return has_body() ? reader().read(into) : 0;
}

header_view exchange::trailers() const { return reader_ != nullptr ? reader_->trailers() : header_view(); }

body_reader& exchange::reader() {
  if (reader_ == nullptr) {
    is_body_taken_ = false;
    reader_ = std::make_unique<body_reader>(connection_, in_, limits());
  }
  if (begun_)
    reader_->ask_no_more();
  return *reader_;
}

/// Whether the connection can go on if the answer is sent now; of a body that was not read, what is left must
/// be worth waiting for.
[[gnu::noinline]] bool exchange::can_leave_body() {
  if (is_body_taken_)
    return true;
  if (!in_.head.chunked && body_size() <= in_.after_head().size() && reader_ == nullptr) {
    is_body_taken_ = true;
    connection_.in_use().used = in_.head_size + body_size();
    return true;
  }
  return reader().could_throw_away(connection_.answers_with().options.unread_body);
}

/// All of the answer is out.
void exchange::finish(bool keep) {
  const server_options& options = connection_.answers_with().options;
  outcome& now = connection_.in_use().outcome;
  bool is_all_read = !has_body() || is_body_taken_;
  if (!is_all_read) [[unlikely]] {
    now = outcome::done_unread;
    is_all_read =
        reader().at_end() || (keep && reader().throw_away(options.unread_body, options.unread_body_time));
    keep = keep && is_all_read;
  }
  now = keep ? outcome::done_keep : is_all_read ? outcome::done_close : outcome::done_unread;
}

// -- the answer in one piece

void exchange::send(const response& r) {
  const header_field type{"Content-Type", r.content_type};
  const std::size_t typed = r.content_type.empty() ? 0 : 1;
  if (r.headers.empty()) {
    send(r, {&type, typed});
    return;
  }
  const std::vector<header_field> all = fields_of(r);
  send(r, all);
}

std::vector<header_field> exchange::fields_of(const response& r) {
  std::vector<header_field> all;
  all.reserve(1 + r.headers.size());
  if (!r.content_type.empty())
    all.push_back({"Content-Type", r.content_type});
  for (const auto& [name, value] : r.headers)
    all.push_back({name, value});
  return all;
}

[[gnu::noinline]] void exchange::send(const response& r, std::span<const header_field> fields) {
  refuse_informational(r.status);
  const bool keep = in_.head.keep_alive && !r.close &&
                    !connection_.where().closing.load(std::memory_order_relaxed) &&
                    (!has_body() || can_leave_body());
  http1::response_head head;
  head.status = r.status;
  head.content_length = r.file != nullptr ? r.file->length : r.body.size();
  if (r.status == status::not_modified)
    head.content_length.reset();
  head.fields = fields;
  head_buffer out;
  write_head(head, keep, out);
  std::size_t size = out.size;
  std::string_view body;
  const bool sends_body = may_have_content(r.status);
  begins(r.status, size, outcome::begun);
  if (sends_body && r.file != nullptr) [[unlikely]] {
    send_with_file({out.bytes.data(), size}, *r.file);
  } else {
    if (sends_body && r.body.size() <= out.bytes.size() - size) {
      std::memcpy(out.bytes.data() + size, r.body.data(), r.body.size());
      size += r.body.size();
    } else if (sends_body) {
      body = r.body;
    }
    send_whole({out.bytes.data(), size}, body);
  }
  finish(keep);
}

/// Behind it the process has nothing to do, unless it has yet to read what is left of the request, or what
/// the handlers have kept in it may take its time to go.
void exchange::send_whole(std::string_view first, std::string_view second) {
  if ((has_body() && !is_body_taken_) || has_locals() || !connection_.hold(first, second, limits_))
    send_two(connection_, first, second, limits());
}

/// The head, and that the connection goes on or ends, into `out`; throws std::invalid_argument if it must not
/// be sent.
void exchange::write_head(http1::response_head& head, bool keep, head_buffer& out) const {
  char date[29];
  copy_date(date);
  head.date = {date, sizeof date};
  if (!keep)
    head.connection = http1::connection_option::close;
  else if (in_.head.minor_version == 0)
    head.connection = http1::connection_option::keep_alive;
  out.write(head);
}

void exchange::head_buffer::write(const http1::response_head& head) {
  const http1::write_result written = http1::write_response_head(head, bytes);
  size = written.size;
  if (written.outcome != http1::write_outcome::written) [[unlikely]]
    write_large(head, written);
}

[[gnu::noinline]] void exchange::head_buffer::write_large(const http1::response_head& head,
                                                          http1::write_result written) {
  if (written.outcome == http1::write_outcome::too_small) {
    large.resize(written.size);
    bytes = large;
    written = http1::write_response_head(head, bytes);
  }
  if (written.outcome != http1::write_outcome::written)
    throw std::invalid_argument(std::string("perron: this response cannot be sent: ") + written.what +
                                (written.field < head.fields.size()
                                     ? ", field '" + std::string(head.fields[written.field].name) + '\''
                                     : std::string()));
  size = written.size;
}

void exchange::refuse_informational(int status) {
  if (status < 200)
    throw std::invalid_argument("perron: this response cannot be sent: status " + std::to_string(status) +
                                " is not that of a final response");
}

/// A small file, and one that is in memory, goes out in one piece with the head.
void exchange::send_with_file(std::string_view head, const file_part& file) {
  if (file.bytes != nullptr) {
    send_whole(head, {file.bytes, static_cast<std::size_t>(file.length)});
    return;
  }
  constexpr std::size_t small = std::size_t(16) * 1024;
  if (file.length > small) {
    reader_pace pace(limits().reader());
    using runtime::net::detail::head_goes;
    const head_goes when = file.is_first_use() ? head_goes::with_file : head_goes::ahead;
    send_file(connection_, head, file.fd, file.offset, file.length, pace, when);
    return;
  }
  std::string all(head);
  all.resize(head.size() + static_cast<std::size_t>(file.length));
  if (!file.read(std::span(all).subspan(head.size())))
    throw std::runtime_error("perron: a file is shorter than what was to be sent of it");
  send_part(all);
}

} // namespace perron::httpd::core
