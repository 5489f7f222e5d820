// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/supervisor.hpp>

#include <perron/runtime/call.hpp>
#include <perron/runtime/core/clock.hpp>
#include <perron/runtime/core/type_name.hpp>
#include <perron/runtime/message.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/supervisors/core/log.hpp>
#include <perron/supervisors/core/starting.hpp>
#include <perron/supervisors/core/supervision.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <stdexcept>
#include <unordered_set>
#include <utility>

namespace perron::supervisors {

using runtime::caller;
using runtime::error;
using runtime::exit_reason;
using runtime::exited;
using runtime::pid;
using runtime::result;

namespace {

// -- what a supervisor is asked

struct start_request {
  child_spec spec;
};
enum class child_action : std::uint8_t { terminate, restart, forget };
struct child_request {
  child_action action;
  std::string id;
};
struct list_request {};
struct count_request {};
struct spec_request {
  std::string id;
};
struct retry_request {
  std::string id;
};

result<void> check_child(const child_spec& spec, auto_shutdown_type auto_shutdown) {
  const auto wrong = [&](const char* what) { return error{"child '" + spec.id + "': " + what}; };
  if (spec.id.empty())
    return error{"missing_id: a child has no id"};
  if (!spec.start)
    return wrong("missing_start: it has no start function");
  if (spec.shutdown.what() == shutdown_rule::kind::timed && spec.shutdown.time().count() < 0)
    return wrong("invalid_shutdown: the time is negative");
  if (spec.significant && spec.restart == permanent)
    return wrong("bad_combination: significant with restart permanent, which would never end anything");
  if (spec.significant && auto_shutdown == auto_shutdown_type::never)
    return wrong("bad_combination: significant under a supervisor with auto_shutdown never");
  return {};
}

// -- the process

class supervisor_process final : core::environment {
public:
  supervisor_process(supervisor_options options, pid parent)
      : options_(std::move(options)), parent_(parent), children_(options_, *this) {}

  void run(std::vector<child_spec> specs) {
    if (const result<void> up = children_.start_all(std::move(specs)); !up)
      runtime::exit(exit_reason::shutdown(up.error().text));
    runtime::send(parent_, core::start_acknowledged{runtime::self()});
    const exit_reason why = serve();
    children_.stop_all();
    runtime::exit(why);
  }

private:
  exit_reason serve() {
    core::verdict next = core::verdict::go_on;
    const exit_reason* order = nullptr;
    exit_reason ordered;
    while (next == core::verdict::go_on && order == nullptr)
      runtime::receive(
          [&](exited e) {
            // a signal of no process comes from the node or the program around it
            if (e.from == parent_ || !e.from) {
              ordered = std::move(e.reason);
              order = &ordered;
            } else {
              next = children_.child_ended(e.from, e.reason);
            }
          },
          [&](const retry_request& r) { next = children_.retry(r.id); },
          [&](caller from, start_request&& r) { runtime::reply(from, start_new(std::move(r.spec))); },
          [&](caller from, const child_request& r) { runtime::reply(from, act(r)); },
          [&](caller from, const list_request&) { runtime::reply(from, children_.which_children()); },
          [&](caller from, const count_request&) { runtime::reply(from, children_.count_children()); },
          [&](caller from, const spec_request& r) { runtime::reply(from, spec_of(r.id)); },
          [&](runtime::any_message m) {
            core::log_error("supervisor " + to_string(runtime::self()) + ": unexpected message of type " +
                            runtime::core::type_name(m.type()));
          });
    return order != nullptr ? ordered : exit_reason::shutdown();
  }

  answer start_new(child_spec spec) {
    if (const result<void> good = check_child(spec, options_.auto_shutdown); !good)
      return {answer::kind::bad_spec, {}, good.error().text};
    return children_.start_child(std::move(spec));
  }

  answer act(const child_request& r) {
    switch (r.action) {
    case child_action::terminate:
      return children_.terminate_child(r.id);
    case child_action::restart:
      return children_.restart_child(r.id);
    case child_action::forget:
      return children_.delete_child(r.id);
    }
    return {};
  }

  result<child_spec> spec_of(const std::string& id) const {
    if (const child_spec* spec = children_.spec_of(id); spec != nullptr)
      return *spec;
    return error{"not_found"};
  }

  // -- core::environment

  result<pid> start(const child_spec& spec) override {
    try {
      return spec.start();
    } catch (const runtime::core::process_exit& e) {
      // an order to this process to end is obeyed; a start function that ends "itself" has failed
      runtime::core::check_exit(runtime::detail::current());
      return error{e.reason.to_string()};
    } catch (...) {
      return error{exit_reason::from_exception(std::current_exception()).to_string()};
    }
  }

  exit_reason stop(pid who, shutdown_rule rule) override {
    const runtime::monitor_ref ref = runtime::monitor(who);
    const bool brutal = rule.what() == shutdown_rule::kind::brutal_kill;
    runtime::exit(who, brutal ? exit_reason::kill() : exit_reason::shutdown());
    exit_reason why;
    const auto is_gone = runtime::when([&](const runtime::down& d) { return d.ref == ref; },
                                       [&](runtime::down d) {
                                         why = std::move(d.reason);
                                         return true;
                                       });
    bool gone = false;
    if (rule.what() == shutdown_rule::kind::timed) {
      auto in_time = is_gone;
      gone = runtime::receive(in_time, runtime::after(rule.time(), [] { return false; }));
      if (!gone)
        runtime::exit(who, exit_reason::kill());
    }
    if (!gone) {
      auto at_last = is_gone;
      runtime::receive(at_last);
    }
    // Its exit signal says best why, and came before the down message. Without one the child had cut the
    // link.
    if (!take_exit_of(who, why)) {
      runtime::unlink(who);
      take_exit_of(who, why);
    }
    return why;
  }

  static bool take_exit_of(pid who, exit_reason& why) {
    return runtime::receive(runtime::when([&](const exited& e) { return e.from == who; },
                                          [&](exited e) {
                                            why = std::move(e.reason);
                                            return true;
                                          }),
                            runtime::after(std::chrono::seconds(0), [] { return false; }));
  }

  void retry_later(const std::string& id) override { runtime::send(runtime::self(), retry_request{id}); }

  std::int64_t now_seconds() override {
    constexpr std::uint64_t second = 1'000'000'000;
    return options_.clock ? options_.clock()
                          : static_cast<std::int64_t>(runtime::core::monotonic_ns() / second);
  }

  bool alive(pid who) override { return runtime::alive(who); }

  void tell(report::context what, const exit_reason& why, report::child offender) override {
    const report told{runtime::self(), options_.name, what, why, std::move(offender)};
    try {
      if (options_.reports)
        options_.reports(told);
      else
        log_report(told);
    } catch (const std::exception& e) {
      core::log_error(std::string("a sink for supervisor reports threw: ") + e.what());
    }
  }

  const supervisor_options options_;
  const pid parent_;
  core::supervision children_;
};

template <class Answer, class Request>
result<Answer> ask(pid supervisor, Request request) {
  return runtime::call<Answer>(supervisor, std::move(request), runtime::no_timeout);
}

template <class Request>
answer ask_about_child(pid supervisor, Request request) {
  result<answer> got = ask<answer>(supervisor, std::move(request));
  if (!got)
    return {answer::kind::unreachable, {}, got.error().text};
  return std::move(*got);
}

} // namespace

result<void> check(const supervisor_options& options, const std::vector<child_spec>& children) {
  if (options.period.count() <= 0)
    return error{"invalid_period: it must be one second or more"};
  std::unordered_set<std::string_view> ids;
  for (const child_spec& each : children) {
    if (const result<void> good = check_child(each, options.auto_shutdown); !good)
      return good.error();
    if (!ids.insert(each.id).second)
      return error{"duplicate_child_name: two children have the id '" + each.id + "'"};
  }
  return {};
}

namespace core {

result<runtime::monitored> begin_supervisor(supervisor_options options, std::vector<child_spec> children) {
  if (const result<void> good = check(options, children); !good)
    return good.error();
  const runtime::spawn_options how{.name = options.name, .link = true, .trap_exit = true};
  auto made = std::make_unique<supervisor_process>(std::move(options), runtime::self());
  try {
    return runtime::spawn_monitor(how, [made = std::move(made), specs = std::move(children)]() mutable {
      made->run(std::move(specs));
    });
  } catch (const std::invalid_argument& e) {
    return error{e.what()};
  }
}

} // namespace core

result<pid> start_supervisor(supervisor_options options, std::vector<child_spec> children) {
  const result<runtime::monitored> begun = core::begin_supervisor(std::move(options), std::move(children));
  if (!begun)
    return begun.error();
  const runtime::monitored made = *begun;
  return runtime::receive(
      runtime::when([&](const core::start_acknowledged& a) { return a.who == made.who; },
                    [&](const core::start_acknowledged&) -> result<pid> {
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

child_spec supervisor_child(child_spec spec, supervisor_options options, std::vector<child_spec> children) {
  spec.type = child_type::supervisor;
  spec.start = [options = std::move(options), children = std::move(children)] {
    return start_supervisor(options, children);
  };
  return spec;
}

child_spec supervisor_child(std::string id, supervisor_options options, std::vector<child_spec> children) {
  return supervisor_child(detail::with_id(std::move(id)), std::move(options), std::move(children));
}

// -- calls

answer start_child(pid supervisor, child_spec spec) {
  return ask_about_child(supervisor, start_request{std::move(spec)});
}

answer terminate_child(pid supervisor, std::string_view id) {
  return ask_about_child(supervisor, child_request{child_action::terminate, std::string(id)});
}

answer restart_child(pid supervisor, std::string_view id) {
  return ask_about_child(supervisor, child_request{child_action::restart, std::string(id)});
}

answer delete_child(pid supervisor, std::string_view id) {
  return ask_about_child(supervisor, child_request{child_action::forget, std::string(id)});
}

result<std::vector<child_info>> which_children(pid supervisor) {
  return ask<std::vector<child_info>>(supervisor, list_request{});
}

result<child_counts> count_children(pid supervisor) { return ask<child_counts>(supervisor, count_request{}); }

result<child_spec> get_child_spec(pid supervisor, std::string_view id) {
  result<result<child_spec>> got = ask<result<child_spec>>(supervisor, spec_request{std::string(id)});
  if (!got)
    return got.error();
  return std::move(*got);
}

std::string_view to_string(strategy_type strategy) noexcept {
  switch (strategy) {
  case strategy_type::one_for_one:
    return "one_for_one";
  case strategy_type::one_for_all:
    return "one_for_all";
  case strategy_type::rest_for_one:
    return "rest_for_one";
  }
  return "unknown";
}

std::string_view to_string(answer::kind what) noexcept {
  switch (what) {
  case answer::kind::ok:
    return "ok";
  case answer::kind::not_found:
    return "not_found";
  case answer::kind::running:
    return "running";
  case answer::kind::restarting:
    return "restarting";
  case answer::kind::already_started:
    return "already_started";
  case answer::kind::already_present:
    return "already_present";
  case answer::kind::bad_spec:
    return "bad_spec";
  case answer::kind::start_failed:
    return "start_failed";
  case answer::kind::unreachable:
    return "unreachable";
  }
  return "unknown";
}

} // namespace perron::supervisors
