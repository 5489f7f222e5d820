// SPDX-License-Identifier: BSD-3-Clause
// What records does with what OpenSSL's client does not send.
#include <perron/runtime/tls/records.hpp>

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace perron::runtime::tls::detail {
namespace {

using namespace std::string_view_literals;

/// A client that has its key, beside the server's records.
class records_rules : public ::testing::Test {
protected:
  struct heard {
    record_type type{};
    std::string content;
    bool operator==(const heard&) const = default;
  };

  ~records_rules() override {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }

  void begin(bool newest, std::uint64_t next = 0) {
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends_.data()), 0);
    constexpr std::array<unsigned char, 32> secret{7};
    server_ = records::for_test(aead::aes_128_gcm, newest, secret, client_, next);
    ASSERT_NE(server_, nullptr);
    ASSERT_NE(records::for_test(aead::aes_128_gcm, newest, secret, servers_, next), nullptr);
    wire_.emplace(ends_[0]);
  }

  void say(record_type type, std::string_view content) {
    std::string record(client_.before() + content.size() + client_.behind(), '\0');
    ASSERT_TRUE(client_.seal(client_.begin(true), reinterpret_cast<unsigned char*>(record.data()),
                             {reinterpret_cast<const unsigned char*>(content.data()), content.size()}, type));
    ASSERT_EQ(::write(ends_[1], record.data(), record.size()), static_cast<ssize_t>(record.size()));
  }

  /// What the server's receive() gives, with what it read.
  std::pair<std::int64_t, std::string> receive() {
    std::string into(100, '\0');
    wire_->begin();
    over_ = {};
    const std::int64_t n = server_->receive(*wire_, into, over_);
    wire_->end();
    into.resize(static_cast<std::size_t>(std::max<std::int64_t>(n, 0)));
    return {n, into};
  }
  void send(std::string_view text) {
    wire_->begin();
    ASSERT_TRUE(server_->begin_sending(*wire_));
    ASSERT_TRUE(server_->seal(*wire_, text));
    wire_->end();
  }

  /// The next record of the server.
  heard hear() {
    std::array<unsigned char, 5> head{};
    if (::read(ends_[1], head.data(), head.size()) != 5)
      return {{}, "nothing"};
    std::string record(reinterpret_cast<const char*>(head.data()), head.size());
    record.resize(5 + (std::size_t(head[3]) << 8U | head[4]));
    EXPECT_EQ(::read(ends_[1], &record[5], record.size() - 5), static_cast<ssize_t>(record.size() - 5));
    const auto opened = servers_.open(servers_.begin(false),
                                      {reinterpret_cast<unsigned char*>(record.data()), record.size()});
    if (!opened.genuine)
      return {{}, "forged"};
    return {opened.type, std::string(opened.content.begin(), opened.content.end())};
  }

  void expect_refused(unsigned char alert) {
    EXPECT_EQ(receive().first, -EPROTO);
    EXPECT_EQ(hear(), (heard{record_type::alert, {'\2', static_cast<char>(alert)}}));
  }

  std::array<int, 2> ends_{-1, -1};
  traffic_key client_;  ///< what the client seals with
  traffic_key servers_; ///< what opens the server's
  std::unique_ptr<records> server_;
  std::optional<wire> wire_;
  records::end_of over_;
};

constexpr unsigned char unexpected_message = 10;
constexpr unsigned char illegal_parameter = 47;
constexpr unsigned char decode_error = 50;

TEST_F(records_rules, rfc8446_5_4_an_empty_alert_is_unexpected) {
  begin(true);
  say(record_type::alert, "");
  expect_refused(unexpected_message);
}

TEST_F(records_rules, rfc8446_5_4_an_empty_handshake_message_is_unexpected) {
  begin(true);
  say(record_type::handshake, "");
  expect_refused(unexpected_message);
}

TEST_F(records_rules, rfc8446_5_4_a_record_of_nothing_but_zeros_is_unexpected) {
  begin(true);
  say(record_type{}, "\0\0\0"sv);
  expect_refused(unexpected_message);
}

TEST_F(records_rules, rfc8446_5_1_alerts_are_neither_cut_nor_joined) {
  for (const auto said : {"\1"sv, "\1\0\1\0"sv}) {
    begin(true);
    say(record_type::alert, said);
    expect_refused(decode_error);
    ::close(ends_[0]);
    ::close(std::exchange(ends_[1], -1));
    ends_[0] = -1;
  }
}

TEST_F(records_rules, rfc8446_5_1_no_other_record_comes_within_a_message) {
  begin(true);
  say(record_type::handshake, "\x18\0"sv);
  EXPECT_EQ(receive().first, -EAGAIN);
  say(record_type::application_data, "data");
  expect_refused(unexpected_message);
}

TEST_F(records_rules, rfc8446_5_1_a_key_update_is_the_last_in_its_record) {
  begin(true);
  say(record_type::handshake, "\x18\0\0\1\0\x18"sv);
  expect_refused(unexpected_message);
}

TEST_F(records_rules, rfc8446_4_6_3_a_key_update_in_pieces_is_understood) {
  begin(true);
  for (const auto part : {"\x18\0"sv, "\0\1"sv, "\0"sv}) {
    say(record_type::handshake, part);
    EXPECT_EQ(receive().first, -EAGAIN);
  }
  ASSERT_TRUE(client_.update());
  say(record_type::application_data, "by the next key");
  EXPECT_EQ(receive().second, "by the next key");
}

TEST_F(records_rules, rfc8446_4_6_3_a_key_update_of_another_value_is_illegal) {
  begin(true);
  say(record_type::handshake, "\x18\0\0\1\2"sv);
  expect_refused(illegal_parameter);
}

TEST_F(records_rules, rfc8446_4_6_3_a_key_update_of_another_length_cannot_be_read) {
  begin(true);
  say(record_type::handshake, "\x18\0\0\2\1"sv);
  expect_refused(decode_error);
}

TEST_F(records_rules, rfc8446_4_6_3_what_is_asked_for_is_answered_with_the_old_key) {
  begin(true);
  say(record_type::handshake, "\x18\0\0\1\1"sv);
  EXPECT_EQ(receive().first, -EAGAIN);
  EXPECT_EQ(hear(), (heard{record_type::handshake, std::string("\x18\0\0\1\0"sv)}));
  ASSERT_TRUE(servers_.update());
  send("by the next key");
  EXPECT_EQ(hear().content, "by the next key");
}

TEST_F(records_rules, rfc8446_5_5_a_key_that_has_sealed_enough_is_changed_before_the_next_record) {
  begin(true, (std::uint64_t(1) << 24U) - 1);
  send("the last one");
  EXPECT_EQ(hear().content, "the last one");
  send("behind it");
  EXPECT_EQ(hear(), (heard{record_type::handshake, std::string("\x18\0\0\1\0"sv)}));
  ASSERT_TRUE(servers_.update());
  EXPECT_EQ(hear(), (heard{record_type::application_data, "behind it"}));
}

TEST_F(records_rules, rfc8446_6_1_what_comes_behind_a_goodbye_is_ignored) {
  begin(true);
  say(record_type::alert, "\1\0"sv);
  say(record_type::application_data, "late");
  EXPECT_EQ(receive().first, 0);
  EXPECT_TRUE(server_->has_ended());
  EXPECT_EQ(over_.code, 0);
}

TEST_F(records_rules, rfc8446_6_1_user_canceled_is_no_end) {
  begin(true);
  say(record_type::alert, "\1\x5a"sv);
  say(record_type::application_data, "data");
  EXPECT_EQ(receive().second, "data");
}

TEST_F(records_rules, rfc8446_6_an_alert_that_is_not_known_is_the_end_whatever_its_level) {
  begin(true);
  say(record_type::alert, "\1\xc8"sv);
  EXPECT_EQ(receive().first, -EPROTO);
  EXPECT_EQ(over_.alert, 0xc8);
  EXPECT_EQ(hear().content, "nothing"); // an alert is not answered
}

TEST_F(records_rules, rfc5246_7_2_2_a_request_to_negotiate_again_is_declined_by_a_warning) {
  begin(false);
  say(record_type::handshake, "\1\0\0\0"sv);
  say(record_type::application_data, "goes on");
  EXPECT_EQ(receive().second, "goes on");
  EXPECT_EQ(hear(), (heard{record_type::alert, "\1\x64"}));
}

TEST_F(records_rules, rfc5246_7_2_a_warning_is_no_end_and_a_fatal_alert_is) {
  begin(false);
  say(record_type::alert, "\1\x5a"sv);
  say(record_type::application_data, "data");
  EXPECT_EQ(receive().second, "data");
  say(record_type::alert, "\2\x14"sv);
  EXPECT_EQ(receive().first, -EPROTO);
  EXPECT_EQ(over_.alert, 20);
}

TEST_F(records_rules, warnings_without_end_are_refused) {
  begin(false);
  for (int i = 0; i < 33; ++i)
    say(record_type::alert, "\1\x5a"sv);
  expect_refused(unexpected_message);
}

} // namespace
} // namespace perron::runtime::tls::detail
