// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/run.hpp>

#include <perron/httpd/program/commands.hpp>
#include <perron/httpd/program/control.hpp>
#include <perron/httpd/program/figures.hpp>
#include <perron/httpd/program/nodes/run_several.hpp>
#include <perron/httpd/program/pid_file.hpp>
#include <perron/httpd/program/service/privileges.hpp>
#include <perron/httpd/program/tree.hpp>
#include <perron/runtime/core/clock.hpp>
#include <perron/runtime/message.hpp>
#include <perron/supervisors/core/log.hpp>

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

/// Nobody waits for it; what comes of it is in the log.
void reload_aside() {
  if (const runtime::pid who = the_keeper())
    runtime::send(who, hung_up{});
}

/// What needs the rights that the program was started with: files, sockets, then it gives them up.
runtime::result<void> prepare(running_program& p, std::vector<inherited_socket> handed_in) {
  auto made = assemble(p.current, p.parts);
  if (!made)
    return made.error();
  auto opened = open_all(std::move(*made), p.parts.workers, handed_in);
  if (!opened)
    return opened.error();
  tell_of_left_sockets(handed_in);
  p.listeners = std::move(*opened);
  if (const auto folder = settle_control_folder(p); !folder)
    return folder.error();
  const auto settled = settle_privileges(p.current.server.user, p.current.server.group);
  if (!settled)
    return settled.error();
  if (!settled->empty())
    supervisors::core::log_info("perron: " + *settled);
  return {};
}

int run_one(const std::shared_ptr<running_program>& p, unsigned workers,
            std::optional<std::chrono::microseconds> watchdog, std::vector<inherited_socket> handed_in) {
  hangup on_hangup(&reload_aside);
  p->state = std::make_shared<readiness_state>(readiness::starting);
  p->parts = {std::make_shared<log_writer>(workers),
              workers,
              std::make_shared<site_counters>(workers),
              p->state,
              &gather_figures,
              {},
              false};
  if (const auto done = prepare(*p, std::move(handed_in)); !done)
    return say_failure(done.error().text);
  app::spec what = spec_of(*p, workers);
  what.children = [p, watchdog, &on_hangup] { return tree_of(p, watchdog, on_hangup); };
  return run_spec(std::move(what));
}

} // namespace

int say_failure(const std::string& why) {
  std::fprintf(stderr, "perron: %s\n", why.c_str());
  return exit_failed;
}

void tell_of_left_sockets(const std::vector<inherited_socket>& left) {
  for (const inherited_socket& each : left)
    supervisors::core::log_error("perron: nobody listens on the socket that was handed in for " +
                                 each.address);
}

runtime::result<void> settle_control_folder(running_program& p) {
  const auto folder = make_control_folder(p.current.server);
  if (folder)
    return {};
  // who has no rights and asked for nothing is not to fail by the usual place
  if (::geteuid() == 0 || p.current.server.control != process_settings{}.control)
    return folder.error();
  supervisors::core::log_info("perron: no control socket: " + folder.error().text +
                              "; [server] control can name another place");
  p.current.server.control.clear();
  return {};
}

app::spec spec_of(const running_program& p, unsigned workers) {
  app::spec what;
  what.name = "perron";
  what.node.workers = workers;
  what.stop_within = longest_stop;
  what.phases = {{"announce", [&p] { announce(p); }}};
  return what;
}

int run_spec(app::spec what) {
  std::array<const char*, 1> no_arguments{"perron"};
  return app::run(static_cast<int>(no_arguments.size()), no_arguments.data(), std::move(what));
}

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
    return say_failure(handed_in.error().text);
  raise_file_limit();

  error_log log;
  if (const auto done = log.configure(log_options_of(first)); !done)
    return say_failure("log: " + done.error().text);
  const unsigned processes = std::max(1U, first.server.processes);
  const unsigned workers = first.server.workers != 0
                               ? first.server.workers
                               : std::max(1U, std::thread::hardware_concurrency() / processes);
  p->log = &log;
  p->options = std::move(options);
  p->current = std::move(first);
  p->status.file = p->current.file;
  p->status.started = p->status.loaded = runtime::core::wall_now();
  const auto mine = pid_file::write(p->current.server.pid_file);
  if (!mine)
    return say_failure(mine.error().text);
  return processes > 1 ? run_several(p, workers, watchdog, std::move(*handed_in))
                       : run_one(p, workers, watchdog, std::move(*handed_in));
}

} // namespace perron::httpd::program
