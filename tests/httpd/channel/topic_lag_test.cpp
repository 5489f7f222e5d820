// SPDX-License-Identifier: BSD-3-Clause
// Subscribers that are too slow for the history, by policy.
#include "httpd/channel/topic_fixture.hpp"

#include <string>
#include <vector>

namespace perron::httpd {
namespace {

using namespace perron::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class topic_lag_test : public topic_fixture {
protected:
  struct go_on {};
  using entries = std::vector<std::string>;

  /// A process that subscribes, takes its first news, tells its parent, and does not ask for more before it
  /// is told to; then it sends on what it gets.
  static runtime::monitored slow_reader(const topics& all, lag_policy policy) {
    const auto made = runtime::spawn_monitor([=, parent = runtime::self()] {
      subscription s(all, "t", {.when_slow = policy});
      s.next();
      runtime::send(parent, runtime::self());
      runtime::receive_one<go_on>();
      for (;;)
        runtime::send(parent, data_of(s.next()));
    });
    runtime::receive_one<runtime::pid>();
    return made;
  }
  static void publish_by_mail(const topics& all, int from, int to) {
    const runtime::pid t = all.find("t").value();
    for (int i = from; i <= to; ++i)
      runtime::send(
          t, topic_publish_mail{runtime::self(), static_cast<std::uint64_t>(i), {std::to_string(i), {}}});
  }
};

TEST_F(topic_lag_test, drop_oldest_tells_of_the_gap_and_goes_on) {
  with_topics(topic_options{.most_entries = 3}, [](const topics& all) {
    subscription s(all, "t");
    s.next();
    for (int i = 1; i <= 5; ++i)
      say(all, std::to_string(i));
    const auto batch = s.next();
    EXPECT_TRUE(batch->gap);
    EXPECT_EQ(batch->missed, 2U);
    EXPECT_THAT(data_of(batch), ElementsAre("3", "4", "5"));
    say(all, "6");
    const auto next = s.next();
    EXPECT_FALSE(next->gap);
    EXPECT_THAT(data_of(next), ElementsAre("6"));
  });
}

TEST_F(topic_lag_test, drop_oldest_loses_nothing_that_is_still_there) {
  with_topics(topic_options{.most_entries = 3}, [](const topics& all) {
    subscription s(all, "t");
    s.next();
    for (int i = 1; i <= 3; ++i)
      say(all, std::to_string(i));
    const auto batch = s.next();
    EXPECT_FALSE(batch->gap);
    EXPECT_THAT(data_of(batch), ElementsAre("1", "2", "3"));
  });
}

TEST_F(topic_lag_test, who_comes_back_too_late_is_told_how_much_it_missed) {
  with_topics(topic_options{.most_entries = 2}, [](const topics& all) {
    const auto at = say(all, "1").at;
    for (int i = 2; i <= 6; ++i)
      say(all, std::to_string(i));
    for (const lag_policy policy : {lag_policy::drop_oldest, lag_policy::disconnect, lag_policy::wait}) {
      subscription s(all, "t", {.from = {.behind = at}, .when_slow = policy});
      const auto batch = s.next();
      EXPECT_TRUE(batch->gap);
      EXPECT_EQ(batch->missed, 3U);
      EXPECT_THAT(data_of(batch), ElementsAre("5", "6"));
    }
  });
}

TEST_F(topic_lag_test, disconnect_ends_it_with_its_own_cause_when_the_first_entry_is_lost) {
  with_topics(topic_options{.most_entries = 2}, [](const topics& all) {
    const auto slow = slow_reader(all, lag_policy::disconnect);
    say(all, "1");
    say(all, "2");
    EXPECT_EQ(figures(all).subscribers, 1U);
    say(all, "3");
    EXPECT_EQ(reason_of(slow.ref), runtime::exit_reason::custom("fell behind topic t"));
    EXPECT_EQ(figures(all).subscribers, 0U);
  });
}

TEST_F(topic_lag_test, disconnect_leaves_those_who_keep_up) {
  with_topics(topic_options{.most_entries = 2}, [](const topics& all) {
    const auto slow = slow_reader(all, lag_policy::disconnect);
    subscription quick(all, "t", {.when_slow = lag_policy::disconnect});
    quick.next();
    for (const char* data : {"1", "2", "3", "4", "5", "6"}) {
      say(all, data);
      EXPECT_THAT(data_of(quick.next()), ElementsAre(data));
    }
    EXPECT_THAT(reason_of(slow.ref).to_string(), HasSubstr("fell behind"));
    EXPECT_EQ(figures(all).subscribers, 1U);
  });
}

TEST_F(topic_lag_test, wait_makes_publishers_wait_until_the_slow_one_has_caught_up) {
  with_topics(topic_options{.most_entries = 2, .wait_time = never_in_this_test}, [](const topics& all) {
    const auto slow = slow_reader(all, lag_policy::wait);
    publish_by_mail(all, 1, 5);
    EXPECT_EQ(figures(all).held, 3U) << "two are in the history, the others wait";
    EXPECT_EQ(figures(all).newest.id, 2U);
    runtime::send(slow.who, go_on{});
    entries got;
    while (got.size() < 5) {
      const auto part = runtime::receive_one<entries>();
      got.insert(got.end(), part.begin(), part.end());
    }
    EXPECT_THAT(got, ElementsAre("1", "2", "3", "4", "5"));
    for (std::uint64_t i = 1; i <= 5; ++i)
      EXPECT_EQ(runtime::receive_one<topic_receipt>().at.id, i);
    EXPECT_EQ(figures(all).held, 0U);
    runtime::exit(slow.who, runtime::exit_reason::shutdown());
    reason_of(slow.ref);
  });
}

TEST_F(topic_lag_test, wait_ends_for_publishers_when_the_slow_one_dies) {
  with_topics(topic_options{.most_entries = 1, .wait_time = never_in_this_test}, [](const topics& all) {
    const auto slow = slow_reader(all, lag_policy::wait);
    publish_by_mail(all, 1, 3);
    EXPECT_EQ(figures(all).held, 2U);
    runtime::exit(slow.who, runtime::exit_reason::shutdown());
    for (std::uint64_t i = 1; i <= 3; ++i)
      EXPECT_EQ(runtime::receive_one<topic_receipt>().at.id, i);
    reason_of(slow.ref);
  });
}

TEST_F(topic_lag_test, wait_is_bounded_by_a_time_after_which_the_slow_one_is_disconnected) {
  with_topics(topic_options{.most_entries = 1, .wait_time = at_once}, [](const topics& all) {
    const auto slow = slow_reader(all, lag_policy::wait);
    publish_by_mail(all, 1, 3);
    for (std::uint64_t i = 1; i <= 3; ++i)
      EXPECT_EQ(runtime::receive_one<topic_receipt>().at.id, i);
    EXPECT_EQ(reason_of(slow.ref), runtime::exit_reason::custom("fell behind topic t"));
  });
}

TEST_F(topic_lag_test, publishers_that_wait_are_bounded_as_well) {
  with_topics(topic_options{.most_entries = 1, .wait_time = never_in_this_test, .most_held = 2},
              [](const topics& all) {
                const auto slow = slow_reader(all, lag_policy::wait);
                publish_by_mail(all, 1, 4);
                EXPECT_EQ(runtime::receive_one<topic_receipt>().tag, 1U);
                const auto refused = runtime::receive_one<topic_receipt>();
                EXPECT_EQ(refused.tag, 4U);
                EXPECT_TRUE(refused.later);
                EXPECT_FALSE(refused.refused.empty());
                runtime::exit(slow.who, runtime::exit_reason::shutdown());
                reason_of(slow.ref);
              });
}

TEST_F(topic_lag_test, nobody_waits_for_subscribers_of_another_policy) {
  with_topics(topic_options{.most_entries = 1, .wait_time = never_in_this_test}, [](const topics& all) {
    const auto slow = slow_reader(all, lag_policy::drop_oldest);
    for (int i = 1; i <= 5; ++i)
      say(all, std::to_string(i));
    runtime::send(slow.who, go_on{});
    EXPECT_THAT(runtime::receive_one<entries>(), ElementsAre("5"));
    runtime::exit(slow.who, runtime::exit_reason::shutdown());
    reason_of(slow.ref);
  });
}

} // namespace
} // namespace perron::httpd
