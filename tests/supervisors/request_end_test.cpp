// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/request_end.hpp>

#include <gtest/gtest.h>

#include <string>

namespace perron::supervisors {
namespace {

using runtime::exit_reason;

TEST(request_end_test, each_reason_is_of_one_kind) {
  struct row {
    exit_reason why;
    request_end usually;
    request_end draining;
  };
  const row table[] = {
      {exit_reason::normal(), request_end::normal, request_end::normal},
      {exit_reason::kind::exception, request_end::crashed, request_end::crashed},
      {exit_reason::kind::terminated, request_end::crashed, request_end::crashed},
      {exit_reason::noproc(), request_end::crashed, request_end::crashed},
      {exit_reason::custom("no room"), request_end::crashed, request_end::crashed},
      {exit_reason::client_gone(), request_end::client_gone, request_end::client_gone},
      {slow_reader(), request_end::slow_reader, request_end::slow_reader},
      {over_deadline(), request_end::deadline, request_end::deadline},
      {exit_reason::shutdown(), request_end::killed, request_end::drained},
      {exit_reason::shutdown("for a reason"), request_end::killed, request_end::drained},
      {exit_reason::kill(), request_end::killed, request_end::drained},
      {exit_reason::killed(), request_end::killed, request_end::drained},
  };
  for (const row& each : table) {
    EXPECT_EQ(request_end_of(each.why, false), each.usually) << each.why.to_string();
    EXPECT_EQ(request_end_of(each.why, true), each.draining) << each.why.to_string();
  }
}

TEST(request_end_test, its_own_reasons_are_no_crashes) {
  EXPECT_EQ(slow_reader().what(), exit_reason::kind::client_gone);
  EXPECT_EQ(slow_reader().to_string(), "client_gone: slow_reader");
  EXPECT_TRUE(over_deadline().orderly());
  EXPECT_EQ(over_deadline().to_string(), "shutdown: deadline");
}

TEST(request_end_test, kinds_have_names) {
  std::string all;
  for (std::size_t i = 0; i < request_end_kinds; ++i)
    all += std::string(to_string(static_cast<request_end>(i))) + ' ';
  EXPECT_EQ(all, "normal crashed client_gone slow_reader deadline drained killed ");
}

} // namespace
} // namespace perron::supervisors
