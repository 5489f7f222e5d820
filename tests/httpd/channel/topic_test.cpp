// SPDX-License-Identifier: BSD-3-Clause
// What topics do for subscribers and publishers; the policies for slow ones are in topic_lag_test.cpp.
#include <perron/httpd/channel/topic.hpp>

#include "httpd/channel/topic_fixture.hpp"

#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace perron::httpd {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class topic_test : public topic_fixture {};

// -- cursors

TEST_F(topic_test, a_subscription_begins_with_its_place_and_goes_on_with_what_comes) {
  with_topics(topic_options{}, [](const topics& all) {
    say(all, "1");
    subscription s(all, "t");
    const auto first = s.next();
    ASSERT_TRUE(first);
    EXPECT_THAT(first->entries, IsEmpty());
    EXPECT_FALSE(first->gap);
    EXPECT_EQ(s.cursor().id, 1U);
    say(all, "2");
    EXPECT_THAT(data_of(s.next()), ElementsAre("2"));
    say(all, "3");
    say(all, "4");
    EXPECT_THAT(data_of(s.next()), ElementsAre("3", "4"));
    EXPECT_EQ(s.next(0ms), nullptr);
  });
}

TEST_F(topic_test, a_subscription_may_begin_with_the_newest_entries) {
  with_topics(topic_options{}, [](const topics& all) {
    for (const char* data : {"1", "2", "3"})
      say(all, data);
    EXPECT_THAT(data_of(subscription(all, "t", {.from = {.replay = 2}}).next()), ElementsAre("2", "3"));
    EXPECT_THAT(data_of(subscription(all, "t", {.from = {.replay = 99}}).next()), ElementsAre("1", "2", "3"));
  });
}

TEST_F(topic_test, a_subscription_goes_on_behind_any_cursor) {
  with_topics(topic_options{}, [](const topics& all) {
    const topic_cursor newest = [&] {
      for (const char* data : {"1", "2", "3"})
        say(all, data);
      return figures(all).newest;
    }();
    for (std::uint64_t id = 0; id <= 3; ++id) {
      subscription s(all, "t", {.from = {.behind = {newest.epoch, id}}});
      const auto batch = s.next();
      EXPECT_THAT(batch->entries, SizeIs(3 - id));
      EXPECT_FALSE(batch->gap);
      EXPECT_EQ(s.cursor(), newest);
    }
  });
}

TEST_F(topic_test, a_cursor_of_another_history_is_told_apart) {
  with_topics(topic_options{}, [](const topics& all) {
    say(all, "1");
    const topic_cursor newest = figures(all).newest;
    subscription s(all, "t", {.from = {.behind = {newest.epoch ^ 1, 1}}});
    const auto batch = s.next();
    EXPECT_TRUE(batch->gap);
    EXPECT_EQ(batch->missed, std::nullopt);
    EXPECT_THAT(data_of(batch), ElementsAre("1"));
  });
}

TEST_F(topic_test, a_cursor_behind_the_end_is_a_gap_and_not_a_wait_for_ever) {
  with_topics(topic_options{}, [](const topics& all) {
    say(all, "1");
    const topic_cursor newest = figures(all).newest;
    subscription s(all, "t", {.from = {.behind = {newest.epoch, 7}}});
    EXPECT_TRUE(s.next()->gap);
    EXPECT_EQ(s.cursor(), newest);
    say(all, "2");
    EXPECT_THAT(data_of(s.next()), ElementsAre("2"));
  });
}

TEST_F(topic_test, a_long_history_comes_in_parts_without_a_hole) {
  with_topics(topic_options{}, [](const topics& all) {
    for (int i = 1; i <= 200; ++i)
      say(all, std::to_string(i));
    subscription s(all, "t", {.from = {.replay = 200}});
    std::vector<std::string> got;
    std::size_t batches = 0;
    for (; got.size() < 200; ++batches) {
      const auto part = data_of(s.next());
      ASSERT_FALSE(part.empty());
      got.insert(got.end(), part.begin(), part.end());
    }
    EXPECT_GT(batches, 1U);
    for (std::size_t i = 0; i < 200; ++i)
      EXPECT_EQ(got[i], std::to_string(i + 1));
  });
}

// -- sharing

TEST_F(topic_test, all_who_wait_share_one_batch) {
  with_topics(topic_options{}, [](const topics& all) {
    subscription one(all, "t");
    subscription two(all, "t");
    one.next();
    two.next();
    one.more();
    two.more();
    while (figures(all).waiting != 2)
      runtime::yield();
    say(all, "1");
    const auto a = one.next();
    EXPECT_EQ(a, two.next());
    EXPECT_THAT(data_of(a), ElementsAre("1"));
  });
}

TEST_F(topic_test, a_slow_subscriber_has_one_batch_in_its_mailbox_and_the_rest_in_the_history) {
  with_topics(topic_options{.most_entries = 10}, [](const topics& all) {
    subscription slow(all, "t");
    slow.next();
    slow.more();
    while (figures(all).waiting != 1)
      runtime::yield();
    for (int i = 1; i <= 5; ++i)
      say(all, std::to_string(i));
    EXPECT_EQ(figures(all).waiting, 0U);
    EXPECT_THAT(data_of(slow.next()), ElementsAre("1"));
    EXPECT_THAT(data_of(slow.next()), ElementsAre("2", "3", "4", "5"));
  });
}

// -- publishing

TEST_F(topic_test, a_repeated_publish_is_known_and_gets_the_place_of_the_first) {
  with_topics(topic_options{}, [](const topics& all) {
    const auto first = say(all, "1", {"ann", 1});
    EXPECT_FALSE(first.repeated);
    const auto again = say(all, "1", {"ann", 1});
    EXPECT_TRUE(again.repeated);
    EXPECT_EQ(again.at, first.at);
    EXPECT_FALSE(say(all, "2", {"bob", 1}).repeated);
    EXPECT_FALSE(say(all, "3", {"ann", 5}).repeated);
    EXPECT_TRUE(say(all, "3", {"ann", 4}).repeated);
    EXPECT_FALSE(say(all, "4").repeated);
    EXPECT_FALSE(say(all, "4").repeated);
    EXPECT_EQ(figures(all).newest.id, 5U);
  });
}

TEST_F(topic_test, publishes_by_mail_are_answered_in_order) {
  with_topics(topic_options{}, [](const topics& all) {
    const runtime::pid t = all.find("t").value();
    for (std::uint64_t i = 1; i <= 3; ++i)
      runtime::send(t, topic_publish_mail{runtime::self(), i, {std::to_string(i), {"ann", i}}});
    for (std::uint64_t i = 1; i <= 3; ++i) {
      const auto receipt = runtime::receive_one<topic_receipt>();
      EXPECT_EQ(receipt.tag, i);
      EXPECT_EQ(receipt.at.id, i);
    }
  });
}

TEST_F(topic_test, what_is_too_long_is_refused) {
  with_topics(topic_options{.most_data = 4}, [](const topics& all) {
    EXPECT_TRUE(all.publish("t", "1234"));
    EXPECT_EQ(all.publish("t", "12345").error().code, EPERM);
  });
}

// -- ends

TEST_F(topic_test, a_subscriber_that_dies_is_forgotten) {
  with_topics(topic_options{}, [](const topics& all) {
    EXPECT_EQ(reason_of_running([all] { subscription(all, "t").next(); }), runtime::exit_reason::normal());
    const auto killed = runtime::spawn_monitor([all, me = runtime::self()] {
      subscription s(all, "t");
      s.next();
      runtime::send(me, 1);
      s.next();
    });
    runtime::receive_one<int>();
    EXPECT_EQ(figures(all).subscribers, 1U);
    runtime::exit(killed.who, runtime::exit_reason::kill());
    reason_of(killed.ref);
    while (figures(all).subscribers != 0)
      runtime::yield();
  });
}

TEST_F(topic_test, after_a_crash_without_a_store_a_subscription_goes_on_with_a_gap) {
  with_topics(topic_options{}, [](const topics& all) {
    say(all, "1");
    subscription s(all, "t", {.from = {.replay = 1}});
    EXPECT_THAT(data_of(s.next()), ElementsAre("1"));
    const auto epoch = s.cursor().epoch;
    crash(all);
    const auto batch = s.next();
    EXPECT_TRUE(batch->gap);
    EXPECT_NE(s.cursor().epoch, epoch);
    say(all, "2");
    EXPECT_THAT(data_of(batch->entries.empty() ? s.next() : batch), ElementsAre("2"));
  });
}

TEST_F(topic_test, a_topic_without_anybody_ends_after_its_idle_time) {
  with_topics(topic_options{.grace = at_once, .idle_time = 1ms}, [](const topics& all) {
    const auto ref = runtime::monitor(all.find("t").value());
    EXPECT_EQ(reason_of(ref), runtime::exit_reason::normal());
    EXPECT_TRUE(all.publish("t", "1")) << "and is started again when it is asked for";
  });
}

TEST_F(topic_test, there_are_only_the_topics_that_the_program_allows) {
  with_topics(topics_options{.options_of = [](const std::string& name) -> runtime::result<topic_options> {
                if (name != "t")
                  return runtime::error{"no such room"};
                return topic_options{};
              }},
              [](const topics& all) {
                EXPECT_TRUE(all.find("t"));
                EXPECT_EQ(all.find("t").value(), all.find("t").value());
                EXPECT_EQ(all.find("u").error(), (runtime::error{"no such room", ENOENT}));
                EXPECT_EQ(all.find("no name").error().code, ENOENT);
                subscription s(all, "u");
                EXPECT_EQ(s.next(), nullptr);
                EXPECT_EQ(s.refused(), "no such room");
              });
}

TEST_F(topic_test, many_who_ask_for_a_topic_at_once_get_the_same) {
  with_topics(topic_options{}, [](const topics& all) {
    for (int i = 0; i < 50; ++i)
      runtime::spawn([all, me = runtime::self()] { runtime::send(me, all.find("t").value()); });
    const auto first = runtime::receive_one<runtime::pid>();
    for (int i = 1; i < 50; ++i)
      EXPECT_EQ(runtime::receive_one<runtime::pid>(), first);
  });
}

} // namespace
} // namespace perron::httpd
