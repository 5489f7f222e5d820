// SPDX-License-Identifier: BSD-3-Clause
// Sections are those of HAProxy's doc/proxy-protocol.txt.
#include <perron/httpd/http1/proxy_header.hpp>

#include "parsed_head.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace {

using namespace perron::httpd;
using namespace perron::httpd::http1;
using namespace std::string_literals;

const std::string signature = "\r\n\r\n\0\r\nQUIT\n"s;
const std::string four =
    "\xc0\x00\x02\x01\xc0\x00\x02\x02\x30\x39\x01\xbb"s; // 192.0.2.1:12345 to 192.0.2.2:443
const std::string six =
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02\x00\x50\xff\xff"s;

/// A header of version 2: version and command, family, then what its length says.
std::string binary(char command, char family, std::string_view rest) {
  return signature + command + family + static_cast<char>(rest.size() >> 8) +
         static_cast<char>(rest.size() & 0xff) + std::string(rest);
}

std::string tlv(char type, std::string_view value) {
  return std::string(1, type) + static_cast<char>(value.size() >> 8) +
         static_cast<char>(value.size() & 0xff) + std::string(value);
}

/// What comes of `header` with more behind it; and the same must come of it in any pieces.
proxy_result parse(const std::string& header, proxy_header& out) {
  const std::string all = header + "GET / HTTP/1.1\r\n";
  const proxy_result whole = parse_proxy_header(all, out);
  for (std::size_t size = 0; size < all.size(); size += 1 + size / 256) {
    const perron::tests::exact_copy part(std::string_view(all).substr(0, size));
    proxy_header of_part;
    const proxy_result found = parse_proxy_header(part.view(), of_part);
    if (found.outcome == proxy_outcome::need_more)
      continue;
    EXPECT_EQ(found.outcome, whole.outcome) << size;
    EXPECT_STREQ(found.what, whole.what) << size;
    EXPECT_EQ(found.consumed, whole.consumed) << size;
  }
  return whole;
}

proxy_header expect_complete(const std::string& header) {
  proxy_header out;
  const proxy_result found = parse(header, out);
  EXPECT_EQ(found.outcome, proxy_outcome::complete) << found.what;
  EXPECT_EQ(found.consumed, header.size());
  return out;
}

void expect_bad(const std::string& header, std::string_view what) {
  proxy_header out;
  const proxy_result found = parse(header, out);
  EXPECT_EQ(found.outcome, proxy_outcome::bad) << header;
  EXPECT_EQ(found.what, what) << header;
}

TEST(proxy_protocol_2_1, line_with_ipv4) {
  const proxy_header h = expect_complete("PROXY TCP4 192.0.2.1 192.0.2.2 12345 443\r\n");
  EXPECT_TRUE(h.has_addresses);
  EXPECT_EQ(h.source.to_string(), "192.0.2.1");
  EXPECT_EQ(h.source_port, 12345);
  EXPECT_EQ(h.destination.to_string(), "192.0.2.2");
  EXPECT_EQ(h.destination_port, 443);
  expect_complete("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n");
  expect_complete("PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n");
}

TEST(proxy_protocol_2_1, line_with_ipv6) {
  const proxy_header h = expect_complete("PROXY TCP6 2001:db8::1 2001:DB8::2 80 65535\r\n");
  EXPECT_EQ(h.source.to_string(), "2001:db8::1");
  EXPECT_EQ(h.destination.to_string(), "2001:db8::2");
  const std::string longest = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
  expect_complete("PROXY TCP6 " + longest + ' ' + longest + " 65535 65535\r\n");
}

TEST(proxy_protocol_2_1, of_an_unknown_connection_everything_is_ignored) {
  EXPECT_FALSE(expect_complete("PROXY UNKNOWN\r\n").has_addresses);
  EXPECT_FALSE(expect_complete("PROXY UNKNOWN ffff::1 a b c\x01\r\n").has_addresses);
  EXPECT_FALSE(expect_complete("PROXY UNKNOWN " + std::string(107 - 16, 'x') + "\r\n").has_addresses);
}

TEST(proxy_protocol_2_1, line_has_at_most_107_bytes) {
  expect_bad("PROXY UNKNOWN " + std::string(108 - 16, 'x') + "\r\n", "PROXY line is too long");
  expect_bad("PROXY TCP4 " + std::string(200, ' '), "PROXY line is too long");
}

TEST(proxy_protocol_2_1, malformed_lines) {
  const auto with = [](std::string_view rest) { return "PROXY " + std::string(rest) + "\r\n"; };
  for (const std::string_view family :
       {"", "TCP", "TCP5", "tcp4", "TCP44", "UDP4", " TCP4", "UNKNOWNX", "\tTCP4"})
    expect_bad(with(std::string(family) + " 1.2.3.4 1.2.3.4 1 2"), "PROXY line has a family that is none");
  for (const std::string_view addresses :
       {"1.2.3 1.2.3.4", "01.2.3.4 1.2.3.4", "1.2.3.256 1.2.3.4", "1.2.3.4  1.2.3.4", " 1.2.3.4 1.2.3.4",
        "::1 ::1", "1.2.3.4 ::1", "a.b.c.d 1.2.3.4", "1.2.3.4\t1.2.3.4", "0x1.2.3.4 1.2.3.4", ""})
    expect_bad(with("TCP4 " + std::string(addresses) + " 1 2"), "PROXY line has an address that is none");
  for (const std::string_view addresses :
       {"1.2.3.4 1.2.3.4", ":::1 ::1", "::1%lo ::1", "[::1] ::1", "::ffff:1.2.3.4 ::1"})
    expect_bad(with("TCP6 " + std::string(addresses) + " 1 2"), "PROXY line has an address that is none");
  for (const std::string_view ports : {"1", "1 ", " 1", "1 2 ", "1 2 3", "1  2", "01 2", "1 02", "65536 1",
                                       "1 65536", "-1 1", "+1 1", "1 a", "1\t2", ""})
    expect_bad(with("TCP4 1.2.3.4 1.2.3.4 " + std::string(ports)), "PROXY line has a port that is none");
}

TEST(proxy_protocol_2_1, line_ends_in_crlf) {
  expect_bad("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n", "PROXY line does not end in CRLF");
  expect_bad("PROXY UNKNOWN\n", "PROXY line does not end in CRLF");
  expect_bad("PROXY \n", "PROXY line does not end in CRLF");
}

TEST(proxy_protocol_2_2, header_with_ipv4) {
  const proxy_header h = expect_complete(binary('\x21', '\x11', four));
  EXPECT_TRUE(h.has_addresses);
  EXPECT_EQ(h.source.to_string(), "192.0.2.1");
  EXPECT_EQ(h.source_port, 12345);
  EXPECT_EQ(h.destination.to_string(), "192.0.2.2");
  EXPECT_EQ(h.destination_port, 443);
}

TEST(proxy_protocol_2_2, header_with_ipv6) {
  const proxy_header h = expect_complete(binary('\x21', '\x21', six));
  EXPECT_EQ(h.source.to_string(), "2001:db8::1");
  EXPECT_EQ(h.source_port, 80);
  EXPECT_EQ(h.destination.to_string(), "2001:db8::2");
  EXPECT_EQ(h.destination_port, 65535);
}

TEST(proxy_protocol_2_2, unix_and_unspecified_connections_have_no_address) {
  EXPECT_FALSE(expect_complete(binary('\x21', '\x31', std::string(216, 'u'))).has_addresses);
  EXPECT_FALSE(expect_complete(binary('\x21', '\x00', "")).has_addresses);
  EXPECT_FALSE(expect_complete(binary('\x21', '\x00', "anything")).has_addresses);
}

TEST(proxy_protocol_2_2, local_is_the_proxy_itself_and_the_rest_is_discarded) {
  EXPECT_FALSE(expect_complete(binary('\x20', '\x00', "")).has_addresses);
  EXPECT_FALSE(expect_complete(binary('\x20', '\x11', four)).has_addresses);
  EXPECT_FALSE(expect_complete(binary('\x20', '\x77', "xyz")).has_addresses);
}

TEST(proxy_protocol_2_2, unexpected_values_are_refused) {
  expect_bad(binary('\x11', '\x11', four), "PROXY header of another version");
  expect_bad(binary('\x31', '\x11', four), "PROXY header of another version");
  expect_bad(binary('\x22', '\x11', four), "PROXY header with a command that is none");
  expect_bad(binary('\x2f', '\x11', four), "PROXY header with a command that is none");
  for (const char family : {'\x01', '\x10', '\x12', '\x13', '\x22', '\x32', '\x41', '\xff'})
    expect_bad(binary('\x21', family, std::string(216, 'x')),
               "PROXY header with a protocol that is no stream");
}

TEST(proxy_protocol_2_2, header_has_room_for_its_addresses) {
  expect_bad(binary('\x21', '\x11', four.substr(1)), "PROXY header is too short for its addresses");
  expect_bad(binary('\x21', '\x21', six.substr(1)), "PROXY header is too short for its addresses");
  expect_bad(binary('\x21', '\x31', std::string(215, 'u')), "PROXY header is too short for its addresses");
}

TEST(proxy_protocol_2_2, additional_data_is_skipped) {
  expect_complete(
      binary('\x21', '\x11', four + tlv(1, "h2") + tlv('\xea', "") + tlv(4, std::string(300, 'n'))));
  expect_bad(binary('\x21', '\x11', four + "\x01"), "PROXY header has additional data without a length");
  expect_bad(binary('\x21', '\x11', four + "\x01\0"s), "PROXY header has additional data without a length");
  expect_bad(binary('\x21', '\x11', four + "\x01\0\x05h2"s),
             "PROXY header has additional data longer than itself");
  expect_bad(binary('\x21', '\x21', six + tlv(1, "h2") + "\x02\xff\xff"),
             "PROXY header has additional data longer than itself");
}

TEST(proxy_protocol_2_2, header_is_bounded) {
  const std::string most(max_proxy_header - 16 - four.size() - 3, 'n');
  expect_complete(binary('\x21', '\x11', four + tlv(4, most)));
  expect_bad(binary('\x21', '\x11', four + tlv(4, most + 'n')), "PROXY header is too long");
  expect_bad(binary('\x20', '\x00', std::string(65535, 'n')), "PROXY header is too long");
}

TEST(proxy_protocol_2_2_3, a_checksum_that_is_there_must_be_right) {
  // its bytes by an independent program (Python, bit by bit)
  const std::string good = binary('\x21', '\x11', four + tlv(1, "h2") + tlv(3, "\xab\x7f\x8b\x50"s));
  expect_complete(good);
  for (std::size_t i = 16; i < good.size(); ++i) {
    if (i >= 28 && i < 38 && i != 31 && i != 32)
      continue; // types and lengths, and the sum, for other faults
    std::string other = good;
    other[i] = static_cast<char>(other[i] ^ 0x10);
    expect_bad(other, "PROXY header does not have the sum that it says");
  }
  std::string wrong = good;
  wrong.back() = static_cast<char>(wrong.back() ^ 1);
  expect_bad(wrong, "PROXY header does not have the sum that it says");
  expect_bad(binary('\x21', '\x11', four + tlv(3, "123")), "PROXY header has a checksum that is none");
  expect_bad(binary('\x21', '\x11', four + tlv(3, "12345")), "PROXY header has a checksum that is none");
}

TEST(proxy_protocol_2, anything_else_is_bad_at_its_first_strange_byte) {
  for (const std::string& text :
       {"GET / HTTP/1.1\r\n"s, "proxy TCP4 "s, "PROXY\tTCP4"s, "PROXY\r\n"s, "\r\n\r\nGET"s, "\n"s, "\0"s,
        "\r\n\r\n\0\r\nQUIT\r\n"s, "\x16\x03\x01"s, "P "s, "X"s})
    expect_bad(text, "no PROXY header");
}

TEST(proxy_protocol_2, a_beginning_needs_more) {
  proxy_header out;
  for (const std::string& whole : {"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n"s, "PROXY UNKNOWN\r\n"s,
                                   binary('\x21', '\x11', four + tlv(4, "noop")), binary('\x20', '\x00', "")})
    for (std::size_t size = 0; size < whole.size(); ++size)
      EXPECT_EQ(parse_proxy_header(std::string_view(whole).substr(0, size), out).outcome,
                proxy_outcome::need_more)
          << size;
}

} // namespace
