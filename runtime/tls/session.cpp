// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/tls/session.hpp>

#include <perron/runtime/net/system_calls.hpp>
#include <perron/runtime/tls/client_context.hpp>
#include <perron/runtime/tls/handshake_watch.hpp>
#include <perron/runtime/tls/kernel_sealing.hpp>
#include <perron/runtime/tls/key_schedule.hpp>
#include <perron/runtime/tls/known.hpp>
#include <perron/runtime/tls/library.hpp>
#include <perron/runtime/tls/records.hpp>
#include <perron/runtime/tls/resumptions.hpp>
#include <perron/runtime/tls/served.hpp>
#include <perron/runtime/tls/server_context.hpp>
#include <perron/runtime/tls/wire.hpp>

#include <arpa/inet.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace perron::runtime::tls {
namespace {

using detail::wire;

/// Answers of ours that may wait for a peer that does not read, before nothing more is read from it.
constexpr std::size_t most_kept = 64 * 1024;

bool is_address(const std::string& name) {
  unsigned char bytes[16];
  return ::inet_pton(AF_INET, name.c_str(), bytes) == 1 || ::inet_pton(AF_INET6, name.c_str(), bytes) == 1;
}

/// What is to be sent of several pieces, a record's content at a time.
class pieces {
public:
  pieces(const ::iovec* parts, std::size_t count) noexcept : parts_(parts), count_(count) {}

  void skip(std::size_t bytes) noexcept {
    while (count_ != 0 && bytes >= parts_->iov_len - done_) {
      bytes -= parts_->iov_len - done_;
      ++parts_;
      --count_;
      done_ = 0;
    }
    done_ += count_ != 0 ? bytes : 0;
  }

  /// The next content; nothing when there is no more. Pieces are copied together in `room`, large ones not.
  std::int64_t next(std::span<char> room, std::span<const char>& out) noexcept {
    skip(0);
    if (count_ == 0)
      return 0;
    const std::span<const char> first(static_cast<const char*>(parts_->iov_base) + done_,
                                      parts_->iov_len - done_);
    if (count_ == 1 || first.size() >= room.size()) {
      out = first.first(std::min(first.size(), room.size()));
      skip(out.size());
      return static_cast<std::int64_t>(out.size());
    }
    std::size_t have = 0;
    while (count_ != 0 && have < room.size()) {
      const std::size_t n = std::min(parts_->iov_len - done_, room.size() - have);
      if (n != 0)
        std::memcpy(room.data() + have, static_cast<const char*>(parts_->iov_base) + done_, n);
      have += n;
      skip(n);
    }
    out = room.first(have);
    return static_cast<std::int64_t>(have);
  }

private:
  const ::iovec* parts_;
  std::size_t count_;
  std::size_t done_ = 0;
};

/// What goes before a file, and a part of it.
class file_part {
public:
  file_part(std::string_view head, int file, ::off_t from, std::size_t count) noexcept
      : head_(head), file_(file), at_(from), left_(count) {}

  void skip(std::size_t bytes) noexcept {
    const std::size_t of_head = std::min(bytes, head_.size());
    head_.remove_prefix(of_head);
    at_ += static_cast<::off_t>(bytes - of_head);
    left_ -= std::min(bytes - of_head, left_);
  }

  /// The rest of the head shares its record with the file's begin.
  std::int64_t next(std::span<char> room, std::span<const char>& out) noexcept {
    const std::size_t of_head = std::min(head_.size(), room.size());
    std::copy_n(head_.data(), of_head, room.data());
    const std::size_t wanted = std::min(left_, room.size() - of_head);
    ::ssize_t n = 0;
    do
      n = wanted == 0 ? 0 : ::pread(file_, room.data() + of_head, wanted, at_);
    while (n < 0 && errno == EINTR);
    if (n < 0 && of_head == 0)
      return -errno;
    out = room.first(of_head + static_cast<std::size_t>(std::max<::ssize_t>(n, 0)));
    skip(out.size());
    return static_cast<std::int64_t>(out.size());
  }

private:
  std::string_view head_;
  int file_;
  ::off_t at_;
  std::size_t left_;
};

} // namespace

result<std::unique_ptr<session>> session::make(::ssl_ctx_st* of, int fd) {
  std::unique_ptr<session> made(new session);
  made->wire_ = std::make_unique<wire>(fd);
  made->ssl_ = ::SSL_new(of);
  ::BIO* const bio = wire::make_bio(*made->wire_);
  if (made->ssl_ == nullptr || bio == nullptr) {
    ::BIO_free(bio);
    return detail::wrong("TLS session", detail::take_reason());
  }
  ::SSL_set_bio(made->ssl_, bio, bio);
  made->watch_ = std::make_unique<detail::handshake_watch>(*made->wire_);
  made->watch_->watch(made->ssl_);
  return made;
}

result<std::unique_ptr<session>> session::accept(const server_context& as, int fd) {
  ::ERR_clear_error();
  const detail::owned_context of(as.take());
  auto made = make(of.get(), fd);
  if (made) {
    ::SSL_set_accept_state((*made)->ssl_);
    (*made)->is_server_ = true;
    (*made)->wire_->await_hello();
  }
  return made;
}

result<std::unique_ptr<session>> session::connect(const client_context& as, int fd, std::string_view name) {
  ::ERR_clear_error();
  auto made = make(as.context_, fd);
  if (!made)
    return made;
  ::SSL* const ssl = (*made)->ssl_;
  ::SSL_set_connect_state(ssl);
  const std::string expected = as.options_.server_name.empty() ? std::string(name) : as.options_.server_name;
  const bool address = is_address(expected);
  if (expected.empty() && as.options_.verify)
    return detail::wrong("TLS session", "no name to expect of the server");
  if (as.options_.verify) {
    ::SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const int set = address ? ::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(ssl), expected.c_str())
                            : ::SSL_set1_host(ssl, expected.c_str());
    if (set != 1)
      return detail::wrong("TLS session", "no name to expect of a server: " + expected);
  }
  if (!expected.empty() && !address) {
    if (::SSL_set_tlsext_host_name(ssl, expected.c_str()) != 1)
      return detail::wrong("TLS session", "no name to ask a server for: " + expected);
    detail::resumptions::resume(ssl, expected);
  }
  return made;
}

/// Memory is what it is for: what OpenSSL holds of a connection are 13 KB.
void session::go_on_without_openssl() noexcept {
  try {
    info();
    records_ = detail::records::take(ssl_, *watch_);
  } catch (const std::bad_alloc&) {
    return; // it goes on with OpenSSL
  }
  if (records_ == nullptr)
    return;
  ::SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  ::SSL_free(std::exchange(ssl_, nullptr));
  watch_.reset();
}

session::~session() {
  // else OpenSSL takes an end without goodbyes for an attack and makes the ticket useless
  if (ssl_ != nullptr && broken_ == 0)
    ::SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  ::SSL_free(ssl_);
}

std::string_view session::failure() const noexcept { return failure_ ? std::string_view(*failure_) : ""; }

std::int64_t session::fail(std::int64_t code, std::string_view why) noexcept {
  broken_ = static_cast<int>(-code);
  try {
    failure_ = std::make_unique<std::string>(why);
  } catch (const std::bad_alloc&) {
  }
  return code;
}

/// What a call of OpenSSL that did not succeed means.
std::int64_t session::outcome_of(int returned) noexcept {
  switch (::SSL_get_error(ssl_, returned)) {
  case SSL_ERROR_WANT_READ:
    return -EAGAIN;
  case SSL_ERROR_ZERO_RETURN:
    return 0;
  default:
    break;
  }
  const unsigned long code = ::ERR_peek_error();
  const bool of_tls = ERR_GET_LIB(code) == ERR_LIB_SSL;
  plain_http_ = of_tls && ERR_GET_REASON(code) == SSL_R_HTTP_REQUEST;
  try {
    std::string why = detail::take_reason();
    if (of_tls && ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED)
      why += std::string(": ") + ::X509_verify_cert_error_string(::SSL_get_verify_result(ssl_));
    if (!why.empty())
      return fail(-EPROTO, plain_http_ ? "the client speaks plain HTTP" : why);
    if (wire_->why() != nullptr)
      return fail(-wire_->read_failed(), wire_->why());
    if (wire_->read_failed() != 0)
      return fail(-wire_->read_failed(), std::generic_category().message(wire_->read_failed()));
    if (wire_->has_ended())
      return fail(-ECONNABORTED, established_ ? "the peer has ended the connection without close_notify"
                                              : "the peer has left during the handshake");
  } catch (const std::bad_alloc&) {
    ::ERR_clear_error();
    return fail(-ENOMEM, "");
  }
  return fail(-EPROTO, "TLS failed for an unknown reason");
}

session::step session::handshake() noexcept {
  if (broken_ != 0)
    return step::failed;
  if (const std::int64_t begun = wire_->begin(); begun == -ENOMEM) {
    fail(begun, "no memory");
    return step::failed;
  }
  std::int64_t outcome = 1;
  if (!established_) {
    ::ERR_clear_error();
    const detail::seen_secrets here(watch_.get());
    const int returned = ::SSL_do_handshake(ssl_);
    established_ = returned == 1;
    if (!established_)
      outcome = outcome_of(returned);
  }
  if (established_ && is_server_ && records_ == nullptr && !detail::served_by(ssl_).keeps_openssl)
    go_on_without_openssl();
  const std::int64_t sent = wire_->end();
  if (outcome != 1 && outcome != -EAGAIN)
    return step::failed;
  if (sent == -EAGAIN)
    return step::wants_write;
  if (sent < 0) {
    fail(sent, std::generic_category().message(static_cast<int>(-sent)));
    return step::failed;
  }
  return established_ ? step::done : step::wants_read;
}

std::int64_t session::receive(std::span<char> into) noexcept {
  untold_ = false;
  if (broken_ != 0)
    return -broken_;
  if (!established_)
    return -ENOTCONN;
  if (into.empty() || ended_)
    return 0;
  wire_->begin_reading();
  if (records_ != nullptr && records_->has_data())
    return records_->take_data(into);
  if (const std::int64_t begun = wire_->begin(); begun == -ENOMEM)
    return fail(begun, "no memory");
  write_to_read_ = wire_->unsent() > most_kept;
  std::int64_t outcome = -EAGAIN;
  if (!write_to_read_ && records_ != nullptr) {
    outcome = receive_records(into);
  } else if (!write_to_read_) {
    ::ERR_clear_error();
    std::size_t n = 0;
    const int returned = ::SSL_read_ex(ssl_, into.data(), into.size(), &n);
    outcome = returned == 1 ? static_cast<std::int64_t>(n) : outcome_of(returned);
  }
  wire_->end();
  if (outcome > 0)
    wire_->note_progress();
  ended_ = outcome == 0;
  return outcome;
}

std::int64_t session::receive_records(std::span<char> into) noexcept {
  detail::records::end_of over;
  const std::int64_t outcome = records_->receive(*wire_, into, over);
  if (over.code != 0) {
    try {
      if (over.alert >= 0)
        fail(-over.code, detail::text_of_alert(over.alert));
      else
        fail(-over.code,
             over.why.empty() ? std::generic_category().message(over.code) : std::string(over.why));
    } catch (const std::bad_alloc&) {
      fail(-over.code, "");
    }
  }
  untold_ = outcome > 0 && (over.code != 0 || records_->has_ended());
  return outcome;
}

template <class Source>
std::int64_t session::pump(Source& from) noexcept {
  if (broken_ != 0)
    return -broken_;
  if (!established_ || said_goodbye_)
    return established_ ? -EPIPE : -ENOTCONN;
  read_to_write_ = false;
  std::int64_t outcome = wire_->begin();
  std::size_t taken = 0;
  std::size_t sealed = 0; // but not sent
  if (outcome == 0 && records_ != nullptr && !records_->begin_sending(*wire_))
    outcome = -ENOMEM;
  if (outcome == 0) {
    taken = std::exchange(owed_, 0);
    from.skip(taken);
    ::ERR_clear_error();
    for (;;) {
      std::span<const char> content;
      outcome = from.next(records_ != nullptr ? records_->place_of(*wire_) : wire_->place_of_next(), content);
      if (outcome <= 0)
        break;
      std::size_t n = content.size();
      if (records_ != nullptr) {
        if (!records_->seal(*wire_, content)) {
          ::ERR_clear_error();
          outcome = fail(-EPROTO, "a record cannot be sealed");
          break;
        }
      } else if (const int returned = ::SSL_write_ex(ssl_, content.data(), content.size(), &n);
                 returned != 1) {
        outcome = outcome_of(returned);
        read_to_write_ = outcome == -EAGAIN;
        break;
      }
      sealed += n;
      if (wire_->has_room())
        continue;
      outcome = wire_->flush();
      if (outcome != 0)
        break;
      taken += std::exchange(sealed, 0);
    }
  }
  const std::int64_t sent = wire_->end();
  if (sent == 0)
    taken += sealed;
  else
    owed_ += sealed;
  if (taken != 0)
    return static_cast<std::int64_t>(taken);
  if (sent < 0 && sent != -EAGAIN)
    return fail(sent, std::generic_category().message(static_cast<int>(-sent)));
  return sent < 0 ? sent : outcome;
}

bool session::seal_in_kernel() noexcept {
  return broken_ == 0 && !said_goodbye_ && owed_ == 0 && records_ != nullptr &&
         records_->seal_in_kernel(*wire_);
}

bool session::may_say_goodbye() const noexcept {
  return !is_sealed_by_kernel() || said_goodbye_ || detail::has_room_to_end(wire_->socket());
}

bool session::is_sealed_by_kernel() const noexcept {
  return records_ != nullptr && records_->is_sealed_by_kernel();
}

template <class Call>
std::int64_t session::leave_to_kernel(Call call) noexcept {
  if (broken_ != 0)
    return -broken_;
  if (said_goodbye_)
    return -EPIPE;
  if (const std::int64_t first = records_->may_send_in_kernel(*wire_); first != 0)
    return first == -EPROTO ? fail(first, "keys cannot be changed by this kernel") : first;
  const std::int64_t n = call();
  if (n == -EBADMSG) // so kernels before 6.14 call a connection that the peer has left
    return -EPIPE;
  if (n > 0)
    records_->sent_in_kernel(static_cast<std::size_t>(n));
  return n;
}

std::int64_t session::send(const ::iovec* parts, std::size_t count) noexcept {
  if (is_sealed_by_kernel()) {
    const bool nothing = std::all_of(parts, parts + count, [](const ::iovec& p) { return p.iov_len == 0; });
    const auto call = [&] { return net::detail::try_send(wire_->socket(), parts, count); };
    return nothing ? 0 : leave_to_kernel(call);
  }
  pieces from(parts, count);
  return pump(from);
}

std::int64_t session::sendfile(std::string_view head, int file, ::off_t& offset, std::size_t count) noexcept {
  if (is_sealed_by_kernel())
    return leave_to_kernel(
        [&] { return net::detail::try_sendfile(wire_->socket(), head, file, offset, count); });
  file_part from(head, file, offset, count);
  const std::int64_t n = pump(from);
  if (n > static_cast<std::int64_t>(head.size()))
    offset += static_cast<::off_t>(n) - static_cast<::off_t>(head.size());
  return n;
}

bool session::has_pending() const noexcept {
  if (untold_)
    return true;
  if (broken_ != 0 || ended_ || !established_)
    return false;
  return (records_ != nullptr ? records_->has_data() : ::SSL_pending(ssl_) > 0) || wire_->has_more();
}

void session::say_goodbye() noexcept {
  if (broken_ != 0 || !established_ || said_goodbye_)
    return;
  said_goodbye_ = true;
  if (wire_->begin() == -ENOMEM)
    return;
  if (records_ != nullptr) {
    records_->say_goodbye(*wire_);
  } else {
    ::ERR_clear_error();
    ::SSL_shutdown(ssl_);
    ::ERR_clear_error();
  }
  wire_->end();
}

} // namespace perron::runtime::tls
