// SPDX-License-Identifier: BSD-3-Clause
// What a configuration says about TLS, as clients of the real program find it.
#include "httpd/program/run_fixture.hpp"
#include "support/certificates.hpp"
#include "support/tls_wire.hpp"

#include <gmock/gmock.h>

namespace perron::testing {
namespace {

using ::testing::HasSubstr;

class assemble_tls_test : public run_fixture {
protected:
  void SetUp() override {
    write("one/index.html", "one");
    write("two/index.html", "two");
  }
  static certificate_plan plan(const std::string& name, const std::vector<std::string>& names) {
    certificate_plan out;
    out.common_name = name;
    out.names = names;
    return out;
  }
  static std::string keys(const certificate_paths& of) {
    return "certificate = \"" + of.certificate + "\"\nkey = \"" + of.key + "\"\n";
  }
  /// A listener with TLS, with `more` in its table; two sites with a certificate each.
  void use_two_sites(const std::string& more = {}) {
    configure("[[listener]]\nname = \"web\"\nlisten = \"127.0.0.1:0\"\n[listener.tls]\n" + more +
              "[[site]]\nnames = [\"one.test\"]\nroot = \"one\"\n" + keys(one_) +
              "[[site]]\nnames = [\"*.two.test\"]\nroot = \"two\"\n" + keys(two_));
  }
  /// Whose certificate a client that asks for this name is shown; empty: the handshake failed.
  std::string shown(const std::string& name, tls_wire_options options = {}) const {
    const raw_client c = client();
    options.server_name = name;
    const auto wire = tls_wire::shake_hands(c.descriptor(), options);
    return wire == nullptr ? std::string() : wire->server_subject();
  }
  std::string page(const std::string& name, tls_wire_options options = {}) const {
    options.server_name = name;
    return secure_client(port(), options).ask("GET / HTTP/1.1\r\nHost: " + name + "\r\n\r\n").body;
  }

  test_authority authority_;
  certificate_paths one_ = authority_.issue("one", plan("first", {"one.test"}));
  certificate_paths two_ = authority_.issue("two", plan("second", {"*.two.test"}));
};

TEST_F(assemble_tls_test, each_host_shows_its_own_certificate) {
  use_two_sites();
  start();
  EXPECT_EQ(shown("one.test"), "first");
  EXPECT_EQ(shown("a.two.test"), "second");
  EXPECT_EQ(page("one.test"), "one");
  EXPECT_EQ(page("a.two.test"), "two");
  EXPECT_EQ(stop(), 0);
}

TEST_F(assemble_tls_test, who_names_no_host_is_shown_that_of_the_first_site) {
  use_two_sites();
  start();
  EXPECT_EQ(shown(""), "first");
  EXPECT_EQ(shown("nobody.test"), "first");
  EXPECT_EQ(shown("two.test"), "first") << "the wildcard is for names below it";
  EXPECT_EQ(stop(), 0);
}

TEST_F(assemble_tls_test, or_that_of_the_listener) {
  use_two_sites(keys(authority_.issue("own", plan("listener", {"own.test"}))));
  start();
  EXPECT_EQ(shown(""), "listener");
  EXPECT_EQ(shown("nobody.test"), "listener");
  EXPECT_EQ(shown("a.two.test"), "second");
  EXPECT_EQ(stop(), 0);
}

TEST_F(assemble_tls_test, clients_must_show_a_certificate_where_it_is_required) {
  const certificate_paths ann = authority_.issue("ann", plan("ann", {"ann.test"}));
  use_two_sites("client = \"required\"\nclient_ca = \"" + authority_.certificate() + "\"\n");
  start();
  tls_wire_options with;
  with.certificate = ann.certificate;
  with.key = ann.key;
  EXPECT_EQ(page("one.test", with), "one");
  tls_wire_options without;
  without.only_1_2 = true; // where the handshake itself fails; in 1.3 what follows it does
  EXPECT_EQ(shown("one.test", without), "");
  test_authority other("Another");
  const certificate_paths eve = other.issue("eve", plan("eve", {"eve.test"}));
  with.certificate = eve.certificate;
  with.key = eve.key;
  with.only_1_2 = true;
  EXPECT_EQ(shown("one.test", with), "");
  EXPECT_EQ(stop(), 0);
}

TEST_F(assemble_tls_test, clients_need_not_where_it_is_optional) {
  use_two_sites("client = \"optional\"\nclient_ca = \"" + authority_.certificate() + "\"\n");
  start();
  EXPECT_EQ(page("one.test"), "one");
  EXPECT_EQ(stop(), 0);
}

TEST_F(assemble_tls_test, the_least_version_holds) {
  use_two_sites("min_version = \"1.3\"\n");
  start();
  tls_wire_options old;
  old.only_1_2 = true;
  EXPECT_EQ(shown("one.test", old), "");
  EXPECT_EQ(shown("one.test"), "first");
  EXPECT_EQ(stop(), 0);
}

TEST_F(assemble_tls_test, certificates_are_read_again_at_a_reload_and_sessions_go_on) {
  use_two_sites();
  start();
  raw_client kept = secure_client(port(), {.server_name = "one.test"});
  EXPECT_EQ(kept.get("/").body, "one");
  tls_wire_options again;
  {
    const raw_client c = client();
    auto wire = tls_wire::shake_hands(c.descriptor(), {.server_name = "one.test", .only_1_2 = true});
    ASSERT_NE(wire, nullptr);
    again.resume = wire->session();
    wire->say_goodbye(); // else OpenSSL takes the session for broken
  }
  authority_.issue("one", plan("renewed", {"one.test"}));
  EXPECT_EQ(shown("one.test"), "first") << "nobody has said that it is to be read";
  EXPECT_EQ(ask_control("POST", "/reload").status, 200);
  EXPECT_EQ(shown("one.test"), "renewed");
  EXPECT_EQ(shown("a.two.test"), "second");
  EXPECT_EQ(kept.get("/").body, "one");
  again.server_name = "one.test";
  again.only_1_2 = true;
  const raw_client c = client();
  const auto wire = tls_wire::shake_hands(c.descriptor(), again);
  ASSERT_NE(wire, nullptr);
  EXPECT_TRUE(wire->was_resumed());
  EXPECT_EQ(stop(), 0);
}

TEST_F(assemble_tls_test, a_certificate_that_cannot_be_used_leaves_all_as_it_was) {
  use_two_sites();
  start();
  std::ofstream(one_.certificate) << "no certificate\n";
  const answer done = ask_control("POST", "/reload");
  EXPECT_EQ(done.status, 422);
  EXPECT_THAT(done.body, HasSubstr("there is no certificate in " + one_.certificate));
  EXPECT_EQ(shown("one.test"), "first");
  EXPECT_EQ(stop(), 0);
}

} // namespace
} // namespace perron::testing
