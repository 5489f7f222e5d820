// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/rules/htpasswd.hpp>

#include "httpd/rules/temporary_folder.hpp"
#include "support/node_fixture.hpp"

#include <perron/httpd/rules/password_hash.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace perron::testing {
namespace {

using namespace httpd;

/// As Apache's htpasswd made them; the password is "secret" where nothing else is said.
constexpr std::string_view made_by_htpasswd =
    "# a comment\n"
    "\n"
    "bcrypt:$2y$05$TfTSC.JOYgoSyDwPp4Uzeu6yg9ij6CIU/4vKVLzpKoxekk9feS3y6\n"
    "apr1:$apr1$x5OgNxXt$Q9aAF8vsiVk0fuWZIxotn1\r\n"
    "sha:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n"
    "sha256:$5$HXktP3Ery05qYsOn$35HMh6yOmv4NRm4s.T85LlnR1rryNYDoH8wOB0spEz5\n"
    "  sha512:$6$hBlpIXtC3txes2Il$q3VzXvh.tm/y.OHj.BT9U8jpFMSHQgPyMR1ZNUTZLYgLblrd9EdgAso/"
    "GOi10f5wxj4BiStZdxzRdzIQW/Eeu.\n"
    "long:$apr1$kGB6nuxx$Ekh3H.nqSDEH7C3eFIha3/:comment\n"
    "none:$apr1$.2c60zd.$G0bB5plr4FFi7OXshBPzk/";

TEST(htpasswd_file, every_kind_of_hash_is_checked) {
  const auto users = htpasswd::of(made_by_htpasswd).value();
  for (const char* user : {"bcrypt", "apr1", "sha", "sha256", "sha512"}) {
    EXPECT_TRUE(users->verify(user, "secret")) << user;
    EXPECT_TRUE(users->verify(user, "secret")) << user << ", remembered";
    EXPECT_FALSE(users->verify(user, "Secret")) << user;
    EXPECT_FALSE(users->verify(user, "")) << user;
    EXPECT_FALSE(users->verify(user, "secre")) << user;
    EXPECT_FALSE(users->verify(user, std::string_view("secret\0", 7))) << user;
  }
  EXPECT_TRUE(users->verify("long", "a password that is longer than sixteen bytes"));
  EXPECT_TRUE(users->verify("none", ""));
  EXPECT_FALSE(users->verify("nobody", "secret"));
  EXPECT_FALSE(users->verify("", "secret"));
  EXPECT_FALSE(users->verify("BCRYPT", "secret"));
  EXPECT_FALSE(users->verify("# a comment", ""));
  EXPECT_FALSE(users->verify("long", std::string(100'000, 'x')));
}

TEST(htpasswd_file, unknown_users_have_no_password_at_all) {
  const auto users = htpasswd::of("a:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=").value();
  EXPECT_FALSE(users->verify("b", "secret")) << "though it is what the hash is compared with";
  EXPECT_FALSE(htpasswd::of("").value()->verify("a", ""));
}

TEST(htpasswd_file, bad_lines_are_named) {
  for (const char* line :
       {"alice", ":hash", "alice:", "alice:plain", "alice:$apr1$x", "alice:$2y$05$short", "alice:{SHA}x",
        "alice:rl.3StKT.4T8M", "alice:$1$abcdefgh$MgWcALXH6GdKt4lgu3JCA/", "alice:$6$salt",
        "alice:$2y$05$TfTSC.JOYgoSyDwPp4Uzeu6yg9ij6CIU/4vKVLzpKoxekk9 eS3y6"}) {
    const auto users = htpasswd::of("# x\n" + std::string(line) + "\n");
    ASSERT_FALSE(users) << line;
    EXPECT_EQ(users.error().text.substr(0, 7), "line 2 ") << line;
  }
}

TEST(htpasswd_file, a_file_that_is_not_there_is_an_error) {
  const temporary_folder folder;
  const auto none = htpasswd::open(folder.file("none"));
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().code, 0);
  const auto bad = htpasswd::open(folder.write("bad", "x"));
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().text.find("bad: line 1"), std::string::npos) << bad.error().text;
}

class htpasswd_in_process : public node_fixture {};

TEST_F(htpasswd_in_process, a_file_that_changes_is_read_again) {
  const temporary_folder folder;
  const std::string file = folder.write("users", "alice:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n");
  run([&] {
    const auto users = htpasswd::open(file).value();
    EXPECT_TRUE(users->verify("alice", "secret"));
    folder.write("users", "bob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n");
    yield_until([&] { return users->verify("bob", "secret"); });
    EXPECT_FALSE(users->verify("alice", "secret")) << "what was remembered was of the old file";
    folder.write("users", "this is none\n");
    folder.write("good", "x");
    EXPECT_TRUE(users->verify("bob", "secret"));
  });
}

TEST(password_hash, faults_say_what_would_be_right) {
  EXPECT_EQ(core::find_hash_fault("$apr1$x5OgNxXt$Q9aAF8vsiVk0fuWZIxotn1"), nullptr);
  EXPECT_NE(std::string(core::find_hash_fault("secret")).find("htpasswd -B"), std::string::npos);
}

} // namespace
} // namespace perron::testing
