// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/report.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace perron::supervisors {
namespace {

report example() {
  report told;
  told.supervisor = runtime::pid(nullptr, 7);
  told.supervisor_name = "rooms";
  told.what = report::context::child_terminated;
  told.reason = {runtime::exit_reason::kind::exception, "no such room", "std::runtime_error"};
  told.offender = {runtime::pid(nullptr, 8), "lobby",           "chat::room", transient, false,
                   std::chrono::seconds(5),  child_type::worker};
  return told;
}

TEST(report_text, has_the_fields_of_otp_5_9) {
  EXPECT_EQ(to_text(example()), "supervisor <7> 'rooms': child_terminated\n"
                                "  reason    std::runtime_error: no such room\n"
                                "  offender  'lobby' <8>, worker, transient, shutdown 5000 ms\n"
                                "  start     chat::room");
}

TEST(report_text, leaves_out_what_there_is_not) {
  report told = example();
  told.supervisor_name.clear();
  told.offender.who = {};
  told.offender.significant = true;
  told.offender.shutdown = infinity;
  told.offender.type = child_type::supervisor;
  told.what = report::context::shutdown;
  told.reason = runtime::exit_reason::custom("reached_max_restart_intensity");
  EXPECT_EQ(to_text(told), "supervisor <7>: shutdown\n"
                           "  reason    reached_max_restart_intensity\n"
                           "  offender  'lobby', supervisor, transient, significant, shutdown infinity\n"
                           "  start     chat::room");
}

TEST(report_text, cannot_be_forged_by_a_peer) {
  report told = example();
  told.offender.id = "x\nsupervisor <1>: all is well\x1b[2J";
  EXPECT_NE(to_text(told).find("'x\\nsupervisor <1>: all is well\\x1b[2J'"), std::string::npos);
  told.reason = runtime::exit_reason::custom(std::string(100'000, 'a'));
  EXPECT_LT(to_text(told).size(), 5'000U);
}

TEST(report_text, tells_how_many_children_are_meant) {
  report told = example();
  told.offender.who = {};
  told.offender.nb_children = 3;
  EXPECT_NE(to_text(told).find("'lobby' (3 children), worker"), std::string::npos) << to_text(told);
}

TEST(report_json, has_the_fields_of_otp_5_9) {
  EXPECT_EQ(to_json(example()),
            R"({"supervisor":"<7>","name":"rooms","context":"child_terminated",)"
            R"("reason":"std::runtime_error: no such room","offender":{"id":"lobby","pid":"<8>",)"
            R"("start":"chat::room","restart_type":"transient","significant":false,"shutdown":"5000 ms",)"
            R"("child_type":"worker"}})");
}

TEST(report_json, leaves_out_what_there_is_not) {
  report told = example();
  told.supervisor_name.clear();
  told.what = report::context::progress;
  told.offender.nb_children = 2;
  told.offender.who = {};
  const std::string text = to_json(told);
  EXPECT_EQ(text.find("name"), std::string::npos) << text;
  EXPECT_EQ(text.find("reason"), std::string::npos) << text;
  EXPECT_EQ(text.find("pid"), std::string::npos) << text;
  EXPECT_NE(text.find(R"("nb_children":2)"), std::string::npos) << text;
}

TEST(report_json, is_one_line_whatever_a_peer_wrote) {
  report told = example();
  told.offender.id = "a\nb\xff\"}";
  const std::string text = to_json(told);
  EXPECT_EQ(text.find('\n'), std::string::npos);
  EXPECT_NE(text.find("\xEF\xBF\xBD\\\"}"), std::string::npos) << text;
}

} // namespace
} // namespace perron::supervisors
