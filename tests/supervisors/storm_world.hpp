// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "supervisors/storm_accounts.hpp"
#include "supervisors/storm_tree.hpp"

#include <perron/runtime/message.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/supervisors/dynamic_supervisor.hpp>
#include <perron/supervisors/supervisor.hpp>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

/// What all of a round share, the children, and how supervisors of a plan are started.
namespace perron::supervisors::storm {

using namespace std::chrono_literals;
using runtime::exit_reason;
using runtime::exited;
using runtime::pid;
using runtime::result;

inline std::uint64_t seed_of_round = 0;

[[noreturn]] inline void fail(const std::string& what) {
  std::fprintf(stderr, "storm_stress: seed %llu: %s\n", static_cast<unsigned long long>(seed_of_round),
               what.c_str());
  std::fflush(stderr);
  std::abort();
}

struct crash_now {};
struct leave_now {};
struct watch {
  pid who;
};
struct all_watched {};

/// What everybody in a round shares.
struct world {
  struct known {
    pid who;
    tree_ptr plan; ///< of a supervisor
  };

  std::atomic<bool> armed{false}; ///< starts may go wrong
  std::atomic<std::int64_t> seconds{1000};
  accounts books;
  pid witness;

  void met(pid who, const tree_ptr& plan) {
    const std::lock_guard hold(lock_);
    known& slot = met_[next_++ % met_.size()];
    slot = {who, plan};
  }
  known pick(std::uint64_t at) {
    const std::lock_guard hold(lock_);
    return met_[at % met_.size()];
  }
  void started(pid boss, pid child) {
    const std::lock_guard hold(lock_);
    started_[boss].push_back(child);
  }
  std::vector<pid> started_by(pid boss) {
    const std::lock_guard hold(lock_);
    return started_[boss];
  }
  /// Those who may outlive their supervisor, as in OTP: it was killed, and they do not listen.
  void hard_to_end(pid who) {
    const std::lock_guard hold(lock_);
    hard_.push_back(who);
  }
  std::vector<pid> hard_to_end() {
    const std::lock_guard hold(lock_);
    return hard_;
  }

private:
  std::mutex lock_;
  std::array<known, 48> met_{};
  std::size_t next_ = 0;
  std::map<pid, std::vector<pid>> started_;
  std::vector<pid> hard_;
};

// -- children

struct worker {
  world& in;
  conduct how;
  pid boss;

  void operator()() const {
    in.met(runtime::self(), nullptr);
    if (how == conduct::deaf || how == conduct::loose)
      in.hard_to_end(runtime::self());
    if (how == conduct::loose)
      runtime::unlink(boss);
    for (bool on = true; on;)
      runtime::receive([](crash_now) { throw std::runtime_error("storm"); }, [&](leave_now) { on = false; },
                       [&](const exited& e) { told_to_end(e.reason); }, [](const runtime::any_message&) {});
  }

private:
  struct nothing_of_interest {};
  void told_to_end(const exit_reason& why) const {
    if (how == conduct::deaf)
      return;
    runtime::receive([](nothing_of_interest) {}, runtime::after(2ms, [] {}));
    runtime::exit(why);
  }
};

inline std::vector<child_spec> specs_of(world& in, const tree& plan);
inline supervisor_options options_of(world& in, const tree_ptr& plan);

inline result<pid> start_supervisor_of(world& in, const tree_ptr& plan) {
  supervisor_options how = options_of(in, plan);
  if (!plan->dynamic)
    return start_supervisor(std::move(how), specs_of(in, *plan));
  return start_dynamic_supervisor({.intensity = how.intensity,
                                   .period = how.period,
                                   .reports = std::move(how.reports),
                                   .clock = std::move(how.clock)});
}

inline result<pid> start_planned(world& in, const tree_ptr& plan) {
  result<pid> made = start_supervisor_of(in, plan);
  if (made) {
    in.books.opened(*made, plan);
    in.met(*made, plan);
    in.started(runtime::self(), *made);
    runtime::send(in.witness, watch{*made});
  }
  return made;
}

inline result<pid> start_member(world& in, const member& what) {
  const bool goes_wrong = ++*what.starts % what.every == 0 && in.armed;
  if (goes_wrong && what.how == conduct::refuses)
    return runtime::error{"refused"};
  if (goes_wrong && what.how == conduct::throws)
    throw std::runtime_error("thrown");
  if (goes_wrong && what.how == conduct::stays_away)
    return pid();
  if (what.below)
    return start_planned(in, what.below);
  const bool traps = what.how == conduct::deaf || what.how == conduct::slow;
  const pid made = runtime::spawn({.link = true, .trap_exit = traps}, worker{in, what.how, runtime::self()});
  in.started(runtime::self(), made);
  return made;
}

inline child_spec spec_of(world& in, const member& what) {
  child_spec spec;
  spec.id = what.id;
  spec.restart = what.restart;
  spec.shutdown = what.shutdown;
  spec.significant = what.significant;
  spec.type = what.below ? child_type::supervisor : child_type::worker;
  spec.start = [&in, what] { return start_member(in, what); };
  return spec;
}

inline std::vector<child_spec> specs_of(world& in, const tree& plan) {
  std::vector<child_spec> specs;
  for (const member& each : plan.members)
    specs.push_back(spec_of(in, each));
  return specs;
}

inline supervisor_options options_of(world& in, const tree_ptr& plan) {
  supervisor_options how;
  how.strategy = plan->strategy;
  how.intensity = plan->intensity;
  how.period = plan->period;
  how.auto_shutdown = plan->auto_shutdown;
  how.reports = [&in, plan](const report& what) { in.books.told(plan, what); };
  how.clock = [&in, plan] {
    const std::int64_t now = in.seconds;
    in.books.clock_read(runtime::self(), plan, now);
    return now;
  };
  return how;
}

} // namespace perron::supervisors::storm
