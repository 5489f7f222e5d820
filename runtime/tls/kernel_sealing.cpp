// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/tls/kernel_sealing.hpp>

#include <perron/runtime/net/system_calls.hpp>
#include <perron/runtime/tls/library.hpp>

#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstring>

namespace perron::runtime::tls::detail {
namespace {

/// What this kernel does not have or do, found out once: it looks for a module each time it is asked, which
/// takes milliseconds. One bit of `missing` for each cipher, one for all of TLS.
std::atomic<unsigned> missing{0};
constexpr unsigned all_of_tls = 1U << 31U;
std::atomic<bool> keeps_its_keys{false};

unsigned bit_of(const traffic_key& key) noexcept {
  return 1U << (static_cast<unsigned>(key.cipher()) * 2 + (key.is_13() ? 1 : 0));
}

template <class Info>
bool set(int socket, Info& info) noexcept {
  const bool done = ::setsockopt(socket, SOL_TLS, TLS_TX, &info, sizeof info) == 0;
  const int why = errno;
  ::OPENSSL_cleanse(&info, sizeof info);
  errno = why;
  return done;
}

/// `iv` in TLS 1.2 is what is sent with a record and has to differ from record to record; the kernel counts
/// it up with the number (RFC 5288 3).
template <class Info>
bool hand_over_gcm(int socket, std::uint16_t type, const traffic_key& next) noexcept {
  Info info{};
  info.info.version = next.is_13() ? TLS_1_3_VERSION : TLS_1_2_VERSION;
  info.info.cipher_type = type;
  std::ranges::copy(next.key(), info.key);
  std::ranges::copy(next.iv().first(sizeof info.salt), info.salt);
  put_64(info.rec_seq, next.number());
  if (next.is_13())
    std::ranges::copy(next.iv().subspan(sizeof info.salt), info.iv);
  else
    put_64(info.iv, next.number());
  return set(socket, info);
}

bool hand_over_chacha20(int socket, const traffic_key& next) noexcept {
  ::tls12_crypto_info_chacha20_poly1305 info{};
  info.info.version = next.is_13() ? TLS_1_3_VERSION : TLS_1_2_VERSION;
  info.info.cipher_type = TLS_CIPHER_CHACHA20_POLY1305;
  std::ranges::copy(next.key(), info.key);
  std::ranges::copy(next.iv(), info.iv);
  put_64(info.rec_seq, next.number());
  return set(socket, info);
}

bool hand_over(int socket, const traffic_key& next) noexcept {
  switch (next.cipher()) {
  case aead::aes_128_gcm:
    return hand_over_gcm<::tls12_crypto_info_aes_gcm_128>(socket, TLS_CIPHER_AES_GCM_128, next);
  case aead::aes_256_gcm:
    return hand_over_gcm<::tls12_crypto_info_aes_gcm_256>(socket, TLS_CIPHER_AES_GCM_256, next);
  case aead::chacha20_poly1305:
    return hand_over_chacha20(socket, next);
  }
  return false;
}

} // namespace

bool begin_sealing(int socket, const traffic_key& next) noexcept {
  if ((missing.load(std::memory_order_relaxed) & (all_of_tls | bit_of(next))) != 0)
    return false;
  constexpr char name[] = "tls";
  if (::setsockopt(socket, IPPROTO_TCP, TCP_ULP, name, sizeof name) != 0) {
    if (errno == ENOENT)
      missing.fetch_or(all_of_tls, std::memory_order_relaxed);
    return false;
  }
  const bool done = hand_over(socket, next);
  if (!done && (errno == ENOENT || errno == EINVAL))
    missing.fetch_or(bit_of(next), std::memory_order_relaxed);
  return done;
}

bool may_change_sealing() noexcept { return !keeps_its_keys.load(std::memory_order_relaxed); }

bool change_sealing(int socket, const traffic_key& next) noexcept {
  const bool done = hand_over(socket, next);
  if (!done)
    keeps_its_keys.store(true, std::memory_order_relaxed);
  return done;
}

std::int64_t try_send_record(int socket, record_type type, std::span<const unsigned char> content) noexcept {
  alignas(::cmsghdr) std::array<unsigned char, CMSG_SPACE(1)> control{};
  ::iovec part{const_cast<unsigned char*>(content.data()), content.size()};
  ::msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ::cmsghdr* const said = CMSG_FIRSTHDR(&message);
  said->cmsg_level = SOL_TLS;
  said->cmsg_type = TLS_SET_RECORD_TYPE;
  said->cmsg_len = CMSG_LEN(1);
  *CMSG_DATA(said) = static_cast<unsigned char>(type);
  for (;;) {
    const ::ssize_t n = ::sendmsg(socket, &message, MSG_NOSIGNAL);
    if (n >= 0)
      return n;
    if (errno != EINTR)
      return -errno;
  }
}

bool has_room_to_end(int socket) noexcept {
  net::detail::set_option(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, INT_MAX);
  ::pollfd now{socket, POLLOUT, 0};
  return ::poll(&now, 1, 0) != 0;
}

} // namespace perron::runtime::tls::detail
