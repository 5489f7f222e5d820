// SPDX-License-Identifier: BSD-3-Clause
//
// Groups 12 and 13 of the Autobahn fuzzing client: permessage-deflate with payloads of several kinds, sizes
// and fragmentations, and with each set of parameters. 5 messages a case where Autobahn sends 1,000, and
// texts made here in place of its files.
#include "httpd/websocket/echo_peer.hpp"

#include <random>

namespace perron::httpd {
namespace {

using namespace perron::testing;
using rfc6455::compression;
using rfc6455::deflate_agreement;

/// Both ends of one agreement, and what a client does with it.
class deflate_echo {
public:
  explicit deflate_echo(const deflate_agreement& agreed)
      : server_({1U << 24U, 1U << 24U}, std::make_unique<compression>(agreed, options())),
        client_(rfc6455::side::client, {1U << 24U, 1U << 24U},
                std::make_unique<compression>(
                    deflate_agreement{agreed.receive_window_bits, agreed.send_window_bits,
                                      agreed.receive_takeover, agreed.send_takeover},
                    options())) {}

  /// What comes back of a message that is sent in frames of `fragment` bytes; 0: in one.
  std::string echo(bool is_text, const std::string& payload, std::size_t fragment) {
    std::string scratch;
    const auto message = client_.prepare(is_text, payload, scratch);
    EXPECT_EQ(message.head.reserved, rfc6455::compressed_bit);
    const std::size_t size = fragment == 0 ? message.payload.size() + 1 : fragment;
    const auto back = server_.give(fragments(message.head.op, message.payload, size, message.head.reserved));
    std::string bytes;
    for (const frame& f : back)
      bytes += bare(f);
    std::span<char> rest(bytes);
    rfc6455::event e = client_.next(rest);
    EXPECT_EQ(e.what_came, rfc6455::event::kind::message) << e.what;
    EXPECT_EQ(e.is_text, is_text);
    return e.data;
  }

  rfc6455::protocol& server() { return server_.protocol(); }

private:
  static deflate_options options() { return {.on = true, .from_bytes = 0}; }

  echo_peer server_;
  rfc6455::protocol client_;
};

std::string json_text(std::size_t size) {
  std::string out;
  for (int i = 0; out.size() < size; ++i)
    out += R"({"id":)" + std::to_string(i * 7919) + R"(,"name":"visitor )" + std::to_string(i % 97) +
           R"(","tags":["a","b"],"ok":true},)";
  return out.substr(0, size);
}
std::string prose(std::size_t size) {
  std::string out;
  std::minstd_rand pick(5);
  constexpr std::string_view words[] = {"Habe ",   "nun, ", "ach! ",    "Philosophie, ", "und ",
                                        "leider ", "auch ", "Medizin ", "durchaus ",     "studiert\n"};
  while (out.size() < size)
    out += words[pick() % std::size(words)];
  return out.substr(0, size);
}
std::string noise(std::size_t size) {
  std::string out(size, '\0');
  std::minstd_rand pick(7);
  for (char& c : out)
    c = static_cast<char>(pick() >> 8U);
  return out;
}
std::string markup(std::size_t size) {
  std::string out;
  for (int i = 0; out.size() < size; ++i)
    out += "<li class=\"row\"><a href=\"/item/" + std::to_string(i) + "\">Item</a></li>\n";
  return out.substr(0, size);
}
std::string picture(std::size_t size) {
  std::string out(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    out[i] = static_cast<char>((i * i / 700) ^ (i % 512));
  return out;
}

struct payload_case {
  const char* name;
  std::string (*make)(std::size_t);
  bool is_text;
  std::size_t size;
  std::size_t fragment;
};
void PrintTo(const payload_case& c, std::ostream* out) {
  *out << c.name << ", " << c.size << " bytes in " << c.fragment;
}

std::vector<payload_case> all_payloads() {
  std::vector<payload_case> cases;
  constexpr std::pair<std::size_t, std::size_t> sizes[] = {
      {16, 0},      {64, 0},      {256, 0},      {1024, 0},      {4096, 0},      {8192, 0},
      {16384, 0},   {32768, 0},   {65536, 0},    {131072, 0},    {8192, 256},    {16384, 256},
      {32768, 256}, {65536, 256}, {131072, 256}, {131072, 1024}, {131072, 4096}, {131072, 32768}};
  for (const auto& [size, fragment] : sizes) {
    cases.push_back({"12_1 json", json_text, true, size, fragment});
    cases.push_back({"12_2 picture", picture, false, size, fragment});
    cases.push_back({"12_3 prose", prose, false, size, fragment});
    cases.push_back({"12_4 markup", markup, false, size, fragment});
    cases.push_back({"12_5 noise", noise, false, size, fragment});
  }
  return cases;
}

class autobahn_12 : public ::testing::TestWithParam<payload_case> {};
TEST_P(autobahn_12, is_echoed) {
  const payload_case& c = GetParam();
  deflate_echo pair{deflate_agreement{}};
  const std::string payload = c.make(c.size);
  for (int i = 0; i < 5; ++i)
    ASSERT_EQ(pair.echo(c.is_text, payload, c.fragment), payload);
}
INSTANTIATE_TEST_SUITE_P(payloads, autobahn_12, ::testing::ValuesIn(all_payloads()));

/// 13.1 to 13.7: (does the client ask for no take-over, the window it asks for; 0: none). 13.7 sends a list
/// of offers, of which the first that can be met counts.
struct offer_case {
  const char* name;
  const char* offers;
  deflate_agreement agreed;
};
void PrintTo(const offer_case& c, std::ostream* out) { *out << c.name; }

class autobahn_13 : public ::testing::TestWithParam<offer_case> {};
TEST_P(autobahn_13, is_agreed_on_and_echoed) {
  const offer_case& c = GetParam();
  const deflate_options generous{.on = true,
                                 .send_takeover = true,
                                 .receive_takeover = true,
                                 .send_window_bits = 15,
                                 .receive_window_bits = 15};
  const header_field field{"Sec-WebSocket-Extensions", c.offers};
  const auto found = rfc6455::negotiate(header_view({&field, 1}), generous);
  ASSERT_TRUE(found.deflate);
  EXPECT_EQ(found.deflate->agreed, c.agreed) << found.deflate->field;
  deflate_echo pair{found.deflate->agreed};
  for (const std::size_t size : {16U, 1024U, 8192U, 131072U})
    for (int i = 0; i < 5; ++i) {
      const std::string payload = json_text(size);
      ASSERT_EQ(pair.echo(true, payload, 0), payload);
      ASSERT_EQ(pair.echo(true, payload, 256), payload);
    }
  EXPECT_EQ(pair.server().deflate()->holds_context(), c.agreed.send_takeover || c.agreed.receive_takeover);
}
INSTANTIATE_TEST_SUITE_P(
    offers, autobahn_13,
    ::testing::Values(offer_case{"13_1",
                                 "permessage-deflate; client_no_context_takeover; client_max_window_bits",
                                 {15, 15, true, false}},
                      offer_case{"13_2",
                                 "permessage-deflate; client_no_context_takeover; client_max_window_bits; "
                                 "server_no_context_takeover",
                                 {15, 15, false, false}},
                      offer_case{"13_3",
                                 "permessage-deflate; client_max_window_bits; server_max_window_bits=9",
                                 {9, 15, true, true}},
                      offer_case{"13_4",
                                 "permessage-deflate; client_max_window_bits; server_max_window_bits=15",
                                 {15, 15, true, true}},
                      offer_case{"13_5",
                                 "permessage-deflate; client_max_window_bits; server_no_context_takeover; "
                                 "server_max_window_bits=9",
                                 {9, 15, false, true}},
                      offer_case{"13_6",
                                 "permessage-deflate; client_max_window_bits; server_no_context_takeover; "
                                 "server_max_window_bits=15",
                                 {15, 15, false, true}},
                      offer_case{"13_7",
                                 "permessage-deflate; server_no_context_takeover; server_max_window_bits=9, "
                                 "permessage-deflate; server_no_context_takeover, permessage-deflate",
                                 {9, 15, false, true}}));

} // namespace
} // namespace perron::httpd
