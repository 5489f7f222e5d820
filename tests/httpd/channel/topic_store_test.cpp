// SPDX-License-Identifier: BSD-3-Clause
// Topics whose history is kept elsewhere.
#include <perron/httpd/channel/store.hpp>

#include "httpd/channel/topic_fixture.hpp"

#include <atomic>
#include <cerrno>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace perron::httpd {
namespace {

using namespace perron::testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// A memory_store that fails as it is told.
class faulty_store final : public topic_store {
public:
  enum class fault { none, says_no, throws };
  std::atomic<fault> on_append{fault::none};
  std::atomic<fault> on_load{fault::none};
  std::atomic<int> loads{0};

  runtime::result<opened> open(const std::string& topic, std::size_t most) override {
    return kept_.open(topic, most);
  }
  runtime::result<void> append(const std::string& topic, const topic_record& record) override {
    if (const auto bad = fail(on_append, "the disk is full"); !bad)
      return bad;
    return kept_.append(topic, record);
  }
  runtime::result<std::vector<topic_record>> load(const std::string& topic, std::uint64_t id,
                                                  std::size_t most) override {
    ++loads;
    if (const auto bad = fail(on_load, "the disk is gone"); !bad)
      return bad.error();
    return kept_.load(topic, id, most);
  }

private:
  /// A fault happens once.
  static runtime::result<void> fail(std::atomic<fault>& how, const char* what) {
    const fault now = how.exchange(fault::none);
    if (now == fault::throws)
      throw std::runtime_error(what);
    return now == fault::says_no ? runtime::result<void>(runtime::error{what}) : runtime::result<void>();
  }

  memory_store kept_;
};

class topic_store_test : public topic_fixture {
protected:
  static std::vector<std::string> read(subscription& s, std::size_t count) {
    std::vector<std::string> got;
    while (got.size() < count) {
      const auto news = s.next();
      if (!news)
        break;
      EXPECT_FALSE(news->gap);
      for (auto& data : data_of(news))
        got.push_back(std::move(data));
    }
    return got;
  }
};

TEST_F(topic_store_test, a_crash_loses_nothing_and_no_subscriber_notices) {
  with_topics(topic_options{.store = std::make_shared<memory_store>()}, [](const topics& all) {
    subscription s(all, "t");
    s.next();
    say(all, "1", {"ann", 1});
    crash(all);
    say(all, "2", {"ann", 2});
    crash(all);
    say(all, "3", {"ann", 3});
    EXPECT_THAT(read(s, 3), ElementsAre("1", "2", "3"));
  });
}

TEST_F(topic_store_test, a_publish_is_known_as_repeated_after_a_crash_as_well) {
  with_topics(topic_options{.store = std::make_shared<memory_store>()}, [](const topics& all) {
    const auto first = say(all, "1", {"ann", 1});
    crash(all);
    const auto again = say(all, "1", {"ann", 1});
    EXPECT_TRUE(again.repeated);
    EXPECT_EQ(again.at, first.at);
    EXPECT_EQ(figures(all).newest.id, 1U);
  });
}

TEST_F(topic_store_test, what_is_no_longer_in_memory_is_loaded) {
  with_topics(topic_options{.most_entries = 2, .store = std::make_shared<memory_store>()},
              [](const topics& all) {
                std::vector<std::string> expected;
                for (int i = 1; i <= 150; ++i) {
                  expected.push_back(std::to_string(i));
                  say(all, expected.back());
                }
                const topic_cursor newest = figures(all).newest;
                subscription s(all, "t", {.from = {.behind = {newest.epoch, 0}}});
                EXPECT_EQ(read(s, 150), expected);
                subscription replays(all, "t", {.from = {.replay = 10}});
                EXPECT_THAT(read(replays, 10), SizeIs(10));
              });
}

TEST_F(topic_store_test, those_who_need_the_same_are_loaded_for_once) {
  const auto store = std::make_shared<faulty_store>();
  with_topics(topic_options{.most_entries = 1, .store = store}, [&](const topics& all) {
    const auto at = say(all, "1").at;
    for (const char* data : {"2", "3", "4"})
      say(all, data);
    const runtime::pid t = all.find("t").value();
    for (std::uint64_t tag = 1; tag <= 50; ++tag) {
      topic_subscribe wish;
      wish.who = runtime::self();
      wish.tag = tag;
      wish.from.behind = at;
      runtime::send(t, wish);
    }
    for (int i = 0; i < 50; ++i)
      EXPECT_THAT(data_of(runtime::receive_one<topic_news>().batch), ElementsAre("2", "3", "4"));
    EXPECT_LT(store->loads, 50);
    for (std::uint64_t tag = 1; tag <= 50; ++tag)
      runtime::send(t, topic_unsubscribe{runtime::self(), tag, true});
  });
}

TEST_F(topic_store_test, nobody_waits_for_slow_subscribers_where_nothing_is_lost) {
  with_topics(topic_options{.most_entries = 1,
                            .wait_time = never_in_this_test,
                            .store = std::make_shared<memory_store>()},
              [](const topics& all) {
                subscription s(all, "t", {.when_slow = lag_policy::wait});
                s.next();
                subscription d(all, "t", {.when_slow = lag_policy::disconnect});
                d.next();
                for (const char* data : {"1", "2", "3"})
                  say(all, data);
                EXPECT_THAT(read(s, 3), ElementsAre("1", "2", "3"));
                EXPECT_THAT(read(d, 3), ElementsAre("1", "2", "3"));
              });
}

TEST_F(topic_store_test, what_the_store_has_deleted_is_a_gap) {
  with_topics(topic_options{.most_entries = 1, .store = std::make_shared<memory_store>(2)},
              [](const topics& all) {
                const auto at = say(all, "1").at;
                for (int i = 2; i <= 6; ++i) // the fifth makes the store forget all but two
                  say(all, std::to_string(i));
                subscription s(all, "t", {.from = {.behind = at}});
                const auto batch = s.next();
                EXPECT_TRUE(batch->gap);
                EXPECT_EQ(batch->missed, 2U);
                EXPECT_THAT(data_of(batch), ElementsAre("4", "5", "6"));
              });
}

TEST_F(topic_store_test, what_the_store_does_not_take_is_refused_for_now) {
  const auto store = std::make_shared<faulty_store>();
  with_topics(topic_options{.store = store}, [&](const topics& all) {
    subscription s(all, "t");
    s.next();
    store->on_append = faulty_store::fault::says_no;
    const auto refused = all.publish("t", "1", {"ann", 1});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), (runtime::error{"the disk is full", EAGAIN}));
    EXPECT_FALSE(say(all, "1", {"ann", 1}).repeated);
    EXPECT_THAT(read(s, 1), ElementsAre("1"));
  });
}

TEST_F(topic_store_test, a_store_that_throws_ends_the_topic_and_no_subscriber_notices) {
  const auto store = std::make_shared<faulty_store>();
  with_topics(topic_options{.most_entries = 1, .store = store}, [&](const topics& all) {
    subscription s(all, "t");
    s.next();
    const topic_cursor begin = s.cursor();
    store->on_append = faulty_store::fault::throws;
    EXPECT_FALSE(all.publish("t", "1", {"ann", 1}));
    say(all, "1", {"ann", 1});
    say(all, "2", {"ann", 2});
    EXPECT_THAT(read(s, 2), ElementsAre("1", "2"));
    for (const auto how : {faulty_store::fault::says_no, faulty_store::fault::throws}) {
      store->on_load = how;
      subscription far_behind(all, "t", {.from = {.behind = begin}});
      EXPECT_THAT(read(far_behind, 2), ElementsAre("1", "2"));
    }
  });
}

TEST_F(topic_store_test, a_memory_store_keeps_topics_apart_and_refuses_a_hole) {
  run([] {
    memory_store store(10);
    const auto a = store.open("a", 10).value();
    EXPECT_NE(a.epoch, store.open("b", 10).value().epoch);
    EXPECT_EQ(a.epoch, store.open("a", 10).value().epoch);
    EXPECT_TRUE(store.append("a", {1, 0, {}, "1"}));
    EXPECT_FALSE(store.append("a", {3, 0, {}, "3"}));
    EXPECT_FALSE(store.append("a", {1, 0, {}, "1"}));
    EXPECT_TRUE(store.append("a", {2, 0, {}, "2"}));
    EXPECT_THAT(store.load("a", 0, 1).value(), SizeIs(1));
    EXPECT_THAT(store.load("a", 1, 9).value(), SizeIs(1));
    EXPECT_THAT(store.load("b", 0, 9).value(), IsEmpty());
    EXPECT_EQ(store.open("a", 1).value().newest, (std::vector<topic_record>{{2, 0, {}, "2"}}));
    EXPECT_EQ(store.open("a", 1).value().last, 2U);
  });
}

} // namespace
} // namespace perron::httpd
