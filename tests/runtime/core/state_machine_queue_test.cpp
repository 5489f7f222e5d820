// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/state_machine_queue.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

// The sentences are those of OTP's gen_statem: "transition_option()", "action()", "state_timeout()" and so
// on. What is expected here was seen in OTP 25 as well, but where it says otherwise, and but for mail that
// was not looked at yet.
namespace perron::runtime::core {
namespace {

constexpr std::uint64_t never = timeout_order::never;
using texts = std::vector<std::string>;
using kind = timeout_id::kind;

timeout_order in_state(std::uint64_t due) { return {.id = {.what = kind::state}, .due_ms = due}; }
timeout_order after_event(std::uint64_t due) { return {.id = {.what = kind::event}, .due_ms = due}; }
timeout_order named(const std::string& name, std::uint64_t due) {
  return {.id = {.what = kind::named, .name = name}, .due_ms = due};
}

/// Drives a queue by a table of what to do for which event in which state, and writes down what was handled:
/// "state:event", "state:#state", "state:#event", "state:#name", "enter state".
class machine {
public:
  using queue = state_machine_queue<std::string, std::string>;
  using step = queue::step;

  explicit machine(std::string initial) : queue_(std::move(initial)) {}

  /// One step for one occasion, written as it is noted.
  machine& on(const std::string& occasion, step what) {
    table_.emplace_back(occasion, std::move(what));
    return *this;
  }
  machine& mail(std::string event) {
    run_queued(now_, false);
    queue_.begin();
    handle(std::move(event));
    run_queued(now_, false);
    return *this;
  }
  machine& time(std::uint64_t now) {
    now_ = now;
    run_queued(now, true);
    return *this;
  }
  /// It is later, and there is mail that was not looked at yet.
  machine& late_for_mail(std::uint64_t now) {
    now_ = now;
    run_queued(now, false);
    return *this;
  }
  texts handled() { return std::exchange(handled_, {}); }
  queue& events() { return queue_; }

private:
  void run_queued(std::uint64_t now, bool no_mail) {
    while (auto next = queue_.next(now, no_mail))
      handle(std::move(*next));
  }
  static std::string text_of(const queue::item& what) {
    if (const auto* event = std::get_if<std::string>(&what))
      return *event;
    const auto& id = std::get<timeout_id>(what);
    return id.what == kind::state ? "#state" : id.what == kind::event ? "#event" : "#" + id.name;
  }
  void handle(queue::item what) {
    const std::string occasion = queue_.state() + ":" + text_of(what);
    handled_.push_back(occasion);
    step decided;
    for (auto row = table_.begin(); row != table_.end(); ++row)
      if (row->first == occasion) {
        decided = std::move(row->second);
        table_.erase(row); // each row is used once
        break;
      }
    if (queue_.finish(std::move(what), std::move(decided)))
      handled_.push_back("enter " + queue_.state());
  }

  queue queue_;
  std::vector<std::pair<std::string, step>> table_;
  texts handled_;
  std::uint64_t now_ = 1;
};
using step = machine::step;

TEST(state_machine_queue, handles_mail_in_its_state) {
  EXPECT_EQ(machine("a").mail("1").mail("2").handled(), (texts{"a:1", "a:2"}));
}

TEST(state_machine_queue, enters_a_state_that_is_another_and_only_then) {
  machine m("a");
  m.on("a:1", {.next = "b"}).on("b:2", {.next = "b"}).on("b:3", {.repeat = true});
  EXPECT_EQ(m.mail("1").mail("2").mail("3").handled(), (texts{"a:1", "enter b", "b:2", "b:3", "enter b"}));
}

TEST(state_machine_queue, retries_what_was_postponed_in_order_when_the_state_changes) {
  machine m("a");
  m.on("a:1", {.postpone = true}).on("a:2", {.postpone = true}).on("a:go", {.next = "b"});
  EXPECT_EQ(m.mail("1").mail("2").mail("3").mail("go").handled(),
            (texts{"a:1", "a:2", "a:3", "a:go", "enter b", "b:1", "b:2"}));
}

TEST(state_machine_queue, keeps_what_is_postponed_while_the_state_does_not_change) {
  machine m("a");
  m.on("a:1", {.postpone = true}).on("a:2", {.next = "a"}).on("a:3", {.repeat = true});
  EXPECT_EQ(m.mail("1").mail("2").mail("3").handled(), (texts{"a:1", "a:2", "a:3", "enter a"}));
  EXPECT_EQ(m.events().postponed(), 1U);
}

TEST(state_machine_queue, postpones_again_behind_what_was_postponed_earlier_in_the_new_state) {
  machine m("a");
  m.on("a:1", {.postpone = true}).on("a:2", {.postpone = true}).on("a:go", {.next = "b"});
  m.on("b:1", {.postpone = true}).on("b:2", {.next = "c"});
  EXPECT_EQ(m.mail("1").mail("2").mail("go").handled(),
            (texts{"a:1", "a:2", "a:go", "enter b", "b:1", "b:2", "enter c", "c:1"}));
}

TEST(state_machine_queue, retries_at_once_an_event_that_is_postponed_by_the_step_that_changes_the_state) {
  machine m("a");
  m.on("a:1", {.next = "b", .postpone = true});
  EXPECT_EQ(m.mail("1").handled(), (texts{"a:1", "enter b", "b:1"}));
}

TEST(state_machine_queue, handles_inserted_events_before_queued_ones_and_in_order) {
  machine m("a");
  m.on("a:1", {.postpone = true}).on("a:go", {.next = "b", .inserted = {"x", "y"}});
  m.on("b:x", {.inserted = {"z"}});
  EXPECT_EQ(m.mail("1").mail("go").handled(), (texts{"a:1", "a:go", "enter b", "b:x", "b:z", "b:y", "b:1"}));
}

TEST(state_machine_queue, can_postpone_what_was_inserted) {
  machine m("a");
  m.on("a:1", {.inserted = {"x"}}).on("a:x", {.postpone = true}).on("a:2", {.next = "b"});
  EXPECT_EQ(m.mail("1").mail("2").handled(), (texts{"a:1", "a:x", "a:2", "enter b", "b:x"}));
}

TEST(state_machine_queue, tells_of_a_state_timeout_when_it_is_due) {
  machine m("a");
  m.on("a:1", {.timeouts = {in_state(10)}});
  EXPECT_EQ(m.mail("1").time(9).mail("2").handled(), (texts{"a:1", "a:2"})) << "other events leave it alone";
  EXPECT_EQ(m.events().next_due_ms(), 10U);
  EXPECT_EQ(m.time(10).handled(), (texts{"a:#state"}));
  EXPECT_EQ(m.time(100).handled(), texts{}) << "once";
  EXPECT_EQ(m.events().next_due_ms(), never);
}

TEST(state_machine_queue, cancels_the_state_timeout_when_the_state_changes) {
  machine m("a");
  m.on("a:1", {.timeouts = {in_state(10)}}).on("a:2", {.next = "b"}).on("b:3", {.next = "a"});
  EXPECT_EQ(m.mail("1").mail("2").mail("3").time(100).handled(),
            (texts{"a:1", "a:2", "enter b", "b:3", "enter a"}));
}

TEST(state_machine_queue, keeps_the_state_timeout_of_the_step_that_changes_the_state_for_the_new_one) {
  machine m("a");
  m.on("a:1", {.timeouts = {in_state(10)}}).on("a:2", {.next = "b", .timeouts = {in_state(20)}});
  EXPECT_EQ(m.mail("1").mail("2").time(10).time(20).handled(), (texts{"a:1", "a:2", "enter b", "b:#state"}));
}

TEST(state_machine_queue, keeps_the_state_timeout_when_the_state_is_repeated) {
  machine m("a");
  m.on("a:1", {.timeouts = {in_state(10)}}).on("a:2", {.repeat = true});
  EXPECT_EQ(m.mail("1").mail("2").time(10).handled(), (texts{"a:1", "a:2", "enter a", "a:#state"}));
}

TEST(state_machine_queue, cancels_the_event_timeout_by_any_event) {
  machine m("a");
  m.on("a:1", {.timeouts = {after_event(10)}});
  EXPECT_EQ(m.mail("1").mail("2").time(100).handled(), (texts{"a:1", "a:2"}));
  m.on("a:3", {.timeouts = {after_event(210)}});
  EXPECT_EQ(m.mail("3").time(210).handled(), (texts{"a:3", "a:#event"}));
  m.on("a:4", {.timeouts = {after_event(400), named("n", 300)}});
  EXPECT_EQ(m.mail("4").time(300).time(400).handled(), (texts{"a:4", "a:#n"})) << "a timeout is an event";
  m.on("a:5", {.inserted = {"x"}, .timeouts = {after_event(500)}});
  EXPECT_EQ(m.mail("5").time(500).handled(), (texts{"a:5", "a:x"})) << "an inserted event as well";
}

TEST(state_machine_queue, has_no_event_timeout_while_there_is_mail) {
  machine m("a");
  m.on("a:1", {.timeouts = {after_event(10), named("n", 20)}});
  EXPECT_EQ(m.mail("1").late_for_mail(15).handled(), (texts{"a:1"}));
  EXPECT_EQ(m.late_for_mail(20).handled(), (texts{"a:#n"})) << "others are due all the same";
}

TEST(state_machine_queue, keeps_named_timeouts_over_events_and_states) {
  machine m("a");
  m.on("a:1", {.timeouts = {named("x", 10), named("y", 5)}}).on("a:2", {.next = "b"});
  EXPECT_EQ(m.mail("1").mail("2").time(10).handled(), (texts{"a:1", "a:2", "enter b", "b:#y", "b:#x"}));
}

TEST(state_machine_queue, replaces_a_timeout_by_one_of_the_same_name) {
  machine m("a");
  m.on("a:1", {.timeouts = {named("x", 10)}}).on("a:2", {.timeouts = {named("x", 20)}});
  EXPECT_EQ(m.mail("1").mail("2").time(19).handled(), (texts{"a:1", "a:2"}));
  EXPECT_EQ(m.events().timeouts(), 1U);
  EXPECT_EQ(m.time(20).handled(), (texts{"a:#x"}));
}

TEST(state_machine_queue, cancels_by_name_and_does_not_mind_if_there_is_none) {
  machine m("a");
  m.on("a:1", {.timeouts = {named("x", 10), named("y", 10)}})
      .on("a:2", {.timeouts = {named("x", never), named("z", never), in_state(never)}});
  EXPECT_EQ(m.mail("1").mail("2").time(10).handled(), (texts{"a:1", "a:2", "a:#y"}));
}

TEST(state_machine_queue, tells_of_timeouts_of_no_time_after_queued_events_and_before_mail) {
  machine m("a");
  m.on("a:1", {.inserted = {"x"}, .timeouts = {named("t", 0), in_state(0)}});
  EXPECT_EQ(m.mail("1").mail("2").handled(), (texts{"a:1", "a:x", "a:#t", "a:#state", "a:2"}));
}

TEST(state_machine_queue, has_an_event_timeout_of_no_time_only_if_nothing_is_queued) {
  machine m("a");
  m.on("a:1", {.inserted = {"x"}, .timeouts = {after_event(0)}});
  EXPECT_EQ(m.mail("1").handled(), (texts{"a:1", "a:x"}));
  m.on("a:2", {.timeouts = {after_event(0)}});
  EXPECT_EQ(m.mail("2").mail("3").handled(), (texts{"a:2", "a:#event", "a:3"}));
}

TEST(state_machine_queue, can_cancel_a_timeout_of_no_time_that_has_not_come_yet) {
  machine m("a");
  m.on("a:1", {.inserted = {"x"}, .timeouts = {in_state(0)}}).on("a:x", {.next = "b"});
  EXPECT_EQ(m.mail("1").handled(), (texts{"a:1", "a:x", "enter b"}));
}

TEST(state_machine_queue, handles_what_a_timeout_of_no_time_inserts_before_the_next_of_them) {
  machine m("a");
  m.on("a:1", {.timeouts = {named("t", 0), named("u", 0)}}).on("a:#t", {.inserted = {"x"}});
  EXPECT_EQ(m.mail("1").mail("2").handled(), (texts{"a:1", "a:#t", "a:x", "a:#u", "a:2"}));
}

TEST(state_machine_queue, puts_a_timeout_of_no_time_that_is_set_again_last) {
  machine m("a");
  m.on("a:1", {.timeouts = {named("t", 0), named("u", 0), named("t", 0)}});
  m.on("a:2", {.timeouts = {named("t", 0), named("t", never)}});
  EXPECT_EQ(m.mail("1").mail("2").handled(), (texts{"a:1", "a:#u", "a:#t", "a:2"}));
}

// OTP 25 loses the timeout in this case, against its own words: "the running timer is cancelled and a new
// started"
TEST(state_machine_queue, replaces_a_timeout_of_no_time_by_one_with_a_time) {
  machine m("a");
  m.on("a:1", {.inserted = {"x"}, .timeouts = {named("u", 0)}}).on("a:x", {.timeouts = {named("u", 23)}});
  EXPECT_EQ(m.mail("1").time(22).handled(), (texts{"a:1", "a:x"}));
  EXPECT_EQ(m.time(23).handled(), (texts{"a:#u"}));
}

TEST(state_machine_queue, can_postpone_a_timeout) {
  machine m("a");
  m.on("a:1", {.timeouts = {named("t", 5)}}).on("a:#t", {.postpone = true}).on("a:2", {.next = "b"});
  EXPECT_EQ(m.mail("1").time(5).mail("2").handled(), (texts{"a:1", "a:#t", "a:2", "enter b", "b:#t"}));
}

TEST(state_machine_queue, holds_events_that_can_only_be_moved) {
  using event = std::unique_ptr<int>;
  state_machine_queue<int, event> q(0);
  state_machine_queue<int, event>::step first;
  first.postpone = true;
  EXPECT_FALSE(q.finish(std::make_unique<int>(1), std::move(first)));
  state_machine_queue<int, event>::step second;
  second.next = 1;
  second.inserted.push_back(std::make_unique<int>(2));
  EXPECT_TRUE(q.finish(std::make_unique<int>(3), std::move(second)));
  EXPECT_EQ(*std::get<event>(q.next(0, true).value()), 2);
  EXPECT_EQ(*std::get<event>(q.next(0, true).value()), 1);
  EXPECT_FALSE(q.next(0, true));
}

} // namespace
} // namespace perron::runtime::core
