// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/core/supervision.hpp>

#include <perron/supervisors/core/offender.hpp>
#include <perron/supervisors/core/shutdown_reason.hpp>

#include <iterator>
#include <utility>

namespace perron::supervisors::core {

using runtime::error;
using runtime::exit_reason;
using runtime::pid;
using runtime::result;
using state = child_info::state_type;

supervision::supervision(const supervisor_options& options, environment& world)
    : world_(world), strategy_(options.strategy), auto_shutdown_(options.auto_shutdown),
      intensity_(options.intensity, options.period.count()) {}

// -- the table

supervision::position supervision::add(child_spec spec) {
  spec.shutdown = spec.shutdown.resolved(spec.type);
  children_.push_back({std::move(spec), ++last_serial_});
  const position at = std::prev(children_.end());
  by_id_.emplace(at->spec.id, at);
  return at;
}

void supervision::forget(position at) {
  stopped(at);
  by_id_.erase(at->spec.id);
  children_.erase(at);
}

void supervision::runs(position at, pid who) {
  stopped(at);
  if (!who)
    return;
  at->who = who;
  at->state = state::running;
  at->pace.is_up(at->spec.back_off, world_);
  by_pid_.emplace(who, at);
}

void supervision::stopped(position at) {
  if (at->who)
    by_pid_.erase(std::exchange(at->who, pid()));
  at->state = state::stopped;
}

void supervision::await_retry(position at, std::chrono::milliseconds wait, bool admitted) {
  stopped(at);
  at->state = state::restarting;
  at->admitted = admitted;
  at->ticket = ++last_ticket_;
  retries_.emplace(at->ticket, at->spec.id);
  world_.retry_later(at->ticket, wait);
}

supervision::position supervision::find(std::string_view id) {
  const auto it = by_id_.find(id);
  return it == by_id_.end() ? children_.end() : it->second;
}

// -- starting

result<started> supervision::try_start(position at) {
  result<started> made = world_.start(at->spec, {});
  if (!made)
    return made;
  runs(at, made->who);
  if (made->who && world_.wants_progress())
    tell(report::context::progress, exit_reason::normal(), at, made->who);
  return made;
}

result<void> supervision::start_all(std::vector<child_spec> specs) {
  for (child_spec& spec : specs) {
    const position at = add(std::move(spec));
    if (const result<started> made = try_start(at); !made) {
      tell(report::context::start_error, exit_reason::custom(made.error().text), at, {});
      error why{"failed_to_start_child: " + at->spec.id + ": " + made.error().text, made.error().code};
      stop_all();
      return why;
    }
    if (!at->who)
      let_go(at);
  }
  return {};
}

// -- a child has ended by itself

verdict supervision::child_ended(pid who, const exit_reason& why) {
  const auto it = by_pid_.find(who);
  if (it == by_pid_.end())
    return verdict::go_on;
  const position at = it->second;
  const bool again = at->spec.restart == permanent || (at->spec.restart == transient && !why.orderly());
  if (again || !why.orderly())
    tell(report::context::child_terminated, why, at, who);
  stopped(at);
  if (again)
    return restart(at, who);
  const bool end = ends_all(at->spec);
  let_go(at);
  return end ? verdict::stop : verdict::go_on;
}

bool supervision::ends_all(const child_spec& ended) const {
  if (!ended.significant || auto_shutdown_ == auto_shutdown_type::never)
    return false;
  if (auto_shutdown_ == auto_shutdown_type::any_significant)
    return true;
  for (const child_record& other : children_)
    if (other.spec.significant && other.state != state::stopped)
      return false;
  return true;
}

verdict supervision::retry(std::uint64_t ticket) {
  const auto node = retries_.extract(ticket);
  if (node.empty())
    return verdict::go_on;
  const position at = find(node.mapped());
  if (at == children_.end() || at->state != state::restarting)
    return verdict::go_on;
  // As in OTP any retry will do for a child that is restarting, be it of an earlier failure; but a back-off
  // is waited for to its end.
  if (at->spec.back_off && at->ticket != ticket)
    return verdict::go_on;
  if (!at->admitted)
    return restart(at, {});
  start_again(at, {});
  return verdict::go_on;
}

verdict supervision::restart(position failed, pid was) {
  if (!intensity_.admit(world_.now_seconds())) {
    tell(report::context::shutdown, exit_reason::custom("reached_max_restart_intensity"), failed, was);
    stopped(failed);
    return verdict::stop;
  }
  const std::chrono::milliseconds wait = failed->pace.next_wait(failed->spec.back_off, world_);
  if (wait.count() > 0) {
    if (strategy_ != one_for_one)
      end_group(failed);
    await_retry(failed, wait, true);
  } else {
    start_again(failed, was);
  }
  return verdict::go_on;
}

void supervision::start_again(position failed, pid was) {
  if (strategy_ != one_for_one) {
    end_group(failed);
    start_group(failed);
  } else if (const result<started> made = try_start(failed); !made) {
    fails_to_restart(failed, made.error(), was);
  }
}

supervision::position supervision::first_of_group(position failed) {
  return strategy_ == one_for_all ? children_.begin() : failed;
}

void supervision::end_group(position failed) {
  // the failed one is never temporary, so its place in the list outlives the temporary ones behind it
  for (position at = children_.end(); at != first_of_group(failed);) {
    terminate(--at);
    if (at->spec.restart == temporary)
      at = let_go(at);
    else
      stopped(at);
  }
}

void supervision::start_group(position failed) {
  for (position at = first_of_group(failed); at != children_.end(); ++at)
    if (const result<started> made = try_start(at); !made) {
      fails_to_restart(at, made.error(), {}); // OTP names no pid here: the group has ended
      return;
    }
}

void supervision::fails_to_restart(position at, const error& why, pid was) {
  tell(report::context::start_error, exit_reason::custom(why.text), at, was);
  await_retry(at, std::chrono::milliseconds(0), false);
}

void supervision::tell(report::context what, const exit_reason& why, position offender, pid who) {
  world_.tell(what, why, describe(offender->spec, who));
}

// -- ending

void supervision::terminate(position at) {
  if (!at->who)
    return;
  const exit_reason why = world_.stop(at->who, at->spec.shutdown);
  if (!ended_as_told(at->spec, why))
    tell(report::context::shutdown_error, why, at, at->who);
}

supervision::position supervision::let_go(position at) {
  const position behind = std::next(at);
  stopped(at);
  if (at->spec.restart == temporary)
    forget(at);
  return behind;
}

void supervision::stop_all() {
  while (!children_.empty()) {
    const position last = std::prev(children_.end());
    terminate(last);
    forget(last);
  }
}

// -- calls (otp-semantics 5.7)

answer supervision::start_child(child_spec spec) {
  if (const position old = find(spec.id); old != children_.end()) {
    if (old->who)
      return {answer::kind::already_started, old->who};
    return {answer::kind::already_present};
  }
  const position at = add(std::move(spec));
  result<started> made = try_start(at);
  if (!made) {
    forget(at);
    return {answer::kind::start_failed, {}, made.error().text};
  }
  if (!made->who)
    let_go(at);
  else if (at->spec.restart == temporary)
    at->spec.start.drop(); // it holds what the child was started with, and will not be called again
  return {answer::kind::ok, made->who, {}, std::move(made->info)};
}

answer supervision::start_child(arguments) {
  return {answer::kind::bad_spec, {}, "only the children of a simple_one_for_one supervisor take arguments"};
}

answer supervision::terminate_child(std::string_view id) {
  const position at = find(id);
  if (at == children_.end())
    return {answer::kind::not_found};
  terminate(at);
  let_go(at);
  return {};
}

answer supervision::terminate_child(pid) { return {answer::kind::not_found}; }

answer supervision::restart_child(std::string_view id) {
  const position at = find(id);
  if (at == children_.end())
    return {answer::kind::not_found};
  if (at->state == state::running)
    return {answer::kind::running, at->who};
  if (at->state == state::restarting)
    return {answer::kind::restarting};
  result<started> made = try_start(at);
  if (!made)
    return {answer::kind::start_failed, {}, made.error().text};
  return {answer::kind::ok, at->who, {}, std::move(made->info)};
}

answer supervision::delete_child(std::string_view id) {
  const position at = find(id);
  if (at == children_.end())
    return {answer::kind::not_found};
  if (at->state == state::running)
    return {answer::kind::running, at->who};
  if (at->state == state::restarting)
    return {answer::kind::restarting};
  forget(at);
  return {};
}

child_info supervision::info_of(const child_record& child) {
  return {child.spec.id, child.who, child.state, child.spec.type};
}

std::vector<child_info> supervision::which_children() const {
  std::vector<child_info> out;
  out.reserve(children_.size());
  for (auto at = children_.rbegin(); at != children_.rend(); ++at)
    out.push_back(info_of(*at));
  return out;
}

child_page supervision::which_children(page wanted) const {
  child_page out;
  for (const child_record& each : children_) {
    if (each.serial < wanted.from)
      continue;
    if (out.children.size() >= wanted.most) {
      out.next = each.serial;
      break;
    }
    out.children.push_back(info_of(each));
  }
  return out;
}

child_counts supervision::count_children() const {
  child_counts out;
  for (const child_record& each : children_) {
    ++out.specs;
    if (each.who && world_.alive(each.who))
      ++out.active;
    ++(each.spec.type == child_type::supervisor ? out.supervisors : out.workers);
  }
  return out;
}

const child_spec* supervision::spec_of(std::string_view id) const {
  const auto it = by_id_.find(id);
  return it == by_id_.end() ? nullptr : &it->second->spec;
}

const child_spec* supervision::spec_of(pid) const { return nullptr; }

} // namespace perron::supervisors::core
