// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/draw.hpp>

#include <perron/runtime/inspect.hpp>
#include <perron/runtime/message.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/supervisors/core/tree_text.hpp>
#include <perron/supervisors/supervisor.hpp>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace perron::supervisors {

using core::tree_node;
using runtime::pid;
using runtime::result;

namespace {

/// Mail of a process that was spawned to find something out.
template <class T>
struct found {
  pid by;
  T what;
};

/// What one supervisor says of itself.
struct branch {
  std::string name;
  std::string strategy;
  std::vector<tree_node> children;
  std::size_t more = 0;
};

std::optional<restart_type> restart_of(pid supervisor, const child_info& child) {
  const result<child_spec> spec =
      child.id.empty() ? get_child_spec(supervisor, child.who) : get_child_spec(supervisor, child.id);
  return spec ? std::optional(spec->restart) : std::nullopt;
}

tree_node node_of(pid supervisor, const child_info& child) {
  tree_node made;
  made.id = child.id;
  made.who = child.who;
  made.state = child.state;
  made.supervisor = child.type == child_type::supervisor;
  made.restart = restart_of(supervisor, child);
  if (child.who)
    if (const std::optional<runtime::process_info> known = runtime::info(child.who))
      made.name = known->name;
  return made;
}

/// Asks one supervisor; waits for it without limit.
std::optional<branch> ask(pid supervisor, std::size_t most, std::chrono::milliseconds patience) {
  const result<supervisor_facts> facts = facts_of(supervisor, patience);
  if (!facts)
    return std::nullopt;
  branch all{facts->name, facts->kind, {}, 0};
  const result<child_counts> counts = count_children(supervisor);
  const result<child_page> first = which_children(supervisor, {.from = 0, .most = most});
  if (!counts || !first)
    return std::nullopt;
  for (const child_info& each : first->children)
    all.children.push_back(node_of(supervisor, each));
  const std::size_t there = counts->supervisors + counts->workers;
  all.more = there - std::min(there, all.children.size());
  return all;
}

/// Runs `work` in a process of its own, which is ended after `patience`; nothing if it gave nothing by then.
template <class T, class F>
std::optional<T> in_time(std::chrono::milliseconds patience, F work) {
  const runtime::monitored other =
      runtime::spawn_monitor({.link = true}, [to = runtime::self(), work = std::move(work)] {
        if (std::optional<T> got = work())
          runtime::send(to, found<T>{runtime::self(), std::move(*got)});
      });
  using answered = std::optional<T>;
  answered got =
      runtime::receive(runtime::when([&](const found<T>& f) { return f.by == other.who; },
                                     [](found<T> f) -> answered { return std::move(f.what); }),
                       runtime::when([&](const runtime::down& d) { return d.ref == other.ref; },
                                     [](const runtime::down&) -> answered { return std::nullopt; }),
                       runtime::after(patience, []() -> answered { return std::nullopt; }));
  runtime::exit(other.who, runtime::exit_reason::shutdown());
  runtime::demonitor(other.ref);
  return got;
}

/// Looks below a supervisor of which its own supervisor has told. Runs in a process that traps exits and has
/// no other work.
void look_below(tree_node& top, const draw_options& how, std::size_t depth) {
  const std::size_t most = depth == 0 ? 0 : how.children;
  std::optional<branch> all = in_time<branch>(
      how.patience, [who = top.who, most, patience = how.patience] { return ask(who, most, patience); });
  if (!all) {
    top.answers = !runtime::alive(top.who);
    if (top.answers)
      top.state = child_info::state_type::stopped;
    return;
  }
  top.name = std::move(all->name);
  top.strategy = std::move(all->strategy);
  top.children = std::move(all->children);
  top.more = all->more;

  // the supervisors among the children, all at the same time
  std::vector<std::pair<runtime::monitored, tree_node*>> below;
  for (tree_node& child : top.children)
    if (child.supervisor && child.who && child.state == child_info::state_type::running)
      below.emplace_back(
          runtime::spawn_monitor({.link = true, .trap_exit = true},
                                 [to = runtime::self(), child, how, depth]() mutable {
                                   look_below(child, how, depth - 1);
                                   runtime::send(to, found<tree_node>{runtime::self(), std::move(child)});
                                 }),
          &child);
  for (const auto& [looker, child] : below) {
    runtime::receive(runtime::when([by = looker.who](const found<tree_node>& f) { return f.by == by; },
                                   [to = child](found<tree_node> f) { *to = std::move(f.what); }),
                     runtime::when([ref = looker.ref](const runtime::down& d) { return d.ref == ref; },
                                   [to = child](const runtime::down&) { to->answers = false; }));
    runtime::demonitor(looker.ref);
  }
}

} // namespace

std::string draw(pid supervisor, draw_options how) {
  const runtime::monitored looker =
      runtime::spawn_monitor({.trap_exit = true}, [to = runtime::self(), supervisor, how] {
        tree_node top;
        top.who = supervisor;
        top.supervisor = true;
        look_below(top, how, how.depth);
        runtime::send(to, found<std::string>{runtime::self(), core::tree_text(top, how.width)});
      });
  std::string text =
      runtime::receive(runtime::when([&](const found<std::string>& f) { return f.by == looker.who; },
                                     [](found<std::string> f) { return std::move(f.what); }),
                       runtime::when([&](const runtime::down& d) { return d.ref == looker.ref; },
                                     [](const runtime::down& d) { return d.reason.to_string() + "\n"; }));
  runtime::demonitor(looker.ref);
  return text;
}

} // namespace perron::supervisors
