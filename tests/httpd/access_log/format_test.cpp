// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/access_log/format.hpp>

#include <perron/runtime/tls/session_info.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <array>
#include <ctime>
#include <memory>
#include <string>

namespace perron::httpd {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// A request that has everything; local time is UTC.
class access_format_test : public ::testing::Test {
protected:
  access_format_test() {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    record_.worker = 3;
    record_.peer = &peer_;
    record_.method = "GET";
    record_.target = "/a?b=1";
    record_.host = "example.org:8080";
    record_.headers = header_view(fields_);
    record_.status = 200;
    record_.body_bytes = 1234;
    record_.time = std::chrono::system_clock::time_point(1'795'719'600'007ms);
    record_.duration = 2'034'567'891ns;
  }

  std::string line(std::string_view format) const {
    auto parsed = access_format::parse(format);
    if (!parsed)
      return "error: " + parsed.error().text;
    std::string out;
    parsed->write(out, record_);
    return out;
  }

  const ip_address peer_ = ip_address::parse("192.0.2.7").value();
  std::array<header_field, 4> fields_{
      header_field{"User-Agent", "me \"and\" you"}, header_field{"Referer", "http://other.example/"},
      header_field{"X-Real_Name", "x"}, header_field{"Authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}};
  access_record record_;
};

TEST_F(access_format_test, common) {
  EXPECT_EQ(line("common"),
            "192.0.2.7 - Aladdin [26/Nov/2026:19:00:00 +0000] \"GET /a?b=1 HTTP/1.1\" 200 1234\n");
}

TEST_F(access_format_test, combined) {
  EXPECT_EQ(line("combined"),
            "192.0.2.7 - Aladdin [26/Nov/2026:19:00:00 +0000] \"GET /a?b=1 HTTP/1.1\" 200 1234 "
            "\"http://other.example/\" \"me \\x22and\\x22 you\"\n");
}

TEST_F(access_format_test, empty_values_are_dashes) {
  record_.headers = {};
  record_.peer = nullptr;
  EXPECT_EQ(line("combined"),
            "unix: - - [26/Nov/2026:19:00:00 +0000] \"GET /a?b=1 HTTP/1.1\" 200 1234 \"-\" \"-\"\n");
}

TEST_F(access_format_test, json_is_one_object_a_line) {
  const std::string text = line("json");
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  const auto j = nlohmann::json::parse(text);
  EXPECT_EQ(j, nlohmann::json({{"time", "2026-11-26T19:00:00.007Z"},
                               {"remote_addr", "192.0.2.7"},
                               {"remote_user", "Aladdin"},
                               {"method", "GET"},
                               {"target", "/a?b=1"},
                               {"protocol", "HTTP/1.1"},
                               {"host", "example.org:8080"},
                               {"status", 200},
                               {"bytes", 1234},
                               {"seconds", 2.034567},
                               {"end", "normal"},
                               {"referer", "http://other.example/"},
                               {"user_agent", "me \"and\" you"}}));
}

TEST_F(access_format_test, a_refused_head_is_its_first_line) {
  access_record refused;
  refused.peer = &peer_;
  refused.first_line = "GET /\x01\"";
  refused.refused = true;
  refused.status = 400;
  record_ = refused;
  EXPECT_EQ(line("$request|$request_method|$server_protocol|$end|$host"), "GET /\\x01\\x22|-|-|refused|-\n");
  const auto j = nlohmann::json::parse(line("json"));
  EXPECT_EQ(j.at("request"), "GET /\x01\"");
  EXPECT_EQ(j.count("method") + j.count("target") + j.count("protocol"), 0U);
  record_.first_line = {};
  EXPECT_EQ(line("$request"), "-\n");
}

TEST_F(access_format_test, every_variable_of_the_table) {
  const std::array<std::pair<std::string_view, std::string_view>, 26> wanted{{
      {"remote_addr", "192.0.2.7"},
      {"remote_user", "Aladdin"},
      {"user", "-"},
      {"time_local", "26/Nov/2026:19:00:00 +0000"},
      {"time_iso8601", "2026-11-26T19:00:00.007Z"},
      {"msec", "1795719600.007"},
      {"request", "GET /a?b=1 HTTP/1.1"},
      {"request_method", "GET"},
      {"request_uri", "/a?b=1"},
      {"uri", "/a"},
      {"args", "b=1"},
      {"server_protocol", "HTTP/1.1"},
      {"host", "example.org:8080"},
      {"status", "200"},
      {"body_bytes_sent", "1234"},
      {"request_time", "2.034"},
      {"request_time_us", "2034567"},
      {"end", "normal"},
      {"upgraded", "0"},
      {"worker", "3"},
      {"scheme", "http"},
      {"ssl_protocol", "-"},
      {"ssl_cipher", "-"},
      {"ssl_server_name", "-"},
      {"ssl_session_reused", "-"},
      {"ssl_client_s_dn", "-"},
  }};
  ASSERT_EQ(access_variables().size(), wanted.size());
  for (const auto& [name, value] : wanted) {
    EXPECT_EQ(line("<$" + std::string(name) + ">"), "<" + std::string(value) + ">\n");
    EXPECT_EQ(line("${" + std::string(name) + "}s"), std::string(value) + "s\n");
  }
  for (const access_variable& v : access_variables())
    EXPECT_FALSE(v.what.empty()) << v.name;
}

TEST_F(access_format_test, what_tls_has_agreed_on) {
  runtime::tls::session_info tls;
  tls.version = "TLSv1.3";
  tls.cipher = "TLS_AES_128_GCM_SHA256";
  tls.server_name = "example.org";
  record_.tls = &tls;
  const std::string all =
      "$scheme $ssl_protocol $ssl_cipher $ssl_server_name $ssl_session_reused $ssl_client_s_dn";
  EXPECT_EQ(line(all), "https TLSv1.3 TLS_AES_128_GCM_SHA256 example.org . -\n");
  tls.resumed = true;
  runtime::tls::peer_certificate peer;
  peer.subject = "CN=\"me\"";
  tls.peer = std::make_unique<const runtime::tls::peer_certificate>(std::move(peer));
  EXPECT_EQ(line("$ssl_session_reused $ssl_client_s_dn"), "r CN=\\x22me\\x22\n");
  EXPECT_EQ(nlohmann::json::parse(line("json")).at("tls"), "TLSv1.3");
}

TEST_F(access_format_test, any_field_of_the_request) {
  EXPECT_EQ(line("$http_referer"), "http://other.example/\n");
  EXPECT_EQ(line("$http_USER_agent;"), "me \\x22and\\x22 you;\n");
  EXPECT_EQ(line("${http_none}$$"), "-$\n");
}

TEST_F(access_format_test, who_left_before_the_answer_has_status_499) {
  record_.status = 0;
  record_.how = supervisors::request_end::client_gone;
  EXPECT_EQ(line("$status $end"), "499 client_gone\n");
}

TEST_F(access_format_test, who_was_let_in_counts_more_than_what_was_sent) {
  EXPECT_EQ(line("$user $remote_user"), "- Aladdin\n");
  record_.user = "ali\nbaba";
  EXPECT_EQ(line("$user $remote_user"), "ali\\x0Ababa ali\\x0Ababa\n");
}

TEST_F(access_format_test, rfc7617_2_the_user_is_what_is_before_the_colon) {
  const auto user = [&](std::string_view authorization) {
    fields_[3].value = authorization;
    return line("$remote_user");
  };
  EXPECT_EQ(user("basic dTpwOng="), "u\n");
  EXPECT_EQ(user("Basic   dTpw"), "u\n");
  EXPECT_EQ(user("Basic dQ=="), "u\n");
  EXPECT_EQ(user("Basic IgpyOng="), "\\x22\\x0Ar\n");
  for (const std::string_view none :
       {"", "Basic", "Basic ", "Basic OnB3", "Basic ?", "Bearer dTpw", "Basicx dTpw"})
    EXPECT_EQ(user(none), "-\n") << none;
}

TEST_F(access_format_test, mistakes_are_told_when_it_is_read) {
  EXPECT_THAT(line("$remote_adr $status"), HasSubstr("no variable '$remote_adr'; there are remote_addr, "));
  EXPECT_THAT(line("cmmon"), HasSubstr("'cmmon' is neither common, combined nor json"));
  EXPECT_THAT(line(""), HasSubstr("neither"));
  EXPECT_THAT(line("$$"), HasSubstr("neither"));
  EXPECT_THAT(line("a ${status"), HasSubstr("'${' without '}' at byte 2"));
  EXPECT_THAT(line("$status\n"), HasSubstr("control character at byte 7"));
  EXPECT_THAT(line("$status $"), HasSubstr("no variable '$'"));
  EXPECT_THAT(line("$status ${}"), HasSubstr("no variable '$'"));
  EXPECT_THAT(line("$http_"), HasSubstr("no variable '$http_'"));
}

} // namespace
} // namespace perron::httpd
