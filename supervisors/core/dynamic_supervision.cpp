// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/core/dynamic_supervision.hpp>

#include <perron/supervisors/core/offender.hpp>
#include <perron/supervisors/core/shutdown_reason.hpp>

#include <algorithm>
#include <utility>

namespace perron::supervisors::core {

using runtime::exit_reason;
using runtime::pid;
using runtime::result;
using state = child_info::state_type;

dynamic_supervision::dynamic_supervision(const dynamic_rules& rules, environment& world)
    : world_(world), rules_(rules), intensity_(rules.intensity, rules.period.count()) {}

result<void> dynamic_supervision::start_all(std::vector<child_spec> specs) {
  for (child_spec& each : specs) {
    each.shutdown = each.shutdown.resolved(each.type);
    template_ = std::make_shared<const child_spec>(std::move(each));
  }
  return {};
}

// -- the places

dynamic_supervision::place dynamic_supervision::take_place() {
  if (free_.empty()) {
    places_.emplace_back();
    return static_cast<place>(places_.size() - 1);
  }
  const place at = free_.back();
  free_.pop_back();
  return at;
}

void dynamic_supervision::waits_no_more(child_record& child) {
  if (!child.restarting)
    return;
  child.restarting = false;
  by_ticket_.erase(child.ticket);
  --restarting_;
}

void dynamic_supervision::forget(place at) {
  child_record& child = places_[at];
  waits_no_more(child);
  by_pid_.erase(child.who);
  if (child.spec->type == child_type::supervisor)
    --supervisors_;
  child = {};
  free_.push_back(at);
}

void dynamic_supervision::runs(place at, pid who) {
  child_record& child = places_[at];
  waits_no_more(child);
  if (child.who)
    by_pid_.erase(child.who);
  child.who = who;
  child.pace.is_up(child.spec->back_off, world_);
  by_pid_.emplace(who, at);
}

void dynamic_supervision::await_retry(place at, std::chrono::milliseconds wait, bool admitted) {
  child_record& child = places_[at];
  waits_no_more(child);
  child.restarting = true;
  child.admitted = admitted;
  child.ticket = ++last_ticket_;
  by_ticket_.emplace(child.ticket, at);
  ++restarting_;
  world_.retry_later(child.ticket, wait);
}

std::optional<dynamic_supervision::place> dynamic_supervision::find(pid child) const {
  const auto it = by_pid_.find(child);
  if (it == by_pid_.end())
    return std::nullopt;
  return it->second;
}

// -- a child has ended by itself

verdict dynamic_supervision::child_ended(pid who, const exit_reason& why) {
  const std::optional<place> at = find(who);
  if (!at)
    return verdict::go_on;
  const spec_ptr spec = places_[*at].spec;
  const bool again = spec->restart == permanent || (spec->restart == transient && !why.orderly());
  if (again || !why.orderly())
    tell(report::context::child_terminated, why, *spec, who);
  if (again)
    return restart(*at, who);
  forget(*at);
  return ends_all(*spec) ? verdict::stop : verdict::go_on;
}

bool dynamic_supervision::ends_all(const child_spec& ended) const {
  if (!ended.significant || rules_.auto_shutdown == auto_shutdown_type::never)
    return false;
  return rules_.auto_shutdown == auto_shutdown_type::any_significant || by_pid_.empty();
}

verdict dynamic_supervision::retry(std::uint64_t ticket) {
  const auto it = by_ticket_.find(ticket);
  if (it == by_ticket_.end())
    return verdict::go_on;
  const place at = it->second;
  if (!places_[at].admitted)
    return restart(at, {});
  start_again(at, {});
  return verdict::go_on;
}

verdict dynamic_supervision::restart(place at, pid was) {
  child_record& child = places_[at];
  if (!intensity_.admit(world_.now_seconds())) {
    tell(report::context::shutdown, exit_reason::custom("reached_max_restart_intensity"), *child.spec, was);
    forget(at);
    return verdict::stop;
  }
  if (const std::chrono::milliseconds wait = child.pace.next_wait(child.spec->back_off, world_);
      wait.count() > 0)
    await_retry(at, wait, true);
  else
    start_again(at, was);
  return verdict::go_on;
}

void dynamic_supervision::start_again(place at, pid was) {
  child_record& child = places_[at];
  const result<started> made = world_.start(*child.spec, child.given);
  if (!made) {
    tell(report::context::start_error, exit_reason::custom(made.error().text), *child.spec, was);
    await_retry(at, std::chrono::milliseconds(0), false);
  } else if (!made->who) {
    forget(at);
  } else {
    runs(at, made->who);
  }
}

void dynamic_supervision::tell(report::context what, const exit_reason& why, const child_spec& offender,
                               pid who, std::size_t count) {
  report::child child = describe(offender, who);
  child.nb_children = count;
  world_.tell(what, why, std::move(child));
}

// -- ending

void dynamic_supervision::stop_all() {
  std::vector<doomed> all;
  std::vector<spec_ptr> specs;
  all.reserve(by_pid_.size());
  for (const child_record& each : places_)
    if (each.spec && !each.restarting) {
      all.push_back({each.who, each.spec->shutdown});
      specs.push_back(each.spec);
    }
  places_.clear();
  free_.clear();
  by_pid_.clear();
  by_ticket_.clear();
  restarting_ = supervisors_ = 0;
  std::vector<std::pair<exit_reason, std::size_t>> alike; // OTP: errors of simple children, by reason
  world_.stop_together(all, [&](std::size_t which, const exit_reason& why) {
    if (ended_as_told(*specs[which], why))
      return;
    if (!rules_.simple) {
      tell(report::context::shutdown_error, why, *specs[which], all[which].who);
      return;
    }
    const auto same =
        std::find_if(alike.begin(), alike.end(), [&](const auto& each) { return each.first == why; });
    if (same != alike.end())
      ++same->second;
    else
      alike.emplace_back(why, 1);
  });
  for (const auto& [why, count] : alike)
    tell(report::context::shutdown_error, why, *template_, {}, count);
}

// -- calls (otp-semantics 5.7)

answer dynamic_supervision::start_one(spec_ptr spec, arguments given) {
  if (by_pid_.size() >= rules_.max_children)
    return {answer::kind::max_children, {}, std::to_string(rules_.max_children) + " children"};
  result<started> made = world_.start(*spec, given);
  if (!made)
    return {answer::kind::start_failed, {}, made.error().text};
  if (!made->who)
    return {answer::kind::ok, {}, {}, std::move(made->info)};
  if (spec->type == child_type::supervisor)
    ++supervisors_;
  const place at = take_place();
  places_[at].spec = std::move(spec);
  if (places_[at].spec->restart != temporary)
    places_[at].given = std::move(given);
  runs(at, made->who);
  return {answer::kind::ok, made->who, {}, std::move(made->info)};
}

answer dynamic_supervision::start_child(child_spec spec) {
  if (rules_.simple)
    return {
        answer::kind::bad_spec, {}, "children of a simple_one_for_one supervisor are started with arguments"};
  spec.shutdown = spec.shutdown.resolved(spec.type);
  const auto held = std::make_shared<child_spec>(std::move(spec));
  answer said = start_one(held, {});
  if (held->restart == temporary)
    held->start.drop(); // as in supervision::start_child
  return said;
}

answer dynamic_supervision::start_child(arguments given) {
  if (!rules_.simple)
    return {answer::kind::bad_spec, {}, "children of a dynamic supervisor are started by a spec"};
  return start_one(template_, std::move(given));
}

answer dynamic_supervision::no_ids() const {
  return {rules_.simple ? answer::kind::simple_one_for_one : answer::kind::not_found};
}

answer dynamic_supervision::terminate_child(std::string_view) { return no_ids(); }
answer dynamic_supervision::restart_child(std::string_view) { return no_ids(); }
answer dynamic_supervision::delete_child(std::string_view) { return no_ids(); }

answer dynamic_supervision::terminate_child(pid child) {
  const std::optional<place> at = find(child);
  if (!at)
    return {rules_.simple && !world_.alive(child) ? answer::kind::ok : answer::kind::not_found};
  const child_record& found = places_[*at];
  const spec_ptr spec = found.spec;
  if (!found.restarting)
    if (const exit_reason why = world_.stop(child, spec->shutdown); !ended_as_told(*spec, why))
      tell(report::context::shutdown_error, why, *spec, child);
  forget(*at);
  return {};
}

child_info dynamic_supervision::info_of(const child_record& child) const {
  const std::string id = rules_.simple ? std::string() : child.spec->id;
  if (child.restarting)
    return {id, {}, state::restarting, child.spec->type};
  return {id, child.who, state::running, child.spec->type};
}

std::vector<child_info> dynamic_supervision::which_children() const {
  return which_children({.from = 0, .most = by_pid_.size()}).children;
}

child_page dynamic_supervision::which_children(page wanted) const {
  child_page out;
  out.children.reserve(std::min(wanted.most, by_pid_.size()));
  for (std::uint64_t at = wanted.from; at < places_.size(); ++at) {
    if (!places_[at].spec)
      continue;
    if (out.children.size() >= wanted.most) {
      out.next = at;
      break;
    }
    out.children.push_back(info_of(places_[at]));
  }
  return out;
}

child_counts dynamic_supervision::count_children() const {
  const std::size_t all = by_pid_.size();
  return {rules_.simple ? 1 : all, all - restarting_, supervisors_, all - supervisors_};
}

const child_spec* dynamic_supervision::spec_of(std::string_view id) const {
  return template_ && template_->id == id ? template_.get() : nullptr;
}

const child_spec* dynamic_supervision::spec_of(pid child) const {
  if (const std::optional<place> at = find(child))
    return places_[*at].spec.get();
  // as in terminate_child OTP takes a process that has ended for one of its own
  return rules_.simple && !world_.alive(child) ? template_.get() : nullptr;
}

} // namespace perron::supervisors::core
