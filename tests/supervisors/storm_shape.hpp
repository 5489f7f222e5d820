// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "supervisors/storm_accounts.hpp"
#include "supervisors/storm_world.hpp"

#include <perron/supervisors/supervisor.hpp>

#include <algorithm>
#include <map>
#include <string>

namespace perron::supervisors::storm {

/// What a supervisor's children should be like, after everybody who was stopped by somebody was started
/// again.
class shape {
public:
  shape(world& in, const std::map<pid, account>& all) : in_(in), all_(all) {}

  /// What is wrong with the tree; empty: nothing.
  std::string wrong_with(pid supervisor) {
    const auto found = all_.find(supervisor);
    const std::string name = "supervisor " + to_string(supervisor);
    if (found == all_.end())
      return name + " is unknown";
    const account& book = found->second;
    const auto children = which_children(supervisor);
    const auto counts = count_children(supervisor);
    if (!children || !counts)
      return name + " does not answer";
    if (book.gave_up())
      return name + " has given up and still answers";
    if (counts->specs != children->size() || counts->supervisors + counts->workers != counts->specs ||
        counts->active > counts->specs)
      return name + " has miscounted";
    for (const pid each : in_.started_by(supervisor))
      if (runtime::alive(each) && std::none_of(children->begin(), children->end(),
                                               [&](const child_info& known) { return known.who == each; }))
        return name + " has forgotten " + to_string(each) + ", which lives";
    return book.plan->dynamic ? wrong_with_dynamic(name, book, *children)
                              : wrong_with_planned(name, book, *children);
  }

private:
  std::string wrong_with_planned(const std::string& name, const account& book,
                                 const std::vector<child_info>& children) {
    std::map<std::string, child_info> by_id;
    for (const child_info& each : children)
      if (!by_id.emplace(each.id, each).second)
        return name + " has two children " + each.id;
    for (const member& planned : book.plan->members) {
      const auto it = by_id.find(planned.id);
      const std::string child = name + ", child " + planned.id + " (" +
                                std::string(to_string(planned.restart)) + ", conduct " +
                                std::to_string(static_cast<int>(planned.how)) + "): ";
      if (it == by_id.end()) {
        if (planned.restart != temporary && !book.touched.contains(planned.id))
          return child + "is missing";
        continue;
      }
      if (planned.restart == permanent && it->second.state != child_info::state_type::running &&
          planned.how != conduct::stays_away)
        return child + "does not run";
      if (std::string wrong = wrong_with_child(child, it->second, planned.how == conduct::loose);
          !wrong.empty())
        return wrong;
      by_id.erase(it);
    }
    for (const auto& [id, each] : by_id) {
      if (!book.touched.contains(id))
        return name + " has a child that nobody started: " + id;
      if (std::string wrong = wrong_with_child(name + ", child " + id + ": ", each, true); !wrong.empty())
        return wrong;
    }
    return {};
  }

  /// Whoever came stays until it ends for good or is terminated.
  std::string wrong_with_dynamic(const std::string& name, const account& book,
                                 const std::vector<child_info>& children) {
    for (const child_info& each : children) {
      const auto like = std::find_if(book.plan->members.begin(), book.plan->members.end(),
                                     [&](const member& m) { return m.id == each.id; });
      const bool may_be_dead = like == book.plan->members.end() || like->how == conduct::loose;
      if (std::string wrong = wrong_with_child(name + ", child " + each.id + ": ", each, may_be_dead);
          !wrong.empty())
        return wrong;
    }
    return {};
  }

  std::string wrong_with_child(const std::string& child, const child_info& got, bool may_be_dead) {
    if (got.state == child_info::state_type::restarting)
      return child + "is restarting, and does not get on";
    if ((got.state == child_info::state_type::running) != static_cast<bool>(got.who))
      return child + "has a state that does not fit its process";
    if (!got.who)
      return {};
    if (got.type == child_type::supervisor)
      return wrong_with(got.who);
    if (!may_be_dead && !runtime::alive(got.who))
      return child + "has ended unnoticed";
    return {};
  }

  world& in_;
  const std::map<pid, account>& all_;
};

} // namespace perron::supervisors::storm
