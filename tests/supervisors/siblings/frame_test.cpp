// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/siblings/frame.hpp>

#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

namespace perron::siblings::core {
namespace {

frame example() {
  return {.kind = frame_kind::question,
          .node = 7,
          .code = -3,
          .number = std::uint64_t(1) << 40U,
          .time = 5'000'000'000,
          .topic = "prices",
          .bytes = std::make_shared<const std::string>("EUR \0 1.09", 10)};
}

std::string wire_of(const frame& f) {
  std::string out;
  encode(f, out);
  return out;
}

void expect_same(const frame& a, const frame& b) {
  EXPECT_EQ(a.kind, b.kind);
  EXPECT_EQ(a.node, b.node);
  EXPECT_EQ(a.code, b.code);
  EXPECT_EQ(a.number, b.number);
  EXPECT_EQ(a.time, b.time);
  EXPECT_EQ(a.topic, b.topic);
  EXPECT_EQ(a.text(), b.text());
}

/// The example with one field of its head changed: payload, topic, kind.
std::string spoilt(std::size_t field, std::uint32_t value) {
  std::string wire = wire_of(example());
  std::memcpy(wire.data() + 4 * field, &value, sizeof value);
  return wire;
}

TEST(siblings_frame, is_read_as_it_was_written) {
  frame_decoder d;
  d.feed(wire_of(example()));
  const auto read = d.next();
  ASSERT_TRUE(read && *read);
  expect_same(**read, example());
  EXPECT_FALSE(*d.next());
}

TEST(siblings_frame, may_carry_nothing) {
  frame_decoder d;
  d.feed(wire_of({.kind = frame_kind::ready}));
  const auto read = d.next();
  ASSERT_TRUE(read && *read);
  expect_same(**read, {.kind = frame_kind::ready});
}

TEST(siblings_frame, may_come_byte_by_byte_and_with_others) {
  const std::string wire =
      wire_of(example()) + wire_of({.kind = frame_kind::pong, .number = 3}) + wire_of(example());
  frame_decoder d;
  int read = 0;
  for (const char byte : wire) {
    d.feed({&byte, 1});
    while (const auto next = *d.next())
      expect_same(*next, ++read == 2 ? frame{.kind = frame_kind::pong, .number = 3} : example());
  }
  EXPECT_EQ(read, 3);
  d.feed(wire);
  for (read = 0; *d.next(); ++read) {
  }
  EXPECT_EQ(read, 3);
}

TEST(siblings_frame, is_an_error_if_it_is_none) {
  for (const std::string& bad :
       {spoilt(0, most_payload + 1), spoilt(1, 17), spoilt(2, static_cast<std::uint32_t>(frame_kind::count)),
        std::string(40, '\xff')}) {
    frame_decoder d;
    d.feed(bad);
    const auto read = d.next();
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, EPROTO);
  }
}

TEST(siblings_frame, shares_its_bytes_with_copies) {
  const frame a = example();
  const frame b = a; // NOLINT(performance-unnecessary-copy-initialization)
  EXPECT_EQ(a.bytes.get(), b.bytes.get());
  EXPECT_EQ(a.payload(), 16U);
}

} // namespace
} // namespace perron::siblings::core
