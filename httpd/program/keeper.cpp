// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/keeper.hpp>

#include <perron/httpd/program/config/print.hpp>
#include <perron/httpd/program/logs/log_file_of.hpp>
#include <perron/httpd/program/module_slot.hpp>
#include <perron/runtime/blocking.hpp>
#include <perron/runtime/core/clock.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/runtime/tls/server_context.hpp>
#include <perron/supervisors/core/log.hpp>
#include <perron/supervisors/request_supervisor.hpp>
#include <perron/supervisors/supervisor.hpp>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace perron::httpd::program {
namespace {

/// How long clients may take to ask once more on connections of a server that goes.
constexpr std::chrono::seconds last_requests_time{5};
constexpr std::chrono::milliseconds look_again{50};

/// Lets a server's connections and requests end and then the server, without anybody waiting.
void retire(runtime::pid servers, runtime::pid server, std::chrono::milliseconds time) {
  runtime::spawn([=] {
    static_cast<void>(wind_down(server));
    for (auto left = std::min<std::chrono::milliseconds>(last_requests_time, time); left.count() > 0;
         left -= look_again) {
      const auto now = stats_of(server);
      if (!now || now->connections == 0)
        break;
      runtime::sleep_for(look_again);
    }
    static_cast<void>(supervisors::drain(server, time));
    supervisors::terminate_child(servers, server);
  });
}

std::string without_line_end(std::string text) {
  while (text.ends_with('\n'))
    text.pop_back();
  return text;
}

/// Where only the files may have changed, the context stays, so that clients can resume their sessions; it
/// has read the files anew then. The new one has shown that they are good.
void keep_tickets(const assembled_listener& before, assembled_listener& to) {
  if (before.options.tls == nullptr || to.options.tls == nullptr || before.tls != to.tls ||
      before.certificates != to.certificates)
    return;
  if (runtime::blocking([&] { return before.options.tls->reload(); }))
    to.options.tls = before.options.tls;
}

/// In a process, as modules may start some.
runtime::result<void> load_modules(const assembled_listener& of) {
  for (const auto& module : of.modules)
    if (auto loaded = module->load(); !loaded)
      return loaded;
  return {};
}

bool is_alive(runtime::pid who) { return who && server_port(who).has_value(); }

} // namespace

error_log_options log_options_of(const configuration& from, bool shared) {
  return {.file = log_file_of(from, from.log.error, shared), .level = from.log.level};
}

runtime::pid the_keeper() { return runtime::whereis(keeper::name); }

keeper::keeper(std::shared_ptr<running_program> of)
    : of_(std::move(of)), servers_(runtime::whereis(servers_name)), covering_(of_->self) {
  for (const auto& l : of_->listeners)
    if (const auto loaded = load_modules(l->now()); !loaded)
      throw runtime::bad_result(loaded.error());
  for (const auto& l : of_->listeners)
    if (!is_alive(l->server()))
      if (const auto started = start(l); !started)
        throw runtime::bad_result(started.error());
  if (of_->shared != nullptr)
    covering_.begin();
}

runtime::result<void> keeper::start(const std::shared_ptr<open_listener>& what) {
  supervisors::child_spec spec;
  spec.id = what->key;
  spec.shutdown = supervisors::infinity; // its drain_time bounds it
  spec.start = [what] { return what->start(); };
  const supervisors::answer started = supervisors::start_child(servers_, std::move(spec));
  return started ? runtime::result<void>() : runtime::error{started.why};
}

program_status keeper::handle_call(status_call) const {
  program_status out = of_->status;
  for (const auto& l : of_->listeners) {
    listener_status each{l->now().name, l->url(), {}};
    if (const auto stats = stats_of(l->server()))
      each.stats = *stats;
    out.listeners.push_back(std::move(each));
  }
  out.log = of_->parts.logs->counts();
  return out;
}

std::vector<route_line> keeper::handle_call(routes_call) const {
  std::vector<route_line> out;
  for (const auto& l : of_->listeners)
    for (route_line line : l->now().routes) {
      line.listener = l->url();
      out.push_back(std::move(line));
    }
  return out;
}

runtime::result<void> keeper::handle_call(reload_call) {
  if (of_->shared != nullptr)
    return lead();
  program_status& status = of_->status;
  static_cast<void>(of_->manager.reloading());
  if (const auto opened = runtime::blocking([&] { return of_->parts.logs->reopen(); }); !opened)
    supervisors::core::log_error("perron: reopen access logs: " + opened.error().text);
  if (const auto opened = of_->log->reopen(); !opened)
    supervisors::core::log_error("perron: reopen the log: " + opened.error().text);
  auto done = reload();
  static_cast<void>(of_->manager.ready());
  ++status.reloads;
  if (!done)
    done = runtime::error{without_line_end(done.error().text), done.error().code};
  status.last = {runtime::core::wall_now(), done.has_value(), done ? "" : done.error().text};
  if (done) {
    ++status.generation;
    status.loaded = status.last.at;
    of_->state->store(readiness::ready);
    status.draining = false;
    supervisors::core::log_info("perron: the configuration has been loaded anew");
  } else {
    ++status.failed;
    supervisors::core::log_error("perron: reload: " + status.last.why + " (all goes on as it was)");
  }
  return done;
}

void keeper::handle_cast(hung_up) { static_cast<void>(handle_call(reload_call{})); }

runtime::result<void> keeper::reload() {
  if (!of_->options.load)
    return runtime::error{"there is no configuration to load anew"};
  auto next = runtime::blocking([&] { return of_->options.load(); });
  if (!next)
    return next.error();
  return take(std::move(*next));
}

/// Puts a configuration in the place of the one in force here, or changes nothing.
runtime::result<void> keeper::take(configuration next) {
  auto made = runtime::blocking([&] { return assemble(next, of_->parts); });
  if (!made)
    return made.error();
  for (const assembled_listener& each : *made)
    if (auto loaded = load_modules(each); !loaded)
      return loaded;
  if (auto done = put_in_force(std::move(*made)); !done)
    return done;
  of_->current = std::move(next);
  if (const auto done = of_->log->configure(log_options_of(of_->current, of_->shared != nullptr)); !done)
    supervisors::core::log_error("perron: reload: log: " + done.error().text);
  return {};
}

/// The reload of one for all: what others read is written when it is in force here.
runtime::result<void> keeper::lead() {
  leads_ = true;
  auto done = reload();
  leads_ = false;
  if (!done)
    return runtime::error{without_line_end(done.error().text), done.error().code};
  const shared_text& where = *of_->shared->configuration_in_force;
  of_->status.generation = runtime::blocking([&] {
    ledger now = ledger::read(where);
    now.file = of_->current.file;
    now.toml = to_toml(of_->current);
    now.loaded = runtime::core::wall_now();
    ++now.generation;
    of_->shared->shown->generation = now.generation; // first: who sees it looks into the ledger
    now.write(where);
    return now.generation;
  });
  return {};
}

runtime::result<void> keeper::handle_call(catch_up_call) {
  if (of_->status.generation == of_->shared->shown->generation)
    return {};
  const ledger now = runtime::blocking([&] { return ledger::read(*of_->shared->configuration_in_force); });
  if (now.generation == of_->status.generation)
    return {};
  auto next = now.read_configuration();
  if (!next)
    return next.error();
  auto done = take(std::move(*next));
  if (done) {
    of_->status.generation = now.generation;
    of_->status.draining = false;
  }
  return done;
}

runtime::result<std::shared_ptr<open_listener>> keeper::open(assembled_listener what) const {
  if (of_->shared == nullptr)
    return open_listener::open(std::move(what), of_->parts.workers);
  return runtime::blocking(
      [&] { return open_listener::share(std::move(what), of_->parts.workers, *of_->shared, of_->self); });
}

runtime::result<void> keeper::put_in_force(std::vector<assembled_listener> next) {
  listener_list& now = of_->listeners;
  listener_list all;   // those of afterwards
  listener_list fresh; // of these, the new ones
  std::vector<std::pair<std::shared_ptr<open_listener>, assembled_listener>> kept;
  for (assembled_listener& each : next) {
    const std::string key = key_of(each);
    const auto at = std::find_if(now.begin(), now.end(), [&](const auto& l) { return l->key == key; });
    if (at != now.end()) {
      all.push_back(*at);
      kept.emplace_back(*at, std::move(each));
      continue;
    }
    auto opened = open(std::move(each));
    if (!opened) {
      if (leads_)
        for (const auto& l : fresh)
          l->close();
      return opened.error();
    }
    all.push_back(*opened);
    fresh.push_back(std::move(*opened));
  }
  for (const auto& l : fresh)
    if (auto started = start(l); !started) {
      for (const auto& begun : fresh) {
        if (begun->server())
          supervisors::terminate_child(servers_, begun->server());
        if (leads_)
          begun->close();
      }
      return started;
    }
  // what fails from here on is a server that has just crashed; its supervisor starts it with the new hosts
  for (auto& [l, what] : kept)
    if (const auto changed = change(*l, std::move(what)); !changed)
      supervisors::core::log_error("perron: reload: " + l->url() + ": " + changed.error().text);
  const listener_list before = std::exchange(now, std::move(all));
  covering_.settle(now);
  for (const auto& l : before)
    if (std::find(now.begin(), now.end(), l) == now.end()) {
      l->close();
      retire(servers_, l->server(), l->now().options.drain_time);
    }
  return {};
}

runtime::result<void> keeper::change(open_listener& what, assembled_listener to) {
  const runtime::pid server = what.server();
  keep_tickets(what.now(), to);
  what.set(std::move(to));
  const assembled_listener now = what.now();
  auto replaced = replace(server, now.sites, now.options);
  if (replaced || replaced.error().code != EINVAL)
    return replaced;
  const auto same = std::find_if(of_->listeners.begin(), of_->listeners.end(),
                                 [&](const auto& l) { return l.get() == &what; });
  if (auto started = start(*same); !started)
    return started;
  // what its connections still ask is answered by the new sites as well
  auto handed_over = replace(server, now.sites);
  retire(servers_, server, now.options.drain_time);
  return handed_over;
}

void keeper::handle_call(drain_call, runtime::caller from) {
  of_->status.draining = true;
  of_->state->store(readiness::draining);
  struct leaving {
    runtime::pid server;
    std::chrono::milliseconds time;
  };
  std::vector<leaving> all;
  for (const auto& l : std::exchange(of_->listeners, {})) {
    if (l->now().is_admin) {
      of_->listeners.push_back(l);
      continue;
    }
    l->close();
    all.push_back({l->server(), l->now().options.drain_time});
  }
  runtime::spawn([all, from, servers = servers_] {
    for (const leaving& l : all)
      runtime::spawn_monitor([l, servers] {
        static_cast<void>(supervisors::drain(l.server, l.time));
        supervisors::terminate_child(servers, l.server);
      });
    for (std::size_t i = 0; i < all.size(); ++i)
      runtime::receive_one<runtime::down>();
    runtime::reply(from, runtime::result<void>());
  });
}

void keeper::handle_cast(const siblings::node_change& what) {
  covering_.heard(what);
  covering_.settle(of_->listeners);
  // who led a reload may have died before it told the others
  if (const auto done = handle_call(catch_up_call{}); !done)
    supervisors::core::log_error("perron: what is in force cannot be taken over: " + done.error().text);
}

void keeper::handle_cast(const siblings::news& what) {
  covering_.heard(what);
  covering_.settle(of_->listeners);
}

} // namespace perron::httpd::program
