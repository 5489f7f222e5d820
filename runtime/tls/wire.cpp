// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/tls/wire.hpp>

#include <perron/runtime/net/system_calls.hpp>
#include <perron/runtime/tls/library.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <new>

namespace perron::runtime::tls::detail {
namespace {

/// OpenSSL makes room for 128 KiB as soon as a client says it will send them. What clients send has 2 KiB.
constexpr std::size_t most_hello_bytes = 32 * 1024;
/// In a row, with no data between. Each costs as much as some KiB of data.
constexpr int most_key_updates = 32;

/// Of the calling thread; null: no memory. Not to be kept beyond a call that may suspend.
[[gnu::noinline]] char* buffer_of_thread() noexcept {
  thread_local const std::unique_ptr<char[]> buffer(
      new (std::nothrow) char[wire::gather_bytes + wire::record_bytes]);
  return buffer.get();
}

int write_bio(::BIO* b, const char* from, int size) {
  return static_cast<wire*>(::BIO_get_data(b))->write(from, static_cast<std::size_t>(size));
}

int read_bio(::BIO* b, char* into, int size) {
  auto& w = *static_cast<wire*>(::BIO_get_data(b));
  ::BIO_clear_retry_flags(b);
  const int n = w.read(into, static_cast<std::size_t>(size));
  if (n < 0 && w.starved)
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

::bio_st* wire::make_bio(wire& on) noexcept {
  static const ::BIO_METHOD* const method = make_method();
  ::BIO* made = method != nullptr ? ::BIO_new(method) : nullptr;
  if (made != nullptr)
    ::BIO_set_data(made, &on);
  return made;
}

bool wire::keep(std::span<const char> bytes) noexcept {
  if (bytes.empty())
    return true;
  const std::size_t have = kept();
  if (kept_size_ + bytes.size() > kept_room_) {
    const std::size_t room = have + bytes.size();
    std::unique_ptr<char[]> larger(new (std::nothrow) char[room]);
    if (larger == nullptr) {
      write_failed = ENOMEM;
      return false;
    }
    if (have != 0)
      std::memcpy(larger.get(), kept_.get() + kept_from_, have);
    kept_ = std::move(larger);
    kept_from_ = 0;
    kept_size_ = have;
    kept_room_ = room;
  }
  std::memcpy(kept_.get() + kept_size_, bytes.data(), bytes.size());
  kept_size_ += bytes.size();
  return true;
}

std::int64_t wire::begin() noexcept {
  gather_ = buffer_of_thread();
  gathered_ = 0;
  full_ = false;
  if (gather_ == nullptr)
    return -ENOMEM;
  return flush();
}

std::int64_t wire::flush() noexcept {
  if (write_failed != 0)
    return -write_failed;
  while (kept() != 0 || gathered_ != 0) {
    if (full_)
      return -EAGAIN;
    const std::array<::iovec, 2> parts{{{kept_.get() + kept_from_, kept()}, {gather_, gathered_}}};
    const std::size_t skipped = kept() == 0 ? 1 : 0;
    const std::int64_t n =
        net::detail::try_send(fd, parts.data() + skipped, gathered_ == 0 ? 1 : parts.size() - skipped);
    if (n < 0) {
      full_ = n == -EAGAIN;
      write_failed = full_ ? 0 : static_cast<int>(-n);
      return n;
    }
    drop(static_cast<std::size_t>(n));
  }
  return 0;
}

void wire::drop(std::size_t sent) noexcept {
  full_ = sent < kept() + gathered_;
  const std::size_t of_kept = std::min(sent, kept());
  kept_from_ += of_kept;
  if (kept() == 0) {
    kept_.reset();
    kept_from_ = kept_size_ = kept_room_ = 0;
  }
  const std::size_t of_gathered = sent - of_kept;
  if (of_gathered != 0) {
    std::memmove(gather_, gather_ + of_gathered, gathered_ - of_gathered);
    gathered_ -= of_gathered;
  }
}

std::int64_t wire::end() noexcept {
  std::int64_t outcome = flush();
  if (outcome == -EAGAIN && !keep({gather_, gathered_}))
    outcome = -ENOMEM;
  gathered_ = 0;
  gather_ = nullptr;
  return outcome;
}

int wire::write(const char* from, std::size_t size) noexcept {
  const int taken = static_cast<int>(size);
  if (gather_ != nullptr && gathered_ + size > gather_bytes)
    flush();
  if (write_failed != 0)
    return taken;
  if (gather_ == nullptr || gathered_ + size > gather_bytes) {
    keep({gather_, gathered_});
    gathered_ = 0;
    keep({from, size});
    return taken;
  }
  std::memcpy(gather_ + gathered_, from, size);
  gathered_ += size;
  return taken;
}

int wire::read(char* into, std::size_t size) noexcept {
  starved = false;
  if (read_failed != 0)
    return -1;
  const std::int64_t n = net::detail::try_receive(fd, into, size);
  drained = n < static_cast<std::int64_t>(size);
  ended = n == 0;
  starved = n == -EAGAIN;
  if (n < 0 && !starved)
    read_failed = static_cast<int>(-n);
  if (awaits_hello && n > 0)
    look_at_hello({into, static_cast<std::size_t>(n)});
  return static_cast<int>(read_failed != 0 || n < 0 ? -1 : n);
}

void wire::look_at_hello(std::span<const char> bytes) noexcept {
  for (const char c : bytes) {
    if (hello_size_ == hello_.size())
      break;
    hello_[hello_size_++] = static_cast<unsigned char>(c);
  }
  if (hello_size_ < hello_.size())
    return;
  awaits_hello = false;
  constexpr unsigned char handshake_record = 22;
  const std::size_t size = std::size_t(hello_[6]) << 16U | std::size_t(hello_[7]) << 8U | hello_[8];
  if (hello_[0] == handshake_record && size > most_hello_bytes) {
    read_failed = EPROTO;
    why = "the client's hello is too long";
  }
}

void wire::note_key_update() noexcept {
  if (++key_updates_ <= most_key_updates)
    return;
  read_failed = EPROTO;
  why = "the peer changes its keys without end";
}

} // namespace perron::runtime::tls::detail
