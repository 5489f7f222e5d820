// SPDX-License-Identifier: BSD-3-Clause
//
// How a topic begins by what the nodes answer, with a link that is the test's.
#include "support/node_fixture.hpp"

#include <perron/httpd/channel/siblings/peers.hpp>
#include <perron/runtime/call.hpp>
#include <perron/runtime/group.hpp>
#include <perron/runtime/message.hpp>
#include <perron/runtime/report/crash_report.hpp>
#include <perron/supervisors/siblings/link.hpp>
#include <perron/supervisors/siblings/membership.hpp>
#include <perron/supervisors/siblings/outlet.hpp>

#include <gmock/gmock.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace perron::testing {
namespace {

using siblings::reply;
using ::testing::HasSubstr;

/// Node 0 of two, as topics see it.
class topic_beginning : public node_fixture {
protected:
  void SetUp() override {
    siblings::core::mine() = {.self = 0, .count = 2, .incarnation = 0};
    node_fixture::SetUp();
    node().crash_reports().set_sink([](const runtime::crash_report&, const std::string&) {});
  }
  void TearDown() override {
    node_fixture::TearDown();
    siblings::core::mine() = {};
  }

  /// How a process ends that begins a topic, finds nothing of it and is content, where the nodes answer so.
  static runtime::exit_reason reason_of_founding(std::vector<reply> nodes_say) {
    const runtime::pid outlet =
        runtime::spawn({.name = std::string(siblings::core::outlet_name)}, [] { give_news(); });
    const runtime::pid link = runtime::spawn({.name = std::string(siblings::core::link_name)},
                                             [all = std::move(nodes_say)] { answer_with(all); });
    runtime::exit_reason why = reason_of_running([] {
      httpd::topic_peers begins("topics/test", "t", false);
      EXPECT_FALSE(begins.take_up());
    });
    for (const runtime::pid each : {outlet, link}) {
      const auto ref = runtime::monitor(each);
      runtime::exit(each, runtime::exit_reason::shutdown());
      reason_of(ref);
    }
    return why;
  }

private:
  static void give_news() {
    for (std::uint64_t number = 1;; ++number)
      runtime::receive([&](siblings::core::outgoing o) {
        for (const runtime::pid each :
             runtime::group_members(siblings::core::subscribers_group(o.what.topic)))
          runtime::send(each, siblings::news{o.what.topic, o.what.bytes, 0, number});
      });
  }
  static void answer_with(const std::vector<reply>& all) {
    for (;;)
      runtime::receive(
          [](siblings::core::snapshot_wanted s) {
            runtime::send(s.by, siblings::node_change{0, true});
          },
          [&](const runtime::caller& who, const siblings::core::ask_request&) { runtime::reply(who, all); });
  }
};

reply no(unsigned node) { return {node, std::string("0")}; }
reply fails(unsigned node, int code) { return {node, runtime::error{"cannot be asked", code}}; }

TEST_F(topic_beginning, founds_what_nobody_has) {
  run([] { EXPECT_EQ(reason_of_founding({no(0), no(1)}), runtime::exit_reason::normal()); });
}

TEST_F(topic_beginning, founds_where_the_other_is_away) {
  run([] {
    EXPECT_EQ(reason_of_founding({no(0), fails(1, ENOTCONN)}), runtime::exit_reason::normal());
    EXPECT_EQ(reason_of_founding({no(0), fails(1, ENOENT)}), runtime::exit_reason::normal());
  });
}

TEST_F(topic_beginning, founds_nothing_where_the_other_may_have_it) {
  run([] {
    EXPECT_THAT(reason_of_founding({no(0), fails(1, ETIMEDOUT)}).to_string(), HasSubstr("node 1:"));
  });
}

/// As it is where the link to the others is gone while the node ends.
TEST_F(topic_beginning, founds_nothing_where_not_even_its_own_node_can_be_asked) {
  run([] {
    EXPECT_THAT(reason_of_founding({fails(0, ENOTCONN), fails(1, ENOTCONN)}).to_string(),
                HasSubstr("node 0:"));
  });
}

} // namespace
} // namespace perron::testing
