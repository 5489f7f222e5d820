// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/websocket/handshake.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace perron::httpd::rfc6455 {
namespace {

/// The handshake of RFC 6455 1.3, and what a test changes of it.
struct asked {
  std::vector<header_field> fields{
      {"Host", "server.example.com"},   {"Upgrade", "websocket"},
      {"Connection", "Upgrade"},        {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
      {"Origin", "http://example.com"}, {"Sec-WebSocket-Version", "13"}};
  std::string_view method = "GET";
  int minor_version = 1;
  std::vector<std::string> subprotocols{};
  std::vector<std::string> origins{};
  deflate_options deflate{};

  asked& with(std::string_view name, std::string_view value) {
    for (header_field& f : fields)
      if (f.name == name) {
        f.value = value;
        return *this;
      }
    return also(name, value);
  }
  asked& also(std::string_view name, std::string_view value) {
    fields.push_back({name, value});
    return *this;
  }
  asked& without(std::string_view name) {
    std::erase_if(fields, [&](const header_field& f) { return f.name == name; });
    return *this;
  }
  handshake_found look() const {
    return check_handshake({method, minor_version, header_view(fields)}, subprotocols, origins, deflate);
  }
  /// 101 if it is accepted.
  int status() const {
    const auto found = look();
    return found.answer ? 101 : found.refused.status;
  }
};

TEST(handshake, rfc6455_1_3_example) {
  EXPECT_EQ(accept_for("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  const auto found = asked().look();
  ASSERT_TRUE(found.answer);
  EXPECT_EQ(found.answer->accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_EQ(found.answer->subprotocol, "");
  EXPECT_FALSE(found.answer->deflate);
}

TEST(handshake, rfc6455_4_2_1_1_method_is_get_and_version_at_least_1_1) {
  asked post;
  post.method = "POST";
  EXPECT_EQ(post.status(), 405);
  asked old;
  old.minor_version = 0;
  EXPECT_EQ(old.status(), 426);
}
TEST(handshake, rfc6455_4_2_1_3_upgrade_has_websocket_in_any_case) {
  EXPECT_EQ(asked().without("Upgrade").status(), 426);
  EXPECT_EQ(asked().with("Upgrade", "h2c").status(), 426);
  EXPECT_EQ(asked().with("Upgrade", "h2c, WebSocket").status(), 101);
}
TEST(handshake, rfc6455_4_2_1_4_connection_has_upgrade_in_any_case) {
  EXPECT_EQ(asked().without("Connection").status(), 426);
  EXPECT_EQ(asked().with("Connection", "close").status(), 426);
  EXPECT_EQ(asked().with("Connection", "keep-alive, uPGRADE").status(), 101);
}
TEST(handshake, rfc6455_4_2_1_5_key_is_base64_of_16_bytes) {
  EXPECT_EQ(asked().without("Sec-WebSocket-Key").status(), 400);
  for (const char* const bad :
       {"", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ=a",
        "dGhlIHNhbXBsZSBub25jZS==A", "dGhlIHNhbXBs ZSBub25jZ==", "dGhlIHNhbXBsZSBub25jZWFiYw=="})
    EXPECT_EQ(asked().with("Sec-WebSocket-Key", bad).status(), 400) << bad;
}
TEST(handshake, rfc6455_11_3_1_key_comes_once) {
  EXPECT_EQ(asked().also("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==").status(), 400);
}
TEST(handshake, rfc6455_4_4_other_versions_get_426) {
  EXPECT_EQ(asked().without("Sec-WebSocket-Version").status(), 426);
  for (const char* const other : {"", "8", "14", "013", "13, 8"})
    EXPECT_EQ(asked().with("Sec-WebSocket-Version", other).status(), 426) << other;
}
TEST(handshake, rfc6455_11_3_5_version_comes_once) {
  EXPECT_EQ(asked().also("Sec-WebSocket-Version", "13").status(), 426);
}
TEST(handshake, rfc6455_9_1_malformed_extensions_fail_it) {
  EXPECT_EQ(asked().also("Sec-WebSocket-Extensions", "a;;b").status(), 400);
  EXPECT_EQ(asked().also("Sec-WebSocket-Extensions", "unknown; x=1").status(), 101);
}
TEST(handshake, body_is_refused) {
  EXPECT_EQ(asked().also("Content-Length", "0").status(), 101);
  EXPECT_EQ(asked().also("Content-Length", "5").status(), 400);
  EXPECT_EQ(asked().also("Transfer-Encoding", "chunked").status(), 400);
}

TEST(handshake, rfc6455_4_2_2_4_origins_not_wanted_get_403) {
  asked a;
  a.origins = {"https://example.com"};
  EXPECT_EQ(a.status(), 403);
  EXPECT_EQ(a.with("Origin", "https://example.com").status(), 101);
  EXPECT_EQ(a.with("Origin", "null").status(), 403);
  EXPECT_EQ(a.without("Origin").status(), 101) << "no browser";
}

TEST(handshake, rfc6455_4_2_2_5_subprotocol_is_the_first_of_the_clients_that_is_known) {
  asked a;
  a.subprotocols = {"chat", "superchat"};
  EXPECT_EQ(a.look().answer->subprotocol, "");
  a.also("Sec-WebSocket-Protocol", "soap, superchat").also("Sec-WebSocket-Protocol", "chat");
  EXPECT_EQ(a.look().answer->subprotocol, "superchat");
  a.subprotocols = {"Chat"};
  EXPECT_EQ(a.look().answer->subprotocol, "") << "names have their case";
}

TEST(handshake, rfc6455_4_2_2_6_extension_is_answered_only_if_agreed_on) {
  asked a;
  a.also("Sec-WebSocket-Extensions", "permessage-deflate");
  EXPECT_FALSE(a.look().answer->deflate);
  a.deflate.on = true;
  EXPECT_TRUE(a.look().answer->deflate);
}

} // namespace
} // namespace perron::httpd::rfc6455
