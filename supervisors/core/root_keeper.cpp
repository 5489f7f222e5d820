// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/core/root_keeper.hpp>

#include <perron/runtime/message.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/runtime/result.hpp>
#include <perron/supervisors/core/log.hpp>
#include <perron/supervisors/core/starting.hpp>

#include <utility>
#include <vector>

namespace perron::supervisors::core {

using runtime::exit_reason;
using runtime::exited;

namespace {

// -- what the process that runs the phases tells

struct phase_begins {
  std::string name;
};
struct phase_failed {
  std::string why;
};
struct phases_done {};

void run_phases(runtime::pid keeper, std::vector<app::phase>& phases) {
  for (app::phase& each : phases) {
    runtime::send(keeper, phase_begins{each.name});
    if (const runtime::result<void> ran = each.run(); !ran) {
      runtime::send(keeper, phase_failed{ran.error().text});
      return;
    }
  }
  runtime::send(keeper, phases_done{});
}

} // namespace

root_keeper::root_keeper(app::spec what, app::children tree, std::shared_ptr<app_state> shared)
    : what_(std::move(what)), tree_(std::move(tree)), shared_(std::move(shared)) {}

root_keeper::~root_keeper() {
  shared_->set_root({});
  shared_->end(std::move(end_));
}

app_outcome root_keeper::keep() {
  supervisor_options root = what_.root;
  root.reports = [to = gave_up_, sink = std::move(root.reports)](const report& what) {
    if (what.what == report::context::shutdown)
      *to = what.reason.to_string() + " (child '" + what.offender.id + "')";
    sink ? sink(what) : log_report(what);
  };
  const runtime::result<runtime::monitored> begun = begin_supervisor(std::move(root), std::move(tree_));
  if (!begun)
    return {false, begun.error().text};
  root_ = *begun;
  while (!ended_)
    wait();
  return judge();
}

void root_keeper::wait() {
  runtime::receive([&](const start_acknowledged&) { begin_phases(); },
                   [&](phase_begins p) { phase_ = std::move(p.name); },
                   [&](const phase_failed& p) { fail_phase(p.why); }, [&](phases_done) { phases_are_over(); },
                   [&](const exited& e) {
                     // from outside of the node: the order to stop
                     if (!e.from)
                       stop_root();
                   },
                   [&](const runtime::down& d) {
                     if (d.ref == root_.ref)
                       ended_ = d.reason;
                     else if (d.ref == phases_.ref && phases_.who)
                       fail_phase(d.reason.to_string());
                   },
                   [](runtime::any_message) {});
}

void root_keeper::begin_phases() {
  up_ = true;
  shared_->set_root(root_.who);
  if (stopping_)
    return;
  if (shared_->on_up)
    shared_->on_up();
  if (what_.phases.empty()) {
    is_up();
    return;
  }
  phases_ = runtime::spawn_monitor(
      [keeper = runtime::self(), phases = std::move(what_.phases)]() mutable { run_phases(keeper, phases); });
}

void root_keeper::phases_are_over() {
  phases_ = {};
  is_up();
}

void root_keeper::fail_phase(const std::string& why) {
  phases_ = {};
  if (stopping_)
    return; // it was told to end
  failed_ = "start phase '" + phase_ + "' failed: " + why;
  shared_->want_stop();
}

void root_keeper::is_up() { log_info(what_.name + ": started"); }

void root_keeper::stop_root() {
  if (std::exchange(stopping_, true))
    return;
  log_info(what_.name + ": stops");
  if (phases_.who)
    runtime::exit(phases_.who, exit_reason::shutdown());
  runtime::exit(root_.who, exit_reason::shutdown());
}

app_outcome root_keeper::judge() const {
  if (!gave_up_->empty())
    return {false, "the root supervisor gave up: " + *gave_up_};
  if (!failed_.empty())
    return {false, failed_};
  if (!up_)
    return {false, "did not start: " + ended_->to_string()};
  return {ended_->orderly(), ended_->to_string()};
}

} // namespace perron::supervisors::core
