// SPDX-License-Identifier: BSD-3-Clause
//
// storm_stress --seconds N [--seed S] [--workers W]
//
// Trees of supervisors, three levels deep and made from the seed, under a storm: several processes at once
// kill and crash whom they find, and start, terminate, restart and delete children. Then it is calm, and each
// tree must get to the shape that its plan says; each supervisor must have given up when its intensity says
// so and at no other time, by its own account (storm_accounts.hpp); and nothing may be left over. The
// schedule is the machine's, the choices are the seed's.
#include "supervisors/storm_accounts.hpp"
#include "supervisors/storm_shape.hpp"
#include "supervisors/storm_tree.hpp"
#include "supervisors/storm_world.hpp"
#include "support/events.hpp"
#include "support/sanitizers.hpp"
#include "support/stress_options.hpp"

#include <perron/runtime/inspect.hpp>
#include <perron/runtime/node.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/runtime/report/crash_report.hpp>

#include <cstdio>
#include <cstdlib>

namespace perron::supervisors::storm {
namespace {

// -- the storm

/// Makes trouble, so many times.
class troublemaker {
public:
  troublemaker(world& in, std::uint64_t seed, std::size_t times) : in_(in), random_(seed), times_(times) {}

  void operator()() {
    while (times_-- > 0) {
      const world::known victim = in_.pick(random_());
      if (victim.plan && victim.plan->dynamic)
        bother_dynamic(victim.who, victim.plan);
      else if (victim.plan)
        bother(victim.who, victim.plan);
      else
        hit(victim.who);
      if (random_() % 8 == 0)
        in_.seconds += static_cast<std::int64_t>(random_() % 3);
      if (random_() % 4 == 0)
        runtime::yield();
    }
  }

private:
  void hit(pid who) {
    switch (random_() % 8) {
    case 0:
      runtime::exit(who, exit_reason::kill());
      break;
    case 1:
      runtime::exit(who, exit_reason::shutdown());
      break;
    case 2:
      runtime::exit(who, exit_reason::custom("storm"));
      break;
    case 3:
      runtime::send(who, leave_now{});
      break;
    case 4:
      runtime::send(who, crash_now{});
      break;
    default:
      runtime::alive(who);
      break;
    }
  }

  void bother(pid who, const tree_ptr& plan) {
    const member& some = plan->members[random_() % plan->members.size()];
    const std::string id = random_() % 3 != 0 ? some.id : extra_id(random_() % 3);
    switch (random_() % 20) {
    case 0:
      runtime::exit(who, exit_reason::kill());
      break;
    case 1: // signals of strangers are nothing to a supervisor
      runtime::exit(who, exit_reason::custom("storm"));
      break;
    case 2:
    case 3:
      in_.books.touched(who, id);
      terminate_child(who, id);
      break;
    case 4:
    case 5:
      in_.books.touched(who, id);
      restart_child(who, id);
      break;
    case 6:
      in_.books.touched(who, id);
      delete_child(who, id);
      break;
    case 7:
    case 8:
      add(who, plan, some);
      break;
    case 9:
      static_cast<void>(which_children(who));
      break;
    case 10:
      static_cast<void>(count_children(who));
      break;
    case 11:
      static_cast<void>(get_child_spec(who, id));
      break;
    default:
      break;
    }
  }

  void bother_dynamic(pid who, const tree_ptr& plan) {
    const std::vector<pid> started = in_.started_by(who);
    const member& some = plan->members[random_() % plan->members.size()];
    switch (random_() % 16) {
    case 0:
      runtime::exit(who, exit_reason::kill());
      break;
    case 1:
    case 2:
      if (!started.empty())
        terminate_child(who, started[random_() % started.size()]);
      break;
    case 3:
      static_cast<void>(which_children(who, page{.from = random_() % 4, .most = 1 + random_() % 4}));
      break;
    case 4:
      if (restart_child(who, some.id))
        fail("a dynamic supervisor knows an id");
      break;
    case 5:
      if (!started.empty())
        hit(started[random_() % started.size()]);
      break;
    case 6:
    case 7:
    case 8:
    case 9:
      if (const answer said = start_child(who, spec_of(in_, some)); said.what == answer::kind::bad_spec)
        fail("a good spec was refused: " + said.why);
      break;
    default:
      break;
    }
  }

  void add(pid who, const tree_ptr& plan, const member& some) {
    const bool known = random_() % 3 == 0;
    planner more(random_);
    const member what = known ? some
                              : more.child(extra_id(random_() % 3), random_() % 4 == 0 ? 1 : 0,
                                           plan->auto_shutdown != auto_shutdown_type::never);
    in_.books.touched(who, what.id);
    const answer said = start_child(who, spec_of(in_, what));
    if (said.what == answer::kind::bad_spec)
      fail("a good spec was refused: " + said.why);
  }

  static std::string extra_id(std::uint64_t number) { return "extra " + std::to_string(number); }

  world& in_;
  std::mt19937_64 random_;
  std::size_t times_;
};

/// Writes down how supervisors end.
void watch_ends(world& in) {
  std::map<std::uint64_t, pid> watched;
  bool all_known = false;
  while (!all_known || !watched.empty())
    runtime::receive([&](const watch& w) { watched.emplace(runtime::monitor(w.who).value, w.who); },
                     [&](all_watched) { all_known = true; },
                     [&](const runtime::down& d) {
                       watched.erase(d.ref.value);
                       in.books.ended(d.who, d.reason);
                     });
}

// -- the calm

/// A child that could not start in a restart of its group leaves those behind it down; if somebody then
/// terminates or deletes it, nobody starts them (otp-semantics 5.4, 5.5).
bool may_have_left_others_down(const account& book) {
  return std::any_of(book.log.begin(), book.log.end(), [&](const occurrence& o) {
    return o.what == occurrence::kind::told && o.told.what == report::context::start_error &&
           book.touched.contains(o.told.offender.id);
  });
}

/// Starts again what the storm stopped by a call, in all supervisors there are.
void make_up(world& in) {
  for (const auto& [supervisor, book] : in.books.all()) {
    if (!runtime::alive(supervisor))
      continue;
    for (const std::string& id : book.touched)
      restart_child(supervisor, id);
    if (may_have_left_others_down(book))
      for (const member& each : book.plan->members)
        restart_child(supervisor, each.id);
  }
}

std::string all_text(const std::map<pid, account>& all) {
  std::string out;
  for (const auto& [supervisor, book] : all)
    if (runtime::alive(supervisor))
      out += "\nsupervisor " + to_string(supervisor) + "\n" + to_text(book);
  return out;
}

void settle(world& in, pid top) {
  const auto start = std::chrono::steady_clock::now();
  for (;;) {
    make_up(in);
    const std::map<pid, account> all = in.books.all();
    const std::string wrong = shape(in, all).wrong_with(top);
    if (wrong.empty() || !runtime::alive(top))
      return;
    if (std::chrono::steady_clock::now() - start > perron::testing::patience)
      fail(wrong + all_text(all));
    runtime::yield();
  }
}

/// A supervisor that was not killed has ended all its children before it ended itself.
void nobody_left_behind(world& in) {
  for (const auto& [supervisor, book] : in.books.all())
    if (book.end && book.end->what() == exit_reason::kind::shutdown)
      for (const pid each : in.started_by(supervisor))
        if (runtime::alive(each))
          fail("supervisor " + to_string(supervisor) + " left " + to_string(each) + " behind\n" +
               to_text(book));
}

/// After the top has ended: everybody else has, too, or soon does.
void sweep(world& in) {
  const auto start = std::chrono::steady_clock::now();
  while (runtime::processes().size() != 1) {
    for (const pid each : in.hard_to_end())
      runtime::exit(each, exit_reason::kill());
    if (std::chrono::steady_clock::now() - start > perron::testing::patience)
      fail(std::to_string(runtime::processes().size() - 1) + " processes left over");
    runtime::yield();
  }
}

struct tally {
  std::size_t supervisors = 0;
  std::size_t restarts = 0;
  std::size_t gave_up = 0;
  std::size_t tops = 0;
};

/// Above the top: starts it again for as long as the storm lasts.
class keeper {
public:
  keeper(world& in, std::uint64_t seed, tally& counted) : in_(in), random_(seed), counted_(counted) {}

  void operator()() {
    plan_ = planner(random_).plan(3);
    const runtime::monitored witness = runtime::spawn_monitor([&in = in_] { watch_ends(in); });
    in_.witness = witness.who;
    start_top();
    in_.armed = true;
    std::size_t storming = 0;
    for (unsigned i = 0; i < 3 + random_() % 3; ++i, ++storming)
      storm_.insert(runtime::spawn_monitor(
                        troublemaker(in_, random_(), perron::testing::scaled(2000, 300) + random_() % 1000))
                        .ref);
    while (!storm_.empty())
      take_ends();
    in_.armed = false;
    // a top that has just got its last blow is started once more, and then there are no more blows
    do {
      runtime::receive([&](exited e) { top_ended(e); }, runtime::after(0s, [] {}));
      settle(in_, top_);
    } while (!runtime::alive(top_));
    runtime::exit(top_, exit_reason::shutdown());
    await_top();
    runtime::send(in_.witness, all_watched{});
    runtime::receive(runtime::when([&](const runtime::down& d) { return d.ref == witness.ref; },
                                   [](const runtime::down&) {}));
    nobody_left_behind(in_);
    sweep(in_);
    settle_accounts();
  }

private:
  void start_top() {
    const result<pid> made = start_planned(in_, plan_);
    ++counted_.tops;
    if (made) {
      top_ = *made;
      return;
    }
    if (!in_.armed)
      fail("a tree did not start: " + made.error().text);
    start_top();
  }

  void take_ends() {
    runtime::receive([&](const exited& e) { top_ended(e); },
                     [&](const runtime::down& d) { storm_.erase(d.ref); });
  }

  void top_ended(const exited& e) {
    if (e.from != top_)
      return; // one that did not get up
    const auto all = in_.books.all();
    const account& book = all.at(top_);
    if (e.reason == exit_reason::shutdown()) {
      if (!book.gave_up() && book.plan->auto_shutdown == auto_shutdown_type::never)
        fail("the top ended without a reason to");
    } else if (e.reason != exit_reason::killed()) {
      fail("the top ended with " + e.reason.to_string());
    }
    start_top();
  }

  void await_top() {
    for (bool there = true; there;)
      runtime::receive([&](const exited& e) { there = e.from != top_; });
  }

  void settle_accounts() {
    const auto all = in_.books.all();
    for (const auto& [supervisor, book] : all) {
      if (const std::string wrong = judge(all, book).verdict(); !wrong.empty())
        fail("supervisor " + to_string(supervisor) + " " + wrong + "\n" + to_text(book));
      ++counted_.supervisors;
      counted_.gave_up += book.gave_up() ? 1 : 0;
      for (const occurrence& each : book.log)
        counted_.restarts += each.what == occurrence::kind::read_clock ? 1 : 0;
    }
  }

  world& in_;
  std::mt19937_64 random_;
  tally& counted_;
  tree_ptr plan_;
  pid top_;
  std::set<runtime::monitor_ref> storm_;
};

void run_round(std::uint64_t seed, unsigned workers) {
  seed_of_round = seed;
  runtime::node_options options;
  options.workers = workers;
  options.stack_bytes = perron::testing::under_sanitizer ? 512 * 1024 : 128 * 1024;
  world in;
  tally counted;
  runtime::node n(options);
  n.crash_reports().set_sink([](const runtime::crash_report&, const std::string&) {});
  const exit_reason how = n.run({.trap_exit = true}, keeper(in, seed, counted));
  if (how != exit_reason::normal())
    fail("the keeper ended with " + how.to_string());
  if (n.stop() != runtime::leftovers{})
    fail("something is left over");
  std::printf("seed %llu, %u workers: %zu tops, %zu supervisors, %zu restarts, %zu gave up\n",
              static_cast<unsigned long long>(seed), workers, counted.tops, counted.supervisors,
              counted.restarts, counted.gave_up);
  std::fflush(stdout);
}

} // namespace
} // namespace perron::supervisors::storm

int main(int argc, char** argv) {
  const auto options = perron::testing::stress_options::from(argc, argv);
  std::uint64_t seed = options.seed;
  const auto end = std::chrono::steady_clock::now() + options.time;
  do {
    perron::supervisors::storm::run_round(seed, options.workers_for(seed));
    ++seed;
  } while (std::chrono::steady_clock::now() < end);
  return 0;
}
