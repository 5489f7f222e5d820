// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/frame_reader.hpp>

namespace perron::soak {

namespace {

frame wrong(const char* what) {
  frame f;
  f.wrong = what;
  return f;
}

bool known(std::uint8_t code) { return code <= 2 || (code >= 8 && code <= 10); }

} // namespace

frame read_frame(std::string_view input) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(input[i]); };
  if (input.size() < 2)
    return {};
  if ((at(0) & 0x70U) != 0)
    return wrong("a frame with reserved bits");
  if ((at(1) & 0x80U) != 0)
    return wrong("a masked frame from a server");
  frame f;
  const std::uint8_t code = at(0) & 0x0fU;
  if (!known(code))
    return wrong("a frame of no known kind");
  f.kind = static_cast<opcode>(code);
  f.last = (at(0) & 0x80U) != 0;
  std::uint64_t size = at(1);
  if (code >= 8 && (size > 125 || !f.last))
    return wrong("a control frame that is long or in pieces");
  std::size_t head = 2;
  if (size >= 126) {
    const std::size_t more = size == 126 ? 2 : 8;
    head += more;
    if (input.size() < head)
      return {};
    size = 0;
    for (std::size_t i = 2; i < head; ++i)
      size = size << 8U | at(i);
  }
  if (size > most_frame)
    return wrong("a frame of more than 1 MB");
  if (input.size() - head < size)
    return {};
  f.payload = input.substr(head, static_cast<std::size_t>(size));
  f.used = head + f.payload.size();
  return f;
}

std::string make_frame(opcode kind, std::string_view payload) {
  std::string bytes(1, static_cast<char>(0x80U | static_cast<unsigned>(kind)));
  const auto put = [&](std::uint64_t size, unsigned width) {
    for (unsigned i = width; i-- > 0;)
      bytes += static_cast<char>(size >> (8 * i) & 0xffU);
  };
  if (payload.size() < 126) {
    put(0x80U | payload.size(), 1);
  } else {
    const bool is_short = payload.size() < 65'536;
    put(0x80U | (is_short ? 126U : 127U), 1);
    put(payload.size(), is_short ? 2 : 8);
  }
  bytes.append(4, '\0');
  return bytes.append(payload);
}

std::uint16_t close_code(std::string_view payload) {
  if (payload.size() < 2)
    return 1005;
  return static_cast<std::uint16_t>(static_cast<std::uint8_t>(payload[0]) << 8U |
                                    static_cast<std::uint8_t>(payload[1]));
}

} // namespace perron::soak
