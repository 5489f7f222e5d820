// SPDX-License-Identifier: BSD-3-Clause
//
// Both directions of permessage-deflate: foreign bytes are inflated within the limit whatever they are, and
// what is compressed here comes back as it was. The first byte chooses windows and take-over.
#include <perron/httpd/websocket/deflate.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace perron::httpd::rfc6455;

constexpr std::size_t limit = 1U << 16U;

void require(bool holds) {
  if (!holds)
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return 0;
  const int bits = 9 + data[0] % 7;
  const bool takeover = (data[0] & 0x80U) != 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);

  inflater foreign(bits);
  std::string out;
  if (foreign.inflate(bytes.substr(0, bytes.size() / 2), out, limit) == inflater::outcome::good &&
      foreign.inflate(bytes.substr(bytes.size() / 2), out, limit) == inflater::outcome::good)
    static_cast<void>(foreign.finish(out, limit));
  require(out.size() <= limit);

  deflater sender(bits, 1 + data[0] % 9, data[0] % 10);
  inflater receiver(bits);
  for (int i = 0; i < 3; ++i) {
    std::string packed;
    sender.compress(bytes, packed);
    std::string plain;
    require(receiver.inflate(packed, plain, size) == inflater::outcome::good);
    require(receiver.finish(plain, size) == inflater::outcome::good);
    require(plain == bytes);
    if (!takeover)
      sender.forget();
  }
  return 0;
}
