// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/http1/proxy_header.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace perron::httpd::http1 {
namespace {

constexpr std::string_view signature_1 = "PROXY ";
constexpr std::string_view signature_2("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t longest_line = 107; // 2.1, with its CRLF
constexpr std::size_t fixed_size = 16;    // of version 2
constexpr std::uint8_t type_crc32c = 0x03;

constexpr auto crc32c_table = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t c = i;
    for (int bit = 0; bit < 8; ++bit)
      c = (c & 1U) != 0 ? (c >> 1) ^ 0x82f6'3b78U : c >> 1;
    table[i] = c;
  }
  return table;
}();

constexpr std::uint8_t byte_at(std::string_view text, std::size_t at) noexcept {
  return static_cast<std::uint8_t>(text[at]);
}

constexpr std::uint16_t word_at(std::string_view text, std::size_t at) noexcept {
  return static_cast<std::uint16_t>(byte_at(text, at) << 8 | byte_at(text, at + 1));
}

template <std::size_t Size>
std::array<std::uint8_t, Size> bytes_at(std::string_view text, std::size_t at) noexcept {
  std::array<std::uint8_t, Size> out{};
  std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(at), Size, out.begin());
  return out;
}

/// The checksum of a header (RFC 3720 B.4), with the four bytes at `hole` taken for zero (2.2.3).
std::uint32_t crc32c(std::string_view header, std::size_t hole) noexcept {
  std::uint32_t c = ~std::uint32_t(0);
  for (std::size_t i = 0; i < header.size(); ++i) {
    const std::uint8_t byte = i >= hole && i < hole + 4 ? std::uint8_t(0) : byte_at(header, i);
    c = crc32c_table[(c ^ byte) & 0xffU] ^ (c >> 8);
  }
  return ~c;
}

proxy_result bad(const char* what) noexcept {
  return {.outcome = proxy_outcome::bad, .consumed = 0, .what = what};
}

proxy_result complete(std::size_t size) noexcept {
  return {.outcome = proxy_outcome::complete, .consumed = size, .what = ""};
}

// -- version 1: a line of text (2.1)

/// Decimal, without zeros in front.
std::optional<std::uint16_t> read_port(std::string_view text) noexcept {
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [read, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc() || read != end || (text.size() > 1 && text.front() == '0'))
    return std::nullopt;
  return port;
}

std::optional<ip_address> read_address(std::string_view text, bool is_ipv6) noexcept {
  const std::string_view allowed = is_ipv6 ? "0123456789abcdefABCDEF:" : "0123456789.";
  if (text.find_first_not_of(allowed) != std::string_view::npos)
    return std::nullopt;
  return ip_address::parse(text);
}

/// The next word of a line; the rest begins behind the one blank that ends it.
std::string_view next_word(std::string_view& line) noexcept {
  const std::size_t blank = std::min(line.find(' '), line.size());
  const auto word = line.substr(0, blank);
  line.remove_prefix(std::min(blank + 1, line.size()));
  return word;
}

proxy_result parse_line(std::string_view input, proxy_header& header) noexcept {
  const std::size_t end = input.substr(0, longest_line).find('\n');
  if (end == std::string_view::npos)
    return input.size() >= longest_line ? bad("PROXY line is too long") : proxy_result{};
  if (input[end - 1] != '\r')
    return bad("PROXY line does not end in CRLF");
  std::string_view line = input.substr(signature_1.size(), end - 1 - signature_1.size());
  const std::string_view family = next_word(line);
  proxy_header out;
  if (family == "UNKNOWN") { // 2.1: whatever follows is ignored
    header = out;
    return complete(end + 1);
  }
  if (family != "TCP4" && family != "TCP6")
    return bad("PROXY line has a family that is none");
  const bool is_ipv6 = family == "TCP6";
  const auto source = read_address(next_word(line), is_ipv6);
  const auto destination = read_address(next_word(line), is_ipv6);
  if (!source || !destination)
    return bad("PROXY line has an address that is none");
  const auto source_port = read_port(next_word(line));
  const auto destination_port = read_port(line);
  if (!source_port || !destination_port)
    return bad("PROXY line has a port that is none");
  header = {.has_addresses = true,
            .source_port = *source_port,
            .destination_port = *destination_port,
            .source = *source,
            .destination = *destination};
  return complete(end + 1);
}

// -- version 2: binary (2.2)

/// What is wrong with the additional data from `at` to the end of a header, or nullptr.
const char* find_tlv_fault(std::string_view whole, std::size_t at) noexcept {
  bool has_checksum = false;
  while (at < whole.size()) {
    if (whole.size() - at < 3)
      return "PROXY header has additional data without a length";
    const std::size_t value = at + 3;
    const std::size_t size = word_at(whole, at + 1);
    if (size > whole.size() - value)
      return "PROXY header has additional data longer than itself";
    if (byte_at(whole, at) == type_crc32c) {
      if (size != 4 || std::exchange(has_checksum, true))
        return "PROXY header has a checksum that is none";
      const auto sum = static_cast<std::uint32_t>(word_at(whole, value)) << 16 | word_at(whole, value + 2);
      if (sum != crc32c(whole, value))
        return "PROXY header does not have the sum that it says";
    }
    at = value + size;
  }
  return nullptr;
}

template <std::size_t Size>
proxy_header addresses_at(std::string_view whole) noexcept {
  const auto address = [](const std::array<std::uint8_t, Size>& bytes) {
    if constexpr (Size == 4)
      return ip_address::ipv4(bytes);
    else
      return ip_address::ipv6(bytes);
  };
  return {.has_addresses = true,
          .source_port = word_at(whole, fixed_size + 2 * Size),
          .destination_port = word_at(whole, fixed_size + 2 * Size + 2),
          .source = address(bytes_at<Size>(whole, fixed_size)),
          .destination = address(bytes_at<Size>(whole, fixed_size + Size))};
}

proxy_result parse_binary(std::string_view input, proxy_header& header) noexcept {
  if (input.size() > signature_2.size()) {
    const unsigned version_command = byte_at(input, 12);
    if (version_command >> 4 != 2)
      return bad("PROXY header of another version");
    if ((version_command & 0xfU) > 1)
      return bad("PROXY header with a command that is none");
  }
  if (input.size() < fixed_size)
    return {};
  const bool is_local = (byte_at(input, 12) & 0xfU) == 0;
  const unsigned family = byte_at(input, 13);
  const std::size_t size = fixed_size + word_at(input, 14);
  if (size > max_proxy_header)
    return bad("PROXY header is too long");
  std::size_t addresses = 0;
  if (!is_local) {
    switch (family) {
    case 0x00: // unspecified
      break;
    case 0x11: // TCP over IPv4
      addresses = 12;
      break;
    case 0x21: // TCP over IPv6
      addresses = 36;
      break;
    case 0x31: // Unix stream
      addresses = 216;
      break;
    default:
      return bad("PROXY header with a protocol that is no stream");
    }
    if (size < fixed_size + addresses)
      return bad("PROXY header is too short for its addresses");
  }
  if (input.size() < size)
    return {};
  const std::string_view whole = input.substr(0, size);
  proxy_header out;
  if (!is_local &&
      family != 0x00) { // 2.2: of an unspecified family nothing is known, not even where TLVs begin
    if (const char* fault = find_tlv_fault(whole, fixed_size + addresses))
      return bad(fault);
    if (family == 0x11)
      out = addresses_at<4>(whole);
    else if (family == 0x21)
      out = addresses_at<16>(whole);
  }
  header = out;
  return complete(size);
}

} // namespace

proxy_result parse_proxy_header(std::string_view input, proxy_header& header) noexcept {
  const auto begins = [input](std::string_view signature) {
    const std::size_t size = std::min(input.size(), signature.size());
    return input.substr(0, size) == signature.substr(0, size);
  };
  if (begins(signature_1))
    return input.size() < signature_1.size() ? proxy_result{} : parse_line(input, header);
  if (begins(signature_2))
    return input.size() < signature_2.size() ? proxy_result{} : parse_binary(input, header);
  return bad("no PROXY header");
}

} // namespace perron::httpd::http1
