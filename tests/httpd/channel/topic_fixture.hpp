// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "support/node_fixture.hpp"

#include <perron/httpd/channel/subscription.hpp>
#include <perron/httpd/channel/topics.hpp>
#include <perron/supervisors/supervisor.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace perron::testing {

/// What a batch brings, for comparing.
inline std::vector<std::string> data_of(const httpd::topic_batch_ptr& batch) {
  std::vector<std::string> out;
  if (batch)
    for (const auto& entry : batch->entries)
      out.emplace_back(entry->data());
  return out;
}
inline std::vector<std::string> joined_in(const httpd::topic_batch_ptr& batch) {
  std::vector<std::string> out;
  if (batch && batch->presence)
    for (const auto& member : batch->presence->joined)
      out.push_back(member.key);
  return out;
}

/// Topics in a supervisor, which a test runs with: `with_topics({...}, [](const topics& t) {...})`.
class topic_fixture : public node_fixture {
protected:
  using node_fixture::node_fixture;

  template <class F>
  void with_topics(const httpd::topic_options& how, F&& body) {
    with_topics(
        httpd::topics_options{
            .options_of = [how](const std::string&) -> runtime::result<httpd::topic_options> { return how; }},
        std::forward<F>(body));
  }
  template <class F>
  void with_topics(httpd::topics_options how, F&& body) {
    run([&] {
      const httpd::topics all("topics", std::move(how));
      const runtime::pid root =
          supervisors::start_supervisor({.reports = [](const auto&) {}}, {all.child()}).value();
      body(all);
      runtime::unlink(root);
      EXPECT_TRUE(supervisors::stop_supervisor(root));
    });
  }

  /// No times in tests: what is to happen at once has none of it, what is not to happen has an hour.
  static constexpr std::chrono::milliseconds at_once{0};
  static constexpr std::chrono::milliseconds never_in_this_test{3'600'000};

  static httpd::topic_receipt say(const httpd::topics& all, const std::string& what,
                                  httpd::topic_origin origin = {}) {
    return all.publish("t", what, std::move(origin)).value();
  }
  static httpd::topic_figures::reply figures(const httpd::topics& all) {
    return runtime::call(all.find("t").value(), httpd::topic_figures{}).value();
  }
  /// Ends the topic's process as a crash would, and waits for its end.
  static void crash(const httpd::topics& all) {
    const runtime::pid who = all.find("t").value();
    const auto ref = runtime::monitor(who);
    runtime::exit(who, runtime::exit_reason::custom("crashed by a test"));
    reason_of(ref);
  }
};

} // namespace perron::testing
