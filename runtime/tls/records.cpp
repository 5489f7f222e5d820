// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/tls/records.hpp>

#include <perron/runtime/tls/kernel_sealing.hpp>
#include <perron/runtime/tls/library.hpp>

#include <algorithm>
#include <cerrno>
#include <new>
#include <optional>

namespace perron::runtime::tls::detail {

/// RFC 8446 6, RFC 5246 7.2: those that are sent or told apart here.
enum class records::alert : unsigned char {
  close_notify = 0,
  unexpected_message = 10,
  bad_record_mac = 20,
  record_overflow = 22,
  illegal_parameter = 47,
  decode_error = 50,
  internal_error = 80,
  user_canceled = 90,
  no_renegotiation = 100
};

namespace {

constexpr unsigned char warning = 1;
constexpr unsigned char fatal = 2;
constexpr unsigned char key_update = 24;
constexpr std::array<unsigned char, 5> key_update_message{key_update, 0, 0, 1, 0};
/// Without data, in a row. Each may cost as much as some KiB of data.
constexpr int most_idle_records = 32;
/// After as many records a key of AES-GCM is changed (RFC 8446 5.5 allows 2^24.5).
constexpr std::uint64_t most_records_of_key = std::uint64_t(1) << 24U;

std::span<const unsigned char> bytes_of(std::span<const char> text) noexcept {
  return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

std::optional<aead> cipher_of(const ::SSL_CIPHER* cipher) noexcept {
  switch (::SSL_CIPHER_get_cipher_nid(cipher)) {
  case NID_aes_128_gcm:
    return aead::aes_128_gcm;
  case NID_aes_256_gcm:
    return aead::aes_256_gcm;
  case NID_chacha20_poly1305:
    return aead::chacha20_poly1305;
  default:
    return std::nullopt;
  }
}

bool set_keys_12(const handshake_watch& seen, aead cipher, traffic_key& client,
                 traffic_key& server) noexcept {
  const std::size_t key = cipher == aead::aes_128_gcm ? 16 : 32;
  const std::size_t iv = cipher == aead::chacha20_poly1305 ? 12 : 4;
  const std::span block = std::span(seen.key_block).first(seen.key_block_size);
  if (block.size() < 2 * (key + iv))
    return false;
  client.set_12(cipher, block.first(key), block.subspan(2 * key, iv));
  server.set_12(cipher, block.subspan(key, key), block.subspan(2 * key + iv, iv));
  return true;
}

bool set_key_13(aead cipher, hash with, const handshake_watch::direction& from, traffic_key& to) noexcept {
  return to.set_13(cipher, with, std::span(from.secret).first(from.size));
}

} // namespace

std::unique_ptr<records> records::take(::ssl_st* from, const handshake_watch& seen) noexcept {
  const ::SSL_CIPHER* const suite = ::SSL_get_current_cipher(from);
  const auto cipher = suite != nullptr ? cipher_of(suite) : std::nullopt;
  if (!cipher || ::SSL_has_pending(from) != 0)
    return nullptr;
  std::unique_ptr<records> made(new (std::nothrow) records);
  if (made == nullptr)
    return nullptr;
  const hash with =
      ::EVP_MD_get_type(::SSL_CIPHER_get_handshake_digest(suite)) == NID_sha384 ? hash::sha384 : hash::sha256;
  const bool done = ::SSL_version(from) == TLS1_3_VERSION
                        ? set_key_13(*cipher, with, seen.from_client, made->reading_) &&
                              set_key_13(*cipher, with, seen.from_server, made->writing_)
                        : set_keys_12(seen, *cipher, made->reading_, made->writing_);
  if (!done)
    return nullptr;
  made->reading_.set_number(seen.from_client.records);
  made->writing_.set_number(seen.from_server.records);
  return made;
}

std::unique_ptr<records> records::for_test(aead cipher, bool newest,
                                           std::span<const unsigned char, 32> secret, traffic_key& client,
                                           std::uint64_t next) noexcept {
  std::unique_ptr<records> made(new (std::nothrow) records);
  if (made == nullptr)
    return nullptr;
  for (traffic_key* const one : {&client, &made->reading_, &made->writing_})
    if (!newest)
      one->set_12(cipher, secret, secret.first(cipher == aead::chacha20_poly1305 ? 12 : 4));
    else if (!one->set_13(cipher, hash::sha256, secret))
      return nullptr;
  for (traffic_key* const one : {&client, &made->reading_, &made->writing_})
    one->set_number(next);
  return made;
}

// -- reading

std::int64_t records::receive(wire& from, std::span<char> into, end_of& over) noexcept {
  opening_ = reading_.begin(false);
  if (opening_ == nullptr) {
    over = {ENOMEM, "no memory"};
    return -ENOMEM;
  }
  std::size_t got = 0;
  while (!ended_ && got < into.size() && !has_data()) {
    const std::span<unsigned char> unread = from.unread();
    const bool has_header = unread.size() >= traffic_key::header_bytes;
    const std::size_t size = has_header ? std::size_t(unread[3]) << 8U | unread[4] : 0;
    const std::size_t total = traffic_key::header_bytes + size;
    const bool has_record = has_header && unread.size() >= total;
    if (has_header && size > wire::record_bytes + 256)
      return got != 0 ? static_cast<std::int64_t>(got)
                      : refuse(from, alert::record_overflow, "a record is too long", over);
    if (!has_record) {
      if (got != 0)
        break;
      const std::int64_t n = from.fill();
      if (n == -EAGAIN)
        return n;
      if (n == 0)
        over = {ECONNABORTED, "the peer has ended the connection without close_notify"};
      else if (n < 0)
        over = {static_cast<int>(-n), {}};
      if (n <= 0)
        return -over.code;
      continue;
    }
    // what comes next may fail; what has come is given first, and this record is looked at by the next call
    if (got != 0 && !reading_.is_13() &&
        unread[0] != static_cast<unsigned char>(record_type::application_data))
      break;
    const std::int64_t outcome = take_record(from, unread.first(total), into.subspan(got), over);
    if (outcome < 0)
      return got != 0 ? static_cast<std::int64_t>(got) : outcome;
    got += static_cast<std::size_t>(outcome);
  }
  return static_cast<std::int64_t>(got);
}

/// Bytes of data it has given; or -errno, with `over`.
std::int64_t records::take_record(wire& from, std::span<unsigned char> record, std::span<char> into,
                                  end_of& over) noexcept {
  from.consume(record.size());
  if (reading_.is_13() && record[0] != static_cast<unsigned char>(record_type::application_data))
    return refuse(from, alert::unexpected_message, "a record that is not protected", over);
  const traffic_key::opened opened = reading_.open(opening_, record);
  if (!opened.genuine) {
    ::ERR_clear_error();
    return refuse(from, alert::bad_record_mac, "a record is damaged or forged", over);
  }
  if (opened.content.size() > wire::record_bytes)
    return refuse(from, alert::record_overflow, "a record is too long", over);
  const bool is_data = opened.type == record_type::application_data && !opened.content.empty();
  idle_records_ = is_data ? 0 : static_cast<std::uint8_t>(idle_records_ + 1);
  if (idle_records_ > most_idle_records)
    return refuse(from, alert::unexpected_message, "records without data and without end", over);
  if (message_size_ != 0 && opened.type != record_type::handshake)
    return refuse(from, alert::unexpected_message, "a message is cut by a record of another kind", over);
  switch (opened.type) {
  case record_type::application_data:
    return deliver(opened.content, into, over);
  case record_type::alert:
    return hear_alert(from, opened.content, over);
  case record_type::handshake:
    return hear_handshake(from, opened.content, over);
  case record_type::change_cipher_spec:
    break;
  }
  return refuse(from, alert::unexpected_message, "a record of a kind that is not expected", over);
}

std::int64_t records::deliver(std::span<const unsigned char> data, std::span<char> into,
                              end_of& over) noexcept {
  const std::size_t n = std::min(data.size(), into.size());
  std::ranges::copy(data.first(n), into.begin());
  if (!data_.append(data.subspan(n))) {
    over = {ENOMEM, "no memory"};
    return -ENOMEM;
  }
  return static_cast<std::int64_t>(n);
}

std::int64_t records::take_data(std::span<char> into) noexcept {
  const std::size_t n = std::min(data_.size(), into.size());
  std::ranges::copy(data_.span().first(n), into.begin());
  data_.drop(n);
  return static_cast<std::int64_t>(n);
}

std::int64_t records::hear_alert(wire& to, std::span<const unsigned char> said, end_of& over) noexcept {
  if (said.empty()) // RFC 8446 5.4
    return refuse(to, alert::unexpected_message, "an alert that says nothing", over);
  if (said.size() != 2)
    return refuse(to, alert::decode_error, "an alert that cannot be read", over);
  const auto what = static_cast<alert>(said[1]);
  if (what == alert::close_notify) {
    ended_ = true;
    return 0;
  }
  // RFC 8446 6: the level means nothing there, and all others are the end
  if (reading_.is_13() ? what == alert::user_canceled : said[0] == warning)
    return 0;
  over = {EPROTO, {}, said[1]};
  return -EPROTO;
}

std::int64_t records::hear_handshake(wire& to, std::span<const unsigned char> said, end_of& over) noexcept {
  if (!reading_.is_13()) {
    const std::array<unsigned char, 2> no{warning, static_cast<unsigned char>(alert::no_renegotiation)};
    put(to, no, record_type::alert);
    return 0;
  }
  if (said.empty() || said.size() > message_.size() - message_size_)
    return refuse(to, alert::unexpected_message, "a message that no client sends", over);
  std::ranges::copy(said, message_.begin() + message_size_);
  message_size_ = static_cast<std::uint8_t>(message_size_ + said.size());
  if (message_[0] != key_update)
    return refuse(to, alert::unexpected_message, "a message that no client sends", over);
  if (message_size_ < message_.size())
    return 0;
  message_size_ = 0;
  if (message_[1] != 0 || message_[2] != 0 || message_[3] != 1)
    return refuse(to, alert::decode_error, "a KeyUpdate that cannot be read", over);
  if (message_[4] > 1)
    return refuse(to, alert::illegal_parameter, "a KeyUpdate that means nothing", over);
  opening_ = reading_.update() ? reading_.begin(false) : nullptr;
  const bool asked = message_[4] == 1;
  owes_update_ |= asked && in_kernel_;
  if (opening_ == nullptr || (asked && !(in_kernel_ ? may_change_sealing() : change_own_key(to))))
    return refuse(to, alert::internal_error, "keys cannot be changed", over);
  return 0;
}

/// Ends the connection with an alert (RFC 8446 6.2).
std::int64_t records::refuse(wire& to, alert which, std::string_view why, end_of& over) noexcept {
  const std::array<unsigned char, 2> said{fatal, static_cast<unsigned char>(which)};
  if (in_kernel_)
    has_room_to_end(to.socket());
  put(to, said, record_type::alert);
  over = {EPROTO, why};
  return -EPROTO;
}

// -- writing

/// RFC 8446 4.6.3: told with the old key.
bool records::change_own_key(wire& to) noexcept {
  return put(to, key_update_message, record_type::handshake) && writing_.update();
}

bool records::put(wire& to, std::span<const unsigned char> what, record_type type) noexcept {
  if (in_kernel_)
    return try_send_record(to.socket(), type, what) == static_cast<std::int64_t>(what.size());
  std::array<unsigned char, 64> record{};
  ::EVP_CIPHER_CTX* const by = writing_.begin(true);
  if (by == nullptr || !writing_.seal(by, record.data(), what, type))
    return false;
  to.write(std::span(record).first(writing_.before() + what.size() + writing_.behind()));
  return true;
}

bool records::begin_sending(wire& to) noexcept {
  if (writing_.is_13() && writing_.number() >= most_records_of_key && !change_own_key(to))
    return false;
  sealing_ = writing_.begin(true);
  return sealing_ != nullptr;
}

bool records::seal(wire& to, std::span<const char> from) noexcept {
  const bool done = writing_.seal(sealing_, to.next_record(), bytes_of(from), record_type::application_data);
  to.gathered(writing_.before() + from.size() + writing_.behind());
  return done;
}

void records::say_goodbye(wire& to) noexcept {
  if (in_kernel_)
    has_room_to_end(to.socket());
  const std::array<unsigned char, 2> said{warning, static_cast<unsigned char>(alert::close_notify)};
  put(to, said, record_type::alert);
}

bool records::seal_in_kernel(const wire& to) noexcept {
  in_kernel_ = in_kernel_ || (to.unsent() == 0 && begin_sealing(to.socket(), writing_));
  return in_kernel_;
}

std::int64_t records::may_send_in_kernel(wire& to) noexcept {
  owes_update_ |= writing_.is_13() && writing_.number() >= most_records_of_key;
  if (!owes_update_)
    return 0;
  if (!may_change_sealing())
    return -EPROTO;
  const std::int64_t told = try_send_record(to.socket(), record_type::handshake, key_update_message);
  if (told < 0)
    return told;
  owes_update_ = false;
  return writing_.update() && change_sealing(to.socket(), writing_) ? 0 : -EPROTO;
}

void records::sent_in_kernel(std::size_t bytes) noexcept {
  writing_.set_number(writing_.number() + (bytes + wire::record_bytes - 1) / wire::record_bytes);
}

} // namespace perron::runtime::tls::detail
