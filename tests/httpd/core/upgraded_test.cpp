// SPDX-License-Identifier: BSD-3-Clause
// What upgraded connections have for processes that hibernate: reminders, and a label in the list.
#include <perron/httpd/core/upgraded.hpp>

#include "httpd/server_fixture.hpp"

#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>

#include <chrono>
#include <utility>

namespace perron::httpd::core {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;

class upgraded_test : public server_fixture {
protected:
  raw_client upgraded_client(handler answer) {
    serve(router().get("/long/path", std::move(answer)));
    raw_client c = client();
    EXPECT_EQ(c.get("/long/path?n=1", "Upgrade: test\r\nConnection: upgrade\r\n").status, 101);
    return c;
  }
};

TEST_F(upgraded_test, reminds_once_for_each_time_it_is_asked) {
  raw_client c = upgraded_client([](request& r) {
    duplex d = r.upgrade("test");
    for (const char* const word : {"one ", "two "}) {
      d.remind(1ms);
      runtime::receive_one<reminder>();
      d.write(word);
    }
    return d.end();
  });
  EXPECT_EQ(c.read_to_end(), "one two ");
}

TEST_F(upgraded_test, later_reminder_replaces_one_that_has_not_come) {
  raw_client c = upgraded_client([](request& r) {
    duplex d = r.upgrade("test");
    d.remind(1h);
    d.remind(1ms);
    runtime::receive_one<reminder>();
    d.write("reminded");
    return d.end();
  });
  EXPECT_EQ(c.read_to_end(), "reminded");
}

TEST_F(upgraded_test, reminder_wakes_a_process_that_hibernates) {
  raw_client c = upgraded_client([](request& r) -> response {
    duplex d = r.upgrade("test");
    d.remind(1ms);
    runtime::hibernate([d = std::move(d)]() mutable {
      runtime::receive_one<reminder>();
      d.write("woken");
      d.end();
    });
  });
  EXPECT_EQ(c.read_to_end(), "woken");
}

TEST_F(upgraded_test, process_that_hibernates_is_listed_with_what_it_was_asked) {
  outcome_queue<runtime::pid> who;
  raw_client c = upgraded_client([&](request& r) -> response {
    duplex d = r.upgrade("test");
    who.put(runtime::self());
    d.notify();
    runtime::hibernate([d = std::move(d)]() mutable {
      runtime::receive_one<readable>();
      d.end();
    });
  });
  const runtime::pid p = who.take().value();
  run([&] {
    yield_until([&] { return p.slot()->state.load() == runtime::core::process_state::hibernating; });
    const auto page = supervisors::which_requests(server().who).value();
    ASSERT_EQ(page.requests.size(), 1U);
    EXPECT_EQ(page.requests[0].label, "GET /long/path?n=1");
  });
  c.send("x");
  EXPECT_EQ(c.read_to_end(), "");
}

} // namespace
} // namespace perron::httpd::core
