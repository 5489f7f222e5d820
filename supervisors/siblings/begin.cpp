// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/siblings/begin.hpp>

#include <perron/runtime/call.hpp>
#include <perron/runtime/core/instrumented.hpp>
#include <perron/runtime/tls/ticket_board.hpp>
#include <perron/supervisors/core/log.hpp>
#include <perron/supervisors/siblings/link.hpp>
#include <perron/supervisors/siblings/membership.hpp>
#include <perron/supervisors/siblings/outlet.hpp>

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

namespace perron::siblings::core {
namespace {

#ifdef PERRON_TSAN
constexpr std::ptrdiff_t own_threads = 2; // the sanitizer has one
#else
constexpr std::ptrdiff_t own_threads = 1;
#endif

/// 0 if the system does not say.
std::ptrdiff_t threads_now() {
  std::error_code failed;
  const std::filesystem::directory_iterator all("/proc/self/task", failed);
  return failed ? 0 : std::distance(begin(all), end(all));
}

} // namespace

parent::outcome run_parent(app::spec& what) {
  if (threads_now() > own_threads)
    throw std::runtime_error("there are threads already, which a program of several processes would lose "
                             "where it forks: start them in the nodes, from `children` on");
  if (what.node.workers == 0)
    what.node.workers = std::max(1U, std::thread::hardware_concurrency() / what.processes);
  // a client may come to another node, or to one that was started again, with its ticket
  if (const auto shared = runtime::tls::share_ticket_keys(); !shared)
    supervisors::core::log_error(what.name + ": " + shared.error().text);
  return parent(what.name, what.processes, what.parent, what.stop_within).run();
}

void begin_link(runtime::node& node, int socket, const std::shared_ptr<supervisors::core::app_state>& app) {
  const auto stop = [app] { app->want_stop(); };
  const runtime::pid made = node.spawn(
      {.name = std::string(link_name), .trap_exit = true},
      [l = std::make_unique<link>(link_options{.socket = socket, .on_stop = stop, .on_parted = stop})] {
        l->run();
      });
  // its answer says that the outlet is there
  node.run([made] { static_cast<void>(runtime::call(made, flush{})); });
  app->on_up = [] { put_out({.kind = frame_kind::ready}); };
}

bool stop_all() { return mine().count > 1 && put_out({.kind = frame_kind::stop_all}); }

} // namespace perron::siblings::core
