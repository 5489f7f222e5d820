// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/tls/records.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

// The input is what a client sends after the handshake, with content in the clear: parts of it are sealed
// with the client's key, others go out as they are. Nothing may crash, and data must come out as they went
// in.

namespace {

using perron::runtime::tls::detail::aead;
using perron::runtime::tls::detail::record_type;
using perron::runtime::tls::detail::records;
using perron::runtime::tls::detail::traffic_key;
using perron::runtime::tls::detail::wire;

struct sockets {
  std::array<int, 2> ends{};
  sockets() {
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) != 0)
      std::abort();
  }
  sockets(const sockets&) = delete;
  sockets& operator=(const sockets&) = delete;
  ~sockets() {
    ::close(ends[0]);
    ::close(ends[1]);
  }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  if (size == 0)
    return 0;
  const bool newest = (bytes[0] & 1U) != 0;
  const auto cipher = static_cast<aead>((bytes[0] >> 1U) % 3);
  const std::array<unsigned char, 32> secret{1};
  const sockets pair;
  traffic_key client;
  const auto of_test = records::for_test(cipher, newest, secret, client);
  wire on(pair.ends[0]);
  std::span<const unsigned char> left(bytes + 1, size - 1);
  std::array<unsigned char, 400> record{};
  while (left.size() >= 2) { // a kind, a length, content
    const unsigned char kind = left[0];
    const std::size_t n = std::min<std::size_t>(left[1], left.size() - 2);
    const auto content = left.subspan(2, n);
    left = left.subspan(2 + n);
    if (kind >= 128) {
      static_cast<void>(::write(pair.ends[1], content.data(), content.size()));
      continue;
    }
    auto* const by = client.begin(true);
    if (by == nullptr || !client.seal(by, record.data(), content, static_cast<record_type>(20 + kind % 6)))
      std::abort();
    static_cast<void>(::write(pair.ends[1], record.data(), client.before() + n + client.behind()));
  }
  std::array<char, 64> into{};
  for (int i = 0; i < 10'000; ++i) {
    if (of_test->has_data()) {
      of_test->take_data(into);
      continue;
    }
    records::end_of over;
    if (on.begin() == -ENOMEM)
      std::abort();
    const auto got = of_test->receive(on, into, over);
    on.end();
    if (got <= 0 || over.code != 0)
      break;
  }
  return 0;
}
