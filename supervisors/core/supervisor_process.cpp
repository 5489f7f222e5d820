// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/core/supervisor_process.hpp>

#include <perron/runtime/call.hpp>
#include <perron/runtime/core/type_name.hpp>
#include <perron/runtime/message.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/supervisors/core/log.hpp>
#include <perron/supervisors/core/requests.hpp>
#include <perron/supervisors/core/starting.hpp>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <utility>

namespace perron::supervisors::core {

using runtime::caller;
using runtime::error;
using runtime::exit_reason;
using runtime::exited;
using runtime::pid;
using runtime::result;

namespace {

/// Between mail and the decisions of a child_table.
class supervisor_process {
public:
  supervisor_process(supervisor_plan plan, pid parent)
      : plan_(std::move(plan)), parent_(parent), world_(std::move(plan_.world)),
        children_(plan_.make_table(world_)) {}

  void run() {
    if (const result<void> up = children_->start_all(std::move(plan_.children)); !up)
      runtime::exit(exit_reason::shutdown(up.error().text));
    runtime::send(parent_, start_acknowledged{runtime::self()});
    const exit_reason why = serve();
    children_->stop_all();
    runtime::exit(why);
  }

private:
  exit_reason serve() {
    verdict next = verdict::go_on;
    while (next == verdict::go_on && !order_)
      runtime::receive(
          [&](exited&& e) {
            // a signal of no process comes from the node or the program around it
            if (e.from == parent_ || !e.from)
              order_ = std::move(e.reason);
            else
              next = children_->child_ended(e.from, e.reason);
          },
          [&](const retry_request& r) {
            world_.retry_arrived(r.ticket);
            next = children_->retry(r.ticket);
          },
          [&](caller from, start_request&& r) { runtime::reply(from, start_new(std::move(r.spec))); },
          [&](caller from, start_with_request&& r) {
            runtime::reply(from, children_->start_child(std::move(r.given)));
          },
          [&](caller from, const child_request& r) { runtime::reply(from, act(r)); },
          [&](caller from, const end_request& r) {
            runtime::reply(from, children_->terminate_child(r.child));
          },
          [&](caller from, const list_request&) { runtime::reply(from, children_->which_children()); },
          [&](caller from, const page_request& r) {
            runtime::reply(from, children_->which_children(r.wanted));
          },
          [&](caller from, const count_request&) { runtime::reply(from, children_->count_children()); },
          [&](caller from, const spec_request& r) { runtime::reply(from, spec_of(r)); },
          [&](caller from, const facts_request&) { runtime::reply(from, plan_.facts); },
          [&](const stop_request& r) { order_ = r.why; },
          [&](runtime::down&&) {}, // of a monitor that a start function left behind
          [&](runtime::any_message m) {
            log_error("supervisor " + to_string(runtime::self()) + ": unexpected message of type " +
                      runtime::core::type_name(m.type()));
          });
    return order_ ? *order_ : exit_reason::shutdown();
  }

  answer start_new(child_spec spec) {
    if (const result<void> good = plan_.check(spec); !good)
      return {answer::kind::bad_spec, {}, good.error().text};
    return children_->start_child(std::move(spec));
  }

  answer act(const child_request& r) {
    switch (r.action) {
    case child_action::terminate:
      return children_->terminate_child(r.id);
    case child_action::restart:
      return children_->restart_child(r.id);
    case child_action::forget:
      return children_->delete_child(r.id);
    }
    return {};
  }

  result<child_spec> spec_of(const spec_request& r) const {
    const child_spec* spec = r.child ? children_->spec_of(r.child) : children_->spec_of(r.id);
    if (spec != nullptr)
      return *spec;
    return error{"not_found"};
  }

  supervisor_plan plan_;
  const pid parent_;
  process_world world_;
  const std::unique_ptr<child_table> children_;
  std::optional<exit_reason> order_; ///< to stop
};

} // namespace

result<runtime::monitored> begin_process(supervisor_plan plan) {
  const runtime::spawn_options how{.name = plan.facts.name, .link = true, .trap_exit = true};
  auto made = std::make_unique<supervisor_process>(std::move(plan), runtime::self());
  try {
    return runtime::spawn_monitor(how, [made = std::move(made)] { made->run(); });
  } catch (const std::invalid_argument& e) {
    return error{e.what()};
  }
}

result<pid> wait_for_supervisor(const runtime::monitored& made) {
  return runtime::receive(
      runtime::when([&](const start_acknowledged& a) { return a.who == made.who; },
                    [&](const start_acknowledged&) -> result<pid> {
                      runtime::demonitor(made.ref);
                      return made.who;
                    }),
      runtime::when([&](const runtime::down& d) { return d.ref == made.ref; },
                    [&](const runtime::down& d) -> result<pid> {
                      // the result tells it, so the link need not
                      runtime::receive(runtime::when([&](const exited& e) { return e.from == made.who; },
                                                     [](const exited&) {}),
                                       runtime::after(std::chrono::seconds(0), [] {}));
                      return error{d.reason.to_string()};
                    }));
}

} // namespace perron::supervisors::core
