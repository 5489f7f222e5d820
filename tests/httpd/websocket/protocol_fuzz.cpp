// SPDX-License-Identifier: BSD-3-Clause
//
// Bytes of a peer, at once and in pieces: both ways must come to the same events, within the limits.
// The first byte says which side reads and whether compression was agreed on, the second how it is cut.
#include <perron/httpd/websocket/protocol.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace perron::httpd;
using namespace perron::httpd::rfc6455;

constexpr std::uint32_t limit = 4096;

void require(bool holds) {
  if (!holds)
    std::abort();
}

std::vector<event> read(std::string bytes, std::size_t chop, unsigned flags) {
  std::unique_ptr<compression> deflate;
  if ((flags & 2U) != 0)
    deflate = std::make_unique<compression>(
        deflate_agreement{.send_takeover = false, .receive_takeover = (flags & 4U) != 0}, deflate_options{});
  protocol peer((flags & 1U) != 0 ? side::client : side::server, {.max_frame = limit, .max_message = limit},
                std::move(deflate));
  std::vector<event> events;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t size = std::min(chop, bytes.size() - at);
    std::span<char> rest = std::span(bytes).subspan(at, size);
    at += size;
    for (;;) {
      event e = peer.next(rest);
      if (e.what_came == event::kind::need_more)
        break;
      require(e.data.size() <= limit);
      require(!(e.what_came == event::kind::message && e.is_text) || is_utf8(e.data));
      require(e.what_came != event::kind::failed || close_code::may_be_sent(e.code));
      const bool is_last = e.what_came == event::kind::failed || e.what_came == event::kind::close;
      require(peer.is_over() == is_last);
      events.push_back(std::move(e));
    }
    require(rest.empty());
  }
  return events;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2)
    return 0;
  const unsigned flags = data[0];
  const std::size_t chop = 1 + data[1];
  const std::string bytes(reinterpret_cast<const char*>(data + 2), size - 2);
  const auto whole = read(bytes, bytes.size() + 1, flags);
  const auto pieces = read(bytes, chop, flags);
  require(whole.size() == pieces.size());
  for (std::size_t i = 0; i < whole.size(); ++i)
    // which of two faults in one compressed message is met first may depend on the cut
    require(whole[i].what_came == pieces[i].what_came && whole[i].data == pieces[i].data);
  return 0;
}
