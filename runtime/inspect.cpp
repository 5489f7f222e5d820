// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/inspect.hpp>

#include <perron/runtime/core/lifecycle.hpp>
#include <perron/runtime/core/name_table.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/core/stack_pool.hpp>
#include <perron/runtime/core/type_name.hpp>
#include <perron/runtime/process.hpp>

namespace perron::runtime {

std::string_view to_string(process_state state) noexcept {
  switch (state) {
  case process_state::free:
    return "free";
  case process_state::ready:
    return "ready";
  case process_state::running:
    return "running";
  case process_state::waiting:
    return "waiting";
  case process_state::hibernating:
    return "hibernating";
  case process_state::exiting:
    return "exiting";
  }
  return "unknown";
}

std::string_view to_string(wait_kind what) noexcept {
  switch (what) {
  case wait_kind::none:
    return "nothing";
  case wait_kind::receive:
    return "receive";
  case wait_kind::call:
    return "call";
  case wait_kind::readable:
    return "readable";
  case wait_kind::writable:
    return "writable";
  case wait_kind::blocking:
    return "blocking";
  case wait_kind::room:
    return "room";
  }
  return "unknown";
}

std::size_t mails_waiting(pid who) noexcept {
  const core::process* p = who.slot();
  if (p == nullptr || p->id.load(std::memory_order_relaxed) != who.id())
    return 0;
  // of two counters that others move: the one that is read later may be ahead
  const auto waiting = static_cast<std::int32_t>(p->mail_waiting());
  return waiting > 0 ? static_cast<std::size_t>(waiting) : 0;
}

namespace {

std::vector<pid> partners(const core::relation_table& table) {
  std::vector<pid> out;
  for (const core::relation& r : table.rows())
    out.push_back(r.who);
  return out;
}

void read_owned(core::process& p, process_info& out) {
  out.complete = true;
  out.trap_exit = p.trap_exit;
  if (p.ties) {
    out.links = partners(p.ties->links);
    out.monitors = partners(p.ties->monitors);
    out.watchers = partners(p.ties->watchers);
  }
  for (const pid ancestor : p.ancestors)
    if (ancestor)
      out.ancestors.push_back(ancestor);
  if (p.initial != nullptr)
    out.initial = core::type_name(*p.initial);
  if (p.own_stack != nullptr)
    out.stack_bytes = core::touched_bytes(*p.own_stack);
  out.memory = p.sched->table.bytes_per_process() + out.stack_bytes;
}

} // namespace

std::vector<pid> processes() {
  std::vector<pid> all;
  detail::current_scheduler().table.for_each_slot([&](core::process& p) {
    const std::uint64_t id = p.id.load(std::memory_order_acquire);
    if (id != 0 && !p.door.is_closed())
      all.emplace_back(&p, id);
  });
  return all;
}

std::optional<process_info> info(pid who) {
  core::process* p = who.slot();
  if (!alive(who))
    return std::nullopt;
  process_info out;
  out.who = who;
  out.name = p->sched->names->name_of(who);
  out.state = p->state.load(std::memory_order_relaxed);
  out.waits_for = p->waits_for.load(std::memory_order_relaxed);
  out.mailbox = p->mail_waiting();
  out.reductions = p->reductions.load(std::memory_order_relaxed);
  if (const std::int8_t pinned = p->pinned.load(std::memory_order_relaxed); pinned >= 0)
    out.worker = static_cast<std::uint8_t>(pinned);
  if (who == self_or_none()) {
    read_owned(*p, out);
  } else if (const core::parked_hold held(*p); held) {
    if (p->id.load(std::memory_order_relaxed) != who.id())
      return std::nullopt;
    read_owned(*p, out);
  }
  return out;
}

} // namespace perron::runtime
