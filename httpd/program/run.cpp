// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/assemble.hpp>
#include <perron/httpd/program/commands.hpp>
#include <perron/httpd/program/control.hpp>
#include <perron/httpd/program/figures.hpp>
#include <perron/httpd/program/hangup.hpp>
#include <perron/httpd/program/keeper.hpp>
#include <perron/httpd/program/listeners.hpp>
#include <perron/httpd/program/logs/error_log.hpp>
#include <perron/httpd/program/pid_file.hpp>
#include <perron/httpd/program/service/activation.hpp>
#include <perron/httpd/program/service/children.hpp>
#include <perron/httpd/program/service/notify.hpp>
#include <perron/httpd/program/service/privileges.hpp>
#include <perron/runtime/core/clock.hpp>
#include <perron/runtime/message.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/server.hpp>
#include <perron/supervisors/app.hpp>
#include <perron/supervisors/core/log.hpp>
#include <perron/supervisors/dynamic_supervisor.hpp>

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <thread>
#include <utility>

namespace perron::httpd::program {
namespace {

/// Beyond this nobody waits for a stop, however long drain_time is.
constexpr std::chrono::hours longest_stop{24};

int failed(const std::string& why) {
  std::fprintf(stderr, "perron: %s\n", why.c_str());
  return exit_failed;
}

/// Nobody waits for it; what comes of it is in the log.
void reload_aside() {
  if (const runtime::pid who = the_keeper())
    runtime::send(who, hung_up{});
}

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

/// What is to be said once all listeners are open.
void announce(const running_program& p) {
  std::vector<endpoint> bound;
  for (const auto& l : p.listeners) {
    bound.push_back(l->bound());
    if (!p.options.ready)
      std::printf("listening on %s\n", l->url().c_str());
  }
  std::fflush(stdout);
  if (p.options.ready)
    p.options.ready(bound);
  p.state->store(readiness::ready);
  static_cast<void>(p.manager.ready(std::to_string(p.listeners.size()) + " listeners"));
}

/// Bottom up: servers before who starts them, and who is asked last.
app::children tree_of(const std::shared_ptr<running_program>& p,
                      std::optional<std::chrono::microseconds> watchdog, hangup& signals) {
  app::children tree;
  tree.push_back(supervisors::dynamic_supervisor_child(
      "listeners", {.name = std::string(keeper::servers_name), .intensity = 10}));
  supervisors::child_spec spec;
  spec.id = "keeper";
  spec.spawn.name = std::string(keeper::name);
  tree.push_back(supervisors::server_child<keeper>(std::move(spec), p));
  if (watchdog)
    tree.push_back(watchdog_child(p->manager, *watchdog, p->parts.workers));
  if (!p->current.server.control.empty())
    tree.push_back(control_child(p->current.server, [] { app::stop(); }));
  tree.push_back(farewell_child(p->manager, p->state));
  tree.push_back(supervisors::server_child<heeding>("hangup", &signals));
  return tree;
}

/// What needs the rights that the program was started with: files, sockets, then it gives them up.
runtime::result<void> prepare(running_program& p, std::vector<inherited_socket> handed_in) {
  auto made = assemble(p.current, p.parts);
  if (!made)
    return made.error();
  auto opened = open_all(std::move(*made), p.parts.workers, handed_in);
  if (!opened)
    return opened.error();
  for (const inherited_socket& left : handed_in)
    supervisors::core::log_error("perron: nobody listens on the socket that was handed in for " +
                                 left.address);
  p.listeners = std::move(*opened);
  if (const auto folder = make_control_folder(p.current.server); !folder) {
    // who has no rights and asked for nothing is not to fail by the usual place
    if (::geteuid() == 0 || p.current.server.control != process_settings{}.control)
      return folder.error();
    supervisors::core::log_info("perron: no control socket: " + folder.error().text +
                                "; [server] control can name another place");
    p.current.server.control.clear();
  }
  const auto settled = settle_privileges(p.current.server.user, p.current.server.group);
  if (!settled)
    return settled.error();
  if (!settled->empty())
    supervisors::core::log_info("perron: " + *settled);
  return {};
}

} // namespace

int run(configuration first, run_options options) {
  // before there are other threads, which then leave them to the main thread
  sigset_t stops;
  ::sigemptyset(&stops);
  ::sigaddset(&stops, SIGTERM);
  ::sigaddset(&stops, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &stops, nullptr);
  const auto watchdog = take_watchdog_interval();
  auto p = std::make_shared<running_program>();
  p->manager = notifier::take_from_environment();
  auto handed_in = take_inherited_sockets();
  if (!handed_in)
    return failed(handed_in.error().text);
  raise_file_limit();

  error_log log;
  if (const auto done = log.configure(log_options_of(first)); !done)
    return failed("log: " + done.error().text);
  hangup on_hangup(&reload_aside);
  const unsigned workers =
      first.server.workers != 0 ? first.server.workers : std::max(1U, std::thread::hardware_concurrency());
  p->log = &log;
  p->options = std::move(options);
  p->state = std::make_shared<readiness_state>(readiness::starting);
  p->parts = {std::make_shared<log_writer>(workers), workers, std::make_shared<site_counters>(workers),
              p->state, &gather_figures};
  p->current = std::move(first);
  p->status.file = p->current.file;
  p->status.started = p->status.loaded = runtime::core::wall_now();
  const auto mine = pid_file::write(p->current.server.pid_file);
  if (!mine)
    return failed(mine.error().text);
  if (const auto done = prepare(*p, std::move(*handed_in)); !done)
    return failed(done.error().text);

  app::spec what;
  what.name = "perron";
  what.node.workers = workers;
  what.stop_within = longest_stop;
  what.children = [p, watchdog, &on_hangup] { return tree_of(p, watchdog, on_hangup); };
  what.phases = {{"announce", [p] { announce(*p); }}};
  std::array<const char*, 1> no_arguments{"perron"};
  return app::run(static_cast<int>(no_arguments.size()), no_arguments.data(), std::move(what));
}

} // namespace perron::httpd::program
