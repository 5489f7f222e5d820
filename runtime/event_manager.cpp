// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/event_manager.hpp>

#include <perron/runtime/core/clock.hpp>
#include <perron/runtime/core/name_table.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/report/log.hpp>
#include <perron/runtime/report/rate_limit.hpp>
#include <perron/runtime/server.hpp>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <optional>

#include <spdlog/spdlog.h>

namespace perron::runtime {
namespace detail {
namespace {

struct handler_delete {
  std::string id;
};
struct handler_list {};

/// Nothing, or why a request about handlers was refused.
using refusal = std::optional<error>;

/// What a handler threw in `body`, if anything. What ends the manager itself goes through.
template <class F>
std::optional<exit_reason> failure_of(F&& body) {
  try {
    body();
    return std::nullopt;
  } catch (const core::hibernation&) {
    throw;
  } catch (const core::process_exit& e) {
    if (current().exit_pending || current().interrupted)
      throw;
    return e.reason;
  } catch (...) {
    return exit_reason::from_exception(std::current_exception());
  }
}

class event_manager {
public:
  using calls = protocol<handler_add, handler_delete, handler_call, handler_list, event_sync>;
  using casts = protocol<event_notice>;

  event_manager(std::function<void(const handler_report&)> report, std::string name)
      : report_(std::move(report)), name_(std::move(name)) {}

  void handle_cast(event_notice notice) { tell_all(notice.event); }
  void handle_call(event_sync notice) { tell_all(notice.event); }
  void handle_info(any_message mail) {
    if (const down* d = mail.get_if<down>(); d != nullptr && remove_those_of(*d))
      return;
    tell_all(mail);
  }

  void handle_call(handler_add request, const caller& from) { reply(from, add(request, from.from)); }
  refusal handle_call(const handler_delete& request) {
    const auto at = find(request.id);
    if (at == rows_.end())
      return error{"there is no handler of that id", ENOENT};
    remove(at, exit_reason::normal());
    return std::nullopt;
  }
  void handle_call(handler_call request, const caller& from);
  std::vector<std::string> handle_call(handler_list) const {
    std::vector<std::string> ids;
    for (const row& each : rows_)
      ids.push_back(each.id);
    return ids;
  }

  void terminate(const exit_reason& why) {
    while (!rows_.empty())
      remove(rows_.begin(), why);
  }

  friend std::string to_string(const event_manager& manager) {
    std::string text = "event manager of";
    for (const row& each : manager.rows_)
      text += " " + each.id;
    return text;
  }

private:
  struct row {
    std::string id;
    std::unique_ptr<event_handler> handler;
    pid adder{}; ///< who supervises it, if anybody
    monitor_ref watch{};
  };
  using place = std::vector<row>::iterator;

  refusal add(handler_add& request, pid adder);

  place find(const std::string& id) {
    return std::find_if(rows_.begin(), rows_.end(), [&](const row& each) { return each.id == id; });
  }
  void tell_all(any_message& event);
  bool remove_those_of(const down& d);
  /// Takes a handler out with its last words, and tells who supervises it; gives the place of the next one.
  place remove(place at, const exit_reason& why, std::any* left = nullptr);
  place remove_failed(place at, const exit_reason& why, const std::type_info& event);
  void report(const row& of, const exit_reason& why, std::string event) const;

  std::vector<row> rows_;
  std::function<void(const handler_report&)> report_;
  std::string name_;
};

refusal event_manager::add(handler_add& request, pid adder) {
  const bool swaps = !request.replaces.empty();
  place at = rows_.end();
  std::any left;
  if (swaps && (at = find(request.replaces)) != rows_.end())
    at = remove(at, exit_reason::shutdown("swapped"), &left);
  if (find(request.id) != rows_.end())
    return error{"the id is in use: " + request.id, EEXIST};
  std::unique_ptr<event_handler> made;
  const auto failed = failure_of([&] {
    made = request.maker->make();
    if (swaps)
      made->take_over(std::move(left));
  });
  if (failed)
    return error{failed->to_string()};
  row fresh{.id = std::move(request.id), .handler = std::move(made)};
  if (request.supervised) {
    fresh.adder = adder;
    fresh.watch = monitor(adder);
  }
  rows_.insert(at, std::move(fresh));
  return std::nullopt;
}

void event_manager::handle_call(handler_call request, const caller& from) {
  const auto at = find(request.id);
  if (at == rows_.end()) {
    reply(from, handler_failure{{"there is no handler of that id", ENOENT}});
    return;
  }
  const std::type_info& type = request.request.type();
  if (const auto failed = failure_of([&] { at->handler->call(request.request, from); })) {
    remove_failed(at, *failed, type);
    reply(from, handler_failure{{failed->to_string()}});
  }
}

void event_manager::tell_all(any_message& event) {
  const std::type_info& type = event.type(); // a handler may have taken the message away
  for (place at = rows_.begin(); at != rows_.end();) {
    handler_step step = handler_step::stay;
    if (const auto failed = failure_of([&] { step = at->handler->handle(event); }))
      at = remove_failed(at, *failed, type);
    else if (step == handler_step::leave)
      at = remove(at, exit_reason::normal());
    else
      ++at;
  }
}

bool event_manager::remove_those_of(const down& d) {
  const auto at = std::find_if(rows_.begin(), rows_.end(),
                               [&](const row& each) { return each.watch && each.watch == d.ref; });
  if (at == rows_.end())
    return false;
  at->adder = {};
  remove(at, d.reason);
  return true;
}

event_manager::place event_manager::remove(place at, const exit_reason& why, std::any* left) {
  row gone = std::move(*at);
  const place next = rows_.erase(at);
  if (gone.adder) {
    demonitor(gone.watch);
    send(gone.adder, handler_removed{self(), gone.id, why});
  }
  if (const auto failed = failure_of([&] {
        gone.handler->terminate(why);
        if (left != nullptr)
          *left = gone.handler->hand_over();
      }))
    report(gone, *failed, "terminate");
  return next;
}

event_manager::place event_manager::remove_failed(place at, const exit_reason& why,
                                                  const std::type_info& event) {
  report(*at, why, core::type_name(event));
  return remove(at, why);
}

void event_manager::report(const row& of, const exit_reason& why, std::string event) const {
  const handler_report what{self(), name_, of.id, of.handler->type_name(), std::move(event), why};
  static_cast<void>(failure_of([&] { report_ ? report_(what) : log_handler_report(what); }));
}

result<void> without_value(result<refusal> answer) {
  if (!answer)
    return answer.error();
  if (*answer)
    return std::move(**answer);
  return {};
}

} // namespace

result<void> add_handler(pid manager, handler_add request, std::chrono::nanoseconds timeout) {
  return without_value(call<refusal>(manager, std::move(request), timeout));
}

} // namespace detail

result<pid> start_event_manager(const event_manager_options& options) {
  spawn_options spawn = options.spawn;
  spawn.trap_exit = true;
  return start_server<detail::event_manager>(spawn, options.report, spawn.name);
}

result<void> delete_handler(pid manager, std::string id, std::chrono::nanoseconds timeout) {
  return detail::without_value(
      call<detail::refusal>(manager, detail::handler_delete{std::move(id)}, timeout));
}

result<std::vector<std::string>> which_handlers(pid manager, std::chrono::nanoseconds timeout) {
  return call<std::vector<std::string>>(manager, detail::handler_list{}, timeout);
}

std::string to_text(const handler_report& report) {
  std::string text = "event manager " + to_string(report.manager);
  if (!report.manager_name.empty())
    text += " '" + printable(report.manager_name) + "'";
  text += " removed a handler: " + printable(report.reason.to_string());
  text += "\n  handler  '" + printable(report.id) + "', " + printable(report.type);
  text += "\n  event    " + printable(report.event);
  return text;
}

void log_handler_report(const handler_report& report) {
  static rate_limit limit(50, 100);
  const std::optional<std::uint64_t> dropped = limit.admit(core::monotonic_ns());
  if (!dropped)
    return;
  std::string text = to_text(report);
  if (*dropped != 0)
    text += "\n  before this one, " + std::to_string(*dropped) + " further handler reports dropped";
  perron_log()->error(text);
}

} // namespace perron::runtime
