// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/tls/wire.hpp>

#include <perron/runtime/net/system_calls.hpp>
#include <perron/runtime/tls/library.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <new>

namespace perron::runtime::tls::detail {
namespace {

/// OpenSSL makes room for 128 KiB as soon as a client says it will send them. What clients send has 2 KiB.
constexpr std::size_t most_hello_bytes = 32 * 1024;
/// In a row, with no data between. Each costs as much as some KiB of data.
constexpr int most_key_updates = 32;

int write_bio(::BIO* b, const char* from, int size) {
  static_cast<wire*>(::BIO_get_data(b))
      ->write({reinterpret_cast<const unsigned char*>(from), static_cast<std::size_t>(size)});
  return size;
}

int read_bio(::BIO* b, char* into, int size) {
  auto& w = *static_cast<wire*>(::BIO_get_data(b));
  ::BIO_clear_retry_flags(b);
  const int n = w.copy_out(reinterpret_cast<unsigned char*>(into), static_cast<std::size_t>(size));
  if (n < 0 && w.is_starved())
    ::BIO_set_retry_read(b);
  return n;
}

long control_bio(::BIO* /*b*/, int command, long /*n*/, void* /*p*/) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

int create_bio(::BIO* b) {
  ::BIO_set_init(b, 1);
  return 1;
}

::BIO_METHOD* make_method() noexcept {
  ::BIO_METHOD* made = ::BIO_meth_new(::BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "perron");
  if (made != nullptr) {
    ::BIO_meth_set_write(made, write_bio);
    ::BIO_meth_set_read(made, read_bio);
    ::BIO_meth_set_ctrl(made, control_bio);
    ::BIO_meth_set_create(made, create_bio);
  }
  return made;
}

} // namespace

bool kept_bytes::append(std::span<const unsigned char> more) noexcept {
  if (more.empty())
    return true;
  const std::size_t all = size() + more.size();
  if (all > std::numeric_limits<std::uint32_t>::max())
    return false;
  std::unique_ptr<unsigned char[]> larger(new (std::nothrow) unsigned char[all]);
  if (larger == nullptr)
    return false;
  std::ranges::copy(span(), larger.get());
  std::ranges::copy(more, larger.get() + size());
  bytes = std::move(larger);
  from = 0;
  until = static_cast<std::uint32_t>(all);
  return true;
}

void kept_bytes::drop(std::size_t n) noexcept {
  from += static_cast<std::uint32_t>(n);
  if (from == until) {
    bytes.reset();
    from = until = 0;
  }
}

::bio_st* wire::make_bio(wire& on) noexcept {
  static const ::BIO_METHOD* const method = make_method();
  ::BIO* made = method != nullptr ? ::BIO_new(method) : nullptr;
  if (made != nullptr)
    ::BIO_set_data(made, &on);
  return made;
}

/// Of the calling thread; null: no memory. Not to be kept beyond a call that may suspend.
[[gnu::noinline]] unsigned char* wire::buffers_of_thread() noexcept {
  thread_local const std::unique_ptr<unsigned char[]> buffer(
      new (std::nothrow) unsigned char[gather_bytes + read_bytes]);
  return buffer.get();
}

std::int64_t wire::begin() noexcept {
  gather_ = buffers_of_thread();
  if (gather_ == nullptr)
    return -ENOMEM;
  read_ = gather_ + gather_bytes;
  gathered_ = 0;
  full_ = false;
  read_from_ = 0;
  read_until_ = unread_.size();
  std::ranges::copy(unread_.span(), read_);
  unread_.drop(unread_.size());
  return flush();
}

std::int64_t wire::flush() noexcept {
  if (write_failed_ != 0)
    return -write_failed_;
  while (unsent_.size() != 0 || gathered_ != 0) {
    if (full_)
      return -EAGAIN;
    const std::array<::iovec, 2> parts{
        {{unsent_.bytes.get() + unsent_.from, unsent_.size()}, {gather_, gathered_}}};
    const std::size_t skipped = unsent_.size() == 0 ? 1 : 0;
    const std::int64_t n =
        net::detail::try_send(fd_, parts.data() + skipped, gathered_ == 0 ? 1 : parts.size() - skipped);
    if (n < 0) {
      full_ = n == -EAGAIN;
      write_failed_ = full_ ? 0 : static_cast<int>(-n);
      return n;
    }
    drop(static_cast<std::size_t>(n));
  }
  return 0;
}

void wire::drop(std::size_t sent) noexcept {
  full_ = sent < unsent_.size() + gathered_;
  const std::size_t of_unsent = std::min(sent, unsent_.size());
  unsent_.drop(of_unsent);
  const std::size_t of_gathered = sent - of_unsent;
  if (of_gathered != 0) {
    std::memmove(gather_, gather_ + of_gathered, gathered_ - of_gathered);
    gathered_ -= of_gathered;
  }
}

std::int64_t wire::end() noexcept {
  if (gather_ == nullptr)
    return -ENOMEM;
  std::int64_t outcome = flush();
  if (outcome == -EAGAIN && !unsent_.append({gather_, gathered_})) {
    write_failed_ = ENOMEM;
    outcome = -ENOMEM;
  }
  if (!unread_.append(unread()))
    read_failed_ = ENOMEM;
  gathered_ = read_from_ = read_until_ = 0;
  gather_ = read_ = nullptr;
  return outcome;
}

void wire::write(std::span<const unsigned char> bytes) noexcept {
  if (gather_ != nullptr && gathered_ + bytes.size() > gather_bytes)
    flush();
  if (write_failed_ != 0)
    return;
  if (gather_ != nullptr && gathered_ + bytes.size() <= gather_bytes) {
    std::ranges::copy(bytes, gather_ + gathered_);
    gathered_ += bytes.size();
    return;
  }
  if (!unsent_.append({gather_, gathered_}) || !unsent_.append(bytes))
    write_failed_ = ENOMEM;
  gathered_ = 0;
}

std::int64_t wire::fill() noexcept {
  starved_ = false;
  if (read_failed_ != 0)
    return -read_failed_;
  if (read_from_ != 0) {
    std::memmove(read_, read_ + read_from_, read_until_ - read_from_);
    read_until_ -= read_from_;
    read_from_ = 0;
  }
  const std::size_t room = read_bytes - read_until_;
  if (room == 0)
    return -ENOBUFS;
  auto* const into = reinterpret_cast<char*>(read_ + read_until_);
  const std::int64_t n = net::detail::try_receive(fd_, into, room);
  drained_ = n < static_cast<std::int64_t>(room);
  ended_ = n == 0;
  starved_ = n == -EAGAIN;
  if (n > 0)
    read_until_ += static_cast<std::size_t>(n);
  else if (n < 0 && !starved_)
    read_failed_ = static_cast<int>(-n);
  if (awaits_hello_ && n > 0)
    look_at_hello(unread().last(static_cast<std::size_t>(n)));
  return read_failed_ != 0 ? -read_failed_ : n;
}

bool wire::has_more() const noexcept {
  const auto kept = unread_.span();
  return !drained_ || (kept.size() >= 5 && kept.size() >= 5 + (std::size_t(kept[3]) << 8U | kept[4]));
}

int wire::copy_out(unsigned char* into, std::size_t size) noexcept {
  if (read_failed_ != 0)
    return -1;
  starved_ = false;
  if (unread().empty()) {
    const std::int64_t n = fill();
    if (n <= 0)
      return n < 0 ? -1 : 0;
  }
  const std::size_t n = std::min(size, unread().size());
  std::memcpy(into, unread().data(), n);
  consume(n);
  return static_cast<int>(n);
}

void wire::look_at_hello(std::span<const unsigned char> bytes) noexcept {
  for (const unsigned char c : bytes)
    if (hello_size_ < hello_.size())
      hello_[hello_size_++] = c;
    else
      break;
  if (hello_size_ < hello_.size())
    return;
  awaits_hello_ = false;
  constexpr unsigned char handshake_record = 22;
  const std::size_t size = std::size_t(hello_[6]) << 16U | std::size_t(hello_[7]) << 8U | hello_[8];
  if (hello_[0] == handshake_record && size > most_hello_bytes) {
    read_failed_ = EPROTO;
    why_ = "the client's hello is too long";
  }
}

void wire::note_key_update() noexcept {
  if (++key_updates_ <= most_key_updates)
    return;
  read_failed_ = EPROTO;
  why_ = "the peer changes its keys without end";
}

} // namespace perron::runtime::tls::detail
