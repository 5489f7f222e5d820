// SPDX-License-Identifier: BSD-3-Clause
// Who is there, as subscribers are told.
#include "httpd/channel/topic_fixture.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace perron::httpd {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class topic_presence_test : public topic_fixture {
protected:
  static subscription_options as(const std::string& key, const std::string& meta = "{}") {
    return {.watch = false, .member = topic_membership{"client of " + key, {key, meta}}};
  }
  /// A process that is a member until it is told to end; here when the topic knows it.
  static runtime::monitored member(const topics& all, const std::string& key) {
    const auto made = runtime::spawn_monitor([=, parent = runtime::self()] {
      subscription s(all, "t", as(key));
      s.next();
      runtime::send(parent, 1);
      s.next();
    });
    runtime::receive_one<int>();
    return made;
  }
  static void end(const runtime::monitored& who) {
    runtime::exit(who.who, runtime::exit_reason::kill());
    reason_of(who.ref);
  }
};

TEST_F(topic_presence_test, the_first_news_tell_who_is_there) {
  with_topics(topic_options{.grace = at_once}, [](const topics& all) {
    subscription me(all, "t", {.watch = true, .member = topic_membership{"a", {"ann", R"({"age":7})"}}});
    const auto first = me.next();
    ASSERT_TRUE(first->presence);
    EXPECT_TRUE(first->presence->full);
    EXPECT_TRUE(first->presence->settled);
    ASSERT_EQ(first->presence->joined.size(), 1U);
    EXPECT_EQ(first->presence->joined[0].meta, R"({"age":7})");
  });
}

TEST_F(topic_presence_test, who_does_not_watch_is_told_nothing) {
  with_topics(topic_options{.grace = at_once}, [](const topics& all) {
    subscription me(all, "t");
    EXPECT_EQ(me.next()->presence, nullptr);
    end(member(all, "ann"));
    say(all, "1");
    EXPECT_EQ(me.next()->presence, nullptr);
  });
}

TEST_F(topic_presence_test, joining_and_leaving_are_told_as_they_happen) {
  with_topics(topic_options{.grace = at_once}, [](const topics& all) {
    subscription me(all, "t", {.watch = true});
    me.next();
    subscription ann(all, "t", as("ann"));
    const auto came = me.next();
    EXPECT_FALSE(came->presence->full);
    EXPECT_THAT(joined_in(came), ElementsAre("ann"));
    EXPECT_THAT(came->entries, IsEmpty());
    ann.leave();
    EXPECT_THAT(me.next()->presence->left, ElementsAre("ann"));
  });
}

TEST_F(topic_presence_test, leaving_has_no_grace_but_dying_has) {
  with_topics(topic_options{.grace = never_in_this_test}, [](const topics& all) {
    subscription me(all, "t", {.watch = true});
    EXPECT_FALSE(me.next()->presence->settled);
    subscription ann(all, "t", as("ann"));
    EXPECT_THAT(joined_in(me.next()), ElementsAre("ann"));
    ann.leave();
    EXPECT_THAT(me.next()->presence->left, ElementsAre("ann"));
    const auto bob = member(all, "bob");
    EXPECT_THAT(joined_in(me.next()), ElementsAre("bob"));
    end(bob);
    while (figures(all).subscribers != 1)
      runtime::yield();
    EXPECT_EQ(figures(all).members, 1U);
    const auto again = member(all, "bob");
    me.more();
    EXPECT_EQ(me.next(0ms), nullptr) << "nobody has seen that bob was away";
    end(again);
  });
}

TEST_F(topic_presence_test, after_the_grace_the_dead_have_left) {
  with_topics(topic_options{.grace = at_once}, [](const topics& all) {
    subscription me(all, "t", {.watch = true});
    me.next();
    const auto ann = member(all, "ann");
    EXPECT_THAT(joined_in(me.next()), ElementsAre("ann"));
    end(ann);
    EXPECT_THAT(me.next()->presence->left, ElementsAre("ann"));
  });
}

TEST_F(topic_presence_test, a_name_may_belong_to_one_client) {
  with_topics(topic_options{.grace = never_in_this_test, .unique_members = true}, [](const topics& all) {
    subscription ann(all, "t", as("ann"));
    EXPECT_TRUE(ann.next());
    subscription other(all, "t", {.member = topic_membership{"another client", {"ann", "{}"}}});
    EXPECT_EQ(other.next(), nullptr);
    EXPECT_EQ(other.refused(), "somebody else has this name");
    subscription same(all, "t", as("ann"));
    EXPECT_TRUE(same.next());
    EXPECT_EQ(figures(all).subscribers, 2U);
  });
}

TEST_F(topic_presence_test, members_are_bounded) {
  with_topics(topic_options{.most_members = 1, .grace = at_once}, [](const topics& all) {
    subscription ann(all, "t", as("ann"));
    EXPECT_TRUE(ann.next());
    subscription bob(all, "t", as("bob"));
    EXPECT_EQ(bob.next(), nullptr);
    EXPECT_EQ(bob.refused(), "too many members");
  });
}

TEST_F(topic_presence_test, after_a_crash_everybody_is_a_member_again_and_until_then_the_list_says_so) {
  with_topics(topic_options{.grace = never_in_this_test}, [](const topics& all) {
    const auto ann = member(all, "ann");
    subscription me(all, "t", {.watch = true, .member = topic_membership{"b", {"bob", "{}"}}});
    EXPECT_THAT(joined_in(me.next()), ElementsAre("ann", "bob"));
    crash(all);
    std::vector<std::string> back;
    while (back.size() < 2) {
      const auto news = me.next();
      ASSERT_TRUE(news);
      EXPECT_FALSE(news->presence && news->presence->full && news->presence->settled);
      for (const std::string& key : joined_in(news))
        back.push_back(key);
    }
    EXPECT_THAT(back, ::testing::UnorderedElementsAre("ann", "bob"));
    end(ann);
  });
}

TEST_F(topic_presence_test, many_changes_at_once_are_one) {
  with_topics(topic_options{.grace = at_once}, [](const topics& all) {
    const runtime::pid t = all.find("t").value();
    for (std::uint64_t i = 0; i < 20; ++i)
      runtime::send(t, topic_subscribe{runtime::self(),
                                       1'000'000'000 + i,
                                       {},
                                       lag_policy::drop_oldest,
                                       false,
                                       topic_membership{"c", {"m" + std::to_string(i), "{}"}}});
    subscription me(all, "t", {.watch = true});
    EXPECT_EQ(joined_in(me.next()).size(), 20U);
    EXPECT_EQ(me.next(0ms), nullptr);
    for (std::uint64_t i = 0; i < 20; ++i)
      runtime::send(t, topic_unsubscribe{runtime::self(), 1'000'000'000 + i, true});
  });
}

} // namespace
} // namespace perron::httpd
