// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/nodes/run_several.hpp>

#include <perron/httpd/program/commands.hpp>
#include <perron/httpd/program/config/print.hpp>
#include <perron/httpd/program/control.hpp>
#include <perron/httpd/program/nodes/all_nodes.hpp>
#include <perron/httpd/program/nodes/conductor.hpp>
#include <perron/httpd/program/run.hpp>
#include <perron/httpd/program/service/privileges.hpp>
#include <perron/httpd/program/tree.hpp>
#include <perron/runtime/core/clock.hpp>
#include <perron/runtime/message.hpp>
#include <perron/supervisors/core/log.hpp>
#include <perron/supervisors/siblings.hpp>

#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

namespace perron::httpd::program {
namespace {

using namespace std::chrono_literals;

/// What one node has beside what all share, from its first moment on.
struct node_parts {
  std::unique_ptr<hangup> on_hangup{};
};

/// In the parent: what needs its rights, which the nodes give up and it keeps, and what is there once.
runtime::result<void> prepare_all(running_program& p, unsigned workers,
                                  std::vector<inherited_socket> handed_in) {
  auto shared = shared_program::make(p.current.server.processes);
  if (!shared)
    return shared.error();
  const shared_program& with = **shared;
  ledger begins{p.current.file, to_toml(p.current), 1, 0, 0, p.status.loaded, {}};
  begins.write(*with.configuration_in_force);
  p.state = std::shared_ptr<readiness_state>(with.shown, &with.shown->state);
  if (auto opened = open_for_all(bare_listeners(p.current), workers, with, handed_in); !opened)
    return opened;
  tell_of_left_sockets(handed_in);
  if (auto folder = settle_control_folder(p); !folder)
    return folder;
  if (!p.current.server.control.empty())
    if (auto opened = open_control(p.current.server, with); !opened)
      return opened;
  if (!p.current.server.user.empty())
    if (const auto who = find_identity(p.current.server.user, p.current.server.group); !who)
      return who.error();
  p.shared = std::move(*shared);
  return {};
}

/// In a node, before it runs: makes all that one process would have made. Throws what keeps it from that.
void begin_node(running_program& p, unsigned workers) {
  const shared_program& with = *p.shared;
  p.self = siblings::self();
  with.begins(p.self);
  p.status.started = runtime::core::wall_now();
  const ledger now = ledger::read(*with.configuration_in_force);
  if (now.generation != 1) {
    configuration in_force = now.read_configuration().value();
    in_force.server = p.current.server; // holds from the start to the end
    p.current = std::move(in_force);
    p.status.generation = now.generation;
    p.status.loaded = now.loaded;
  }
  p.log->configure(log_options_of(p.current, true)).value();
  running_program* const me = &p; // what is made here does not outlive it
  p.parts = {std::make_shared<log_writer>(workers),
             workers,
             std::make_shared<site_counters>(workers),
             p.state,
             [me] { return figures_of_all(*me); },
             [] { return do_all_nodes_answer(1s); },
             true};
  auto made = assemble(p.current, p.parts).value();
  const bool is_drained = p.state->load() == readiness::draining;
  p.status.draining = is_drained;
  for (assembled_listener& each : made) {
    if (is_drained && !each.is_admin)
      continue;
    p.listeners.push_back(open_listener::share(std::move(each), workers, with, p.self).value());
  }
  const auto settled = settle_privileges(p.current.server.user, p.current.server.group).value();
  if (!settled.empty() && p.self == 0)
    supervisors::core::log_info("perron: " + settled);
  answer_other_nodes(p);
}

/// One node does it for all. Nobody waits for it; what comes of it is in the log.
void reload_aside(const shared_program& with, unsigned self) {
  if (!with.is_spokesman(self))
    return;
  if (const runtime::pid who = the_conductor())
    runtime::send(who, hung_up{});
}

} // namespace

int run_several(const std::shared_ptr<running_program>& p, unsigned workers,
                std::optional<std::chrono::microseconds> watchdog, std::vector<inherited_socket> handed_in) {
  // who puts a log aside may compress it by a thread, which the parent must not have
  error_log_options log = log_options_of(p->current, true);
  log.file.rotate_size = 0;
  log.file.rotate_every = 0s;
  if (const auto done = p->log->configure(log); !done)
    return say_failure("log: " + done.error().text);
  if (const auto done = prepare_all(*p, workers, std::move(handed_in)); !done)
    return say_failure(done.error().text);
  const auto mine = std::make_shared<node_parts>();
  app::spec what = spec_of(*p, workers);
  what.processes = p->shared->nodes;
  what.children = [p, workers, watchdog, mine] {
    begin_node(*p, workers);
    mine->on_hangup =
        std::make_unique<hangup>([with = p->shared, self = p->self] { reload_aside(*with, self); });
    return tree_of(p, watchdog, *mine->on_hangup);
  };
  const int code = run_spec(std::move(what));
  if (::getpid() == p->shared->parent)
    remove_socket_files(*p->shared->shelf);
  return code;
}

} // namespace perron::httpd::program
