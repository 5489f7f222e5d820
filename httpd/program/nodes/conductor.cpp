// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/nodes/conductor.hpp>

#include <perron/httpd/program/nodes/questions.hpp>
#include <perron/runtime/blocking.hpp>
#include <perron/runtime/call.hpp>
#include <perron/runtime/core/clock.hpp>
#include <perron/runtime/system.hpp>
#include <perron/supervisors/core/log.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <utility>

namespace perron::httpd::program {
namespace {

/// A reload may read large tables.
constexpr std::chrono::minutes time_to_catch_up{1};

} // namespace

reload_of_all conductor::handle_call(reload_all_call) {
  const shared_text& where = *of_->shared->configuration_in_force;
  const auto turn = runtime::blocking([&] { return where.take_turn(); });
  static_cast<void>(of_->manager.reloading());
  reload_of_all out;
  const auto led = runtime::call(the_keeper(), reload_call{}, runtime::no_timeout);
  out.done = led ? *led : runtime::result<void>(led.error());
  runtime::blocking([&] {
    ledger now = ledger::read(where);
    ++now.reloads;
    now.failed += out.done ? 0U : 1U;
    now.last = {runtime::core::wall_now(), out.done.has_value(), out.done ? "" : out.done.error().text};
    now.write(where);
  });
  if (out.done) {
    out.behind = tell_others();
    of_->state->store(readiness::ready);
    supervisors::core::log_info("perron: the configuration has been loaded anew");
  } else {
    supervisors::core::log_error("perron: reload: " + out.done.error().text + " (all goes on as it was)");
  }
  static_cast<void>(of_->manager.ready());
  return out;
}

std::vector<std::pair<unsigned, std::string>> conductor::tell_others() const {
  std::vector<std::pair<unsigned, std::string>> behind;
  for (const siblings::reply& r : siblings::ask_all(questions::catch_up, "", time_to_catch_up)) {
    // one that is down begins with what is in force
    if (r.bytes || r.node == of_->self || r.bytes.error().code == ENOTCONN)
      continue;
    behind.emplace_back(r.node, r.bytes.error().text);
    supervisors::core::log_error("perron: reload: node " + std::to_string(r.node) +
                                 " cannot take it and is started again: " + r.bytes.error().text);
    if (const pid_t pid = of_->shared->shown->nodes[r.node].pid; pid != 0)
      ::kill(pid, SIGKILL);
  }
  return behind;
}

void conductor::handle_cast(hung_up) { static_cast<void>(handle_call(reload_all_call{})); }

supervisors::child_spec conductor_child(std::shared_ptr<running_program> of) {
  supervisors::child_spec spec;
  spec.id = "conductor";
  spec.spawn.name = std::string(conductor::name);
  return supervisors::server_child<conductor>(std::move(spec), std::move(of));
}

runtime::pid the_conductor() { return runtime::whereis(conductor::name); }

} // namespace perron::httpd::program
