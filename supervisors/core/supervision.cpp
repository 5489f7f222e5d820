// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/core/supervision.hpp>

#include <perron/runtime/core/type_name.hpp>

#include <iterator>
#include <utility>

namespace perron::supervisors::core {

using runtime::error;
using runtime::exit_reason;
using runtime::pid;
using runtime::result;
using state = child_info::state_type;

namespace {

bool is_plain_shutdown(const exit_reason& why) {
  return why.what() == exit_reason::kind::shutdown && why.text().empty();
}

/// Whether a child that was told to end did so properly (otp-semantics 5.6).
bool ended_as_told(const child_spec& spec, const exit_reason& why) {
  if (spec.restart != permanent && why.orderly())
    return true;
  if (spec.shutdown.what() == shutdown_rule::kind::brutal_kill)
    return why.what() == exit_reason::kind::killed;
  return is_plain_shutdown(why);
}

} // namespace

supervision::supervision(const supervisor_options& options, environment& world)
    : world_(world), strategy_(options.strategy), auto_shutdown_(options.auto_shutdown),
      intensity_(options.intensity, options.period.count()) {}

// -- the table

supervision::position supervision::add(child_spec spec) {
  spec.shutdown = spec.shutdown.resolved(spec.type);
  const std::type_info* type = &spec.start.target_type();
  children_.push_back({std::move(spec), type});
  const position at = std::prev(children_.end());
  by_id_.emplace(at->spec.id, at);
  return at;
}

void supervision::forget(position at) {
  if (at->who)
    by_pid_.erase(at->who);
  by_id_.erase(at->spec.id);
  children_.erase(at);
}

void supervision::runs(position at, pid who) {
  at->who = who;
  at->state = who ? state::running : state::stopped;
  if (who)
    by_pid_.emplace(who, at);
}

void supervision::stopped(position at, state now) {
  if (at->who)
    by_pid_.erase(std::exchange(at->who, pid()));
  at->state = now;
}

supervision::position supervision::find(std::string_view id) {
  const auto it = by_id_.find(id);
  return it == by_id_.end() ? children_.end() : it->second;
}

// -- starting

result<void> supervision::try_start(position at) {
  result<pid> started = world_.start(at->spec);
  if (!started)
    return started.error();
  runs(at, *started);
  return {};
}

result<void> supervision::start_all(std::vector<child_spec> specs) {
  for (child_spec& spec : specs) {
    const position at = add(std::move(spec));
    if (const result<void> started = try_start(at); !started) {
      tell(report::context::start_error, exit_reason::custom(started.error().text), at, {});
      error why{"failed_to_start_child: " + at->spec.id + ": " + started.error().text, started.error().code};
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
  stopped(at, state::stopped);
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

verdict supervision::retry(const std::string& id) {
  const position at = find(id);
  if (at == children_.end() || at->state != state::restarting)
    return verdict::go_on;
  return restart(at, {});
}

verdict supervision::restart(position failed, pid was) {
  if (!intensity_.admit(world_.now_seconds())) {
    tell(report::context::shutdown, exit_reason::custom("reached_max_restart_intensity"), failed, was);
    stopped(failed, state::stopped);
    return verdict::stop;
  }
  if (strategy_ == one_for_one)
    restart_one(failed, was);
  else
    restart_group(failed, strategy_ == one_for_all, was);
  return verdict::go_on;
}

void supervision::restart_one(position failed, pid was) {
  if (const result<void> started = try_start(failed); !started)
    fails_to_restart(failed, started.error(), was);
}

void supervision::restart_group(position failed, bool all, pid was) {
  // the failed one is never temporary, so its place in the list outlives the temporary ones behind it
  const auto first = [&] { return all ? children_.begin() : failed; };
  for (position at = children_.end(); at != first();) {
    terminate(--at);
    if (at->spec.restart == temporary)
      at = let_go(at);
    else
      stopped(at, state::stopped);
  }
  for (position at = first(); at != children_.end(); ++at)
    if (const result<void> started = try_start(at); !started) {
      fails_to_restart(at, started.error(), at == failed ? was : pid());
      return;
    }
}

void supervision::fails_to_restart(position at, const error& why, pid was) {
  tell(report::context::start_error, exit_reason::custom(why.text), at, was);
  at->state = state::restarting;
  world_.retry_later(at->spec.id);
}

void supervision::tell(report::context what, const exit_reason& why, position offender, pid who) {
  const child_spec& spec = offender->spec;
  world_.tell(what, why,
              {who, spec.id, runtime::core::type_name(*offender->start_type), spec.restart, spec.significant,
               spec.shutdown, spec.type});
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
  stopped(at, state::stopped);
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
  if (const result<void> started = try_start(at); !started) {
    forget(at);
    return {answer::kind::start_failed, {}, started.error().text};
  }
  const pid who = at->who;
  if (!who)
    let_go(at);
  else if (at->spec.restart == temporary)
    at->spec.start = nullptr; // it holds what the child was started with, and will not be called again
  return {answer::kind::ok, who};
}

answer supervision::terminate_child(std::string_view id) {
  const position at = find(id);
  if (at == children_.end())
    return {answer::kind::not_found};
  terminate(at);
  let_go(at);
  return {};
}

answer supervision::restart_child(std::string_view id) {
  const position at = find(id);
  if (at == children_.end())
    return {answer::kind::not_found};
  if (at->state == state::running)
    return {answer::kind::running, at->who};
  if (at->state == state::restarting)
    return {answer::kind::restarting};
  if (const result<void> started = try_start(at); !started)
    return {answer::kind::start_failed, {}, started.error().text};
  return {answer::kind::ok, at->who};
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

std::vector<child_info> supervision::which_children() const {
  std::vector<child_info> out;
  out.reserve(children_.size());
  for (auto at = children_.rbegin(); at != children_.rend(); ++at)
    out.push_back({at->spec.id, at->who, at->state, at->spec.type});
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

} // namespace perron::supervisors::core
