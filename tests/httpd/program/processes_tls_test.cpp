// SPDX-License-Identifier: BSD-3-Clause
// The program as several processes, which speaks TLS.
#include "httpd/program/processes_run_fixture.hpp"
#include "support/certificates.hpp"
#include "support/tls_wire.hpp"

#include <memory>

namespace perron::testing {
namespace {

class processes_tls_test : public processes_fixture, public ::testing::WithParamInterface<bool> {
protected:
  void SetUp() override {
    processes_fixture::SetUp();
    const auto files = authority_.issue("server");
    configure("processes = " + std::to_string(nodes) +
              "\nworkers = 1\n[[listener]]\nlisten = \"127.0.0.1:0\"\ntls = { certificate = \"" +
              files.certificate + "\", key = \"" + files.key + "\" }\n[[site]]\nroot = \"one\"\n");
  }

  struct visit {
    raw_client client{};
    bool was_resumed = false;
    std::shared_ptr<::ssl_session_st> session{};
  };
  /// A connection with an answer.
  visit come(const std::shared_ptr<::ssl_session_st>& with = {}) const {
    visit out;
    if (!out.client.connect(port())) {
      ADD_FAILURE() << "nobody listens";
      return out;
    }
    auto wire = tls_wire::shake_hands(out.client.descriptor(), {.only_1_2 = GetParam(), .resume = with});
    if (wire == nullptr) {
      ADD_FAILURE() << "no handshake";
      return out;
    }
    tls_wire& its = *wire;
    out.client.speak_through(std::move(wire));
    EXPECT_EQ(out.client.get("/").body, "one");
    out.was_resumed = its.was_resumed();
    out.session = its.session();
    return out;
  }
  /// Each with that session, until every node has taken some.
  void resume_everywhere(const std::shared_ptr<::ssl_session_st>& session) {
    std::vector<visit> all;
    do
      for (int i = 0; i < 20; ++i) {
        all.push_back(come(session));
        EXPECT_TRUE(all.back().was_resumed);
      }
    while (!has_every_node_some());
  }

private:
  test_authority authority_;
};

TEST_P(processes_tls_test, a_session_is_resumed_at_any_node_and_after_each_was_started_again) {
  start();
  await_all();
  visit first = come();
  first.client.close(); // its node will be killed
  EXPECT_FALSE(first.was_resumed);
  ASSERT_NE(first.session, nullptr);
  resume_everywhere(first.session);
  for (unsigned node = 0; node < nodes; ++node) {
    kill_node(node);
    await_restart_of(node);
  }
  resume_everywhere(first.session);
  // what one of the new ones gives is good at the others too
  const visit later = come(first.session);
  ASSERT_NE(later.session, nullptr);
  resume_everywhere(later.session);
  EXPECT_EQ(ask_control("POST", "/reload").status, 200);
  resume_everywhere(first.session);
  EXPECT_EQ(stop(), 0) << running().logged();
}

INSTANTIATE_TEST_SUITE_P(tls, processes_tls_test, ::testing::Bool(),
                         [](const auto& its) { return its.param ? "v1_2" : "v1_3"; });

} // namespace
} // namespace perron::testing
