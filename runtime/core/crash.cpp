// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/crash.hpp>

#include <perron/runtime/core/carrier.hpp>
#include <perron/runtime/core/name_table.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/report/crash_report.hpp>
#include <perron/runtime/report/stack_overflow.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace perron::runtime::core {
namespace {

std::string label(scheduler& s, pid who) {
  const std::string name = s.names->name_of(who);
  return name.empty() ? to_string(who) : name + ' ' + to_string(who);
}

void fill_in(crash_report& r, process& p, const exit_reason& why) {
  scheduler& s = *p.sched;
  r.pid_id = p.id.load(std::memory_order_relaxed);
  if (p.named)
    r.name = s.names->name_of(p.self());
  r.reason = why.to_string();
  r.exception_type = why.type();
  r.exception_text = why.text();
  for (const pid ancestor : p.ancestors)
    if (ancestor)
      r.ancestors.push_back(label(s, ancestor));
  r.mailbox_length = p.mail_waiting();
  if (p.ties) {
    r.links = p.ties->links.rows().size();
    r.monitors = p.ties->monitors.rows().size();
  }
  r.reductions = p.reductions.load(std::memory_order_relaxed);
  const carrier* c = this_carrier();
  if (c != nullptr && p.throw_recorded) {
    r.stack_depth = std::min<int>(c->throws.depth, static_cast<int>(r.stack.size()));
    std::copy_n(c->throws.frames, r.stack_depth, r.stack.begin());
  }
}

/// For the overflow handler, on a signal stack: names the process whose guard page was hit.
bool describe_fault(void* address, char* out, std::size_t size) {
  const carrier* c = this_carrier();
  if (c == nullptr || c->current == nullptr || c->current->own_stack == nullptr ||
      !c->current->own_stack->guards(address))
    return false;
  const std::uint64_t id = c->current->id.load(std::memory_order_relaxed);
  std::string name;
  if (c->current->named) // takes a lock and memory: not async-signal-safe, but the program ends here anyway
    name = c->current->sched->names->name_of(c->current->self()) + ' ';
  std::snprintf(out, size, "process %s<%llu>, which has a stack of %zu bytes", name.c_str(),
                static_cast<unsigned long long>(id), c->current->own_stack->bytes);
  return true;
}

} // namespace

crash_watch::crash_watch() : reporter_(std::make_unique<crash_reporter>()) {}
crash_watch::~crash_watch() = default;

void crash_watch::attach(scheduler& s) {
  install_overflow_handler(&describe_fault);
  s.on_crash = [this, &s](process& p, const exit_reason& why) {
    s.crashes.fetch_add(1, std::memory_order_relaxed);
    // ended from outside: its killer knows, and OTP reports it no more than we do for request processes
    if (why.what() == exit_reason::kind::client_gone)
      return;
    if (!reporter_->admit()) {
      s.crash_reports_dropped.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    crash_report r;
    fill_in(r, p, why);
    reporter_->submit(std::move(r));
  };
}

void crash_watch::flush() { reporter_->flush(); }

void crash_watch::leave_unstoppable(scheduler& s) {
  std::fprintf(stderr, "perron: stop: these processes do not give way, the program ends without them:\n");
  s.table.for_each_slot([&](process& p) {
    if (!p.door.is_closed() || p.state.load(std::memory_order_relaxed) != process_state::free)
      std::fprintf(stderr, "  %s\n", label(s, p.self()).c_str());
  });
  std::fflush(stderr);
  std::_Exit(70);
}

} // namespace perron::runtime::core
