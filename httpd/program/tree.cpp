// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/tree.hpp>

#include <perron/httpd/program/control.hpp>
#include <perron/httpd/program/nodes/all_nodes.hpp>
#include <perron/httpd/program/nodes/conductor.hpp>
#include <perron/httpd/program/service/children.hpp>
#include <perron/httpd/program/service/notify.hpp>
#include <perron/runtime/call.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/server.hpp>
#include <perron/supervisors/core/log.hpp>
#include <perron/supervisors/dynamic_supervisor.hpp>

#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace perron::httpd::program {
namespace {

/// While it runs SIGHUP is heeded: the last of the tree, which goes first, as its thread calls into the node.
class heeding {
public:
  using calls = runtime::protocol<>;
  explicit heeding(hangup* signals) : signals_(signals) { signals_->heed(true); }
  heeding(const heeding&) = delete;
  heeding& operator=(const heeding&) = delete;
  ~heeding() { signals_->heed(false); }

private:
  hangup* const signals_;
};

/// What the service manager is to be told is true: by one of the nodes, of all.
std::function<bool()> is_well(const running_program& p, std::chrono::milliseconds patience) {
  if (p.shared == nullptr)
    return [workers = p.parts.workers, patience] { return do_workers_answer(workers, patience); };
  return [shared = p.shared, self = p.self, patience] {
    return shared->is_spokesman(self) && do_all_nodes_answer(patience);
  };
}

std::function<bool()> leaves(const running_program& p) {
  if (p.shared == nullptr)
    return {};
  return [shared = p.shared, self = p.self] { return shared->is_leaving(self); };
}

/// The keeper may just be on its way back.
std::vector<std::shared_ptr<open_listener>> listeners_now() {
  for (int tries = 0;; ++tries) {
    auto found = runtime::call(the_keeper(), listeners_call{}, runtime::no_timeout);
    if (found)
      return std::move(*found);
    if (tries == 100) {
      supervisors::core::log_error("perron: its listeners cannot be told: " + found.error().text);
      return {};
    }
    runtime::sleep_for(std::chrono::milliseconds(50));
  }
}

} // namespace

app::children tree_of(const std::shared_ptr<running_program>& p,
                      std::optional<std::chrono::microseconds> watchdog, hangup& signals) {
  app::children tree;
  tree.push_back(supervisors::dynamic_supervisor_child(
      "listeners", {.name = std::string(keeper::servers_name), .intensity = 10}));
  supervisors::child_spec spec;
  spec.id = "keeper";
  spec.spawn.name = std::string(keeper::name);
  tree.push_back(supervisors::server_child<keeper>(std::move(spec), p));
  if (p->shared != nullptr)
    tree.push_back(conductor_child(p));
  if (watchdog)
    tree.push_back(watchdog_child(p->manager, *watchdog, is_well(*p, watchdog_patience(*watchdog))));
  if (!p->current.server.control.empty())
    tree.push_back(control_child(p, [] { app::stop(); }));
  tree.push_back(farewell_child(p->manager, p->state, leaves(*p)));
  tree.push_back(supervisors::server_child<heeding>("hangup", &signals));
  return tree;
}

void announce(const running_program& p) {
  if (p.shared != nullptr) {
    // a reload may have come while this one began, and have found nobody here to tell
    const auto asked = runtime::call(the_keeper(), catch_up_call{}, runtime::no_timeout);
    if (const auto done = asked ? *asked : runtime::result<void>(asked.error()); !done)
      supervisors::core::log_error("perron: what is in force cannot be taken over: " + done.error().text);
    if (!p.shared->is_ready(p.self))
      return;
  }
  p.state->store(readiness::ready); // before anybody is told
  // who drains or reloads it at once, by the control socket, changes them meanwhile
  const auto listeners = listeners_now();
  std::vector<endpoint> bound;
  for (const auto& l : listeners) {
    bound.push_back(l->bound());
    if (!p.options.ready)
      std::printf("listening on %s\n", l->url().c_str());
  }
  std::fflush(stdout);
  if (p.options.ready)
    p.options.ready(bound);
  static_cast<void>(p.manager.ready(std::to_string(listeners.size()) + " listeners"));
}

} // namespace perron::httpd::program
