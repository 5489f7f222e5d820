// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/supervisor.hpp>

#include <perron/runtime/call.hpp>
#include <perron/runtime/message.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/supervisors/core/check.hpp>
#include <perron/supervisors/core/dynamic_supervision.hpp>
#include <perron/supervisors/core/requests.hpp>
#include <perron/supervisors/core/starting.hpp>
#include <perron/supervisors/core/supervision.hpp>
#include <perron/supervisors/core/supervisor_process.hpp>

#include <memory>
#include <utility>

namespace perron::supervisors {

using runtime::error;
using runtime::exit_reason;
using runtime::pid;
using runtime::result;

namespace core {

namespace {

std::unique_ptr<child_table> table_for(const supervisor_options& options, environment& world) {
  if (options.strategy != simple_one_for_one)
    return std::make_unique<supervision>(options, world);
  dynamic_rules rules;
  rules.simple = true;
  rules.auto_shutdown = options.auto_shutdown;
  rules.intensity = options.intensity;
  rules.period = options.period;
  return std::make_unique<dynamic_supervision>(rules, world);
}

} // namespace

result<runtime::monitored> begin_supervisor(supervisor_options options, std::vector<child_spec> children) {
  if (const result<void> good = check(options, children); !good)
    return good.error();
  const bool by_id = options.strategy != simple_one_for_one;
  process_world::settings world{options.name, std::move(options.reports), options.progress, by_id,
                                std::move(options.clock)};
  return begin_process(
      {.world = std::move(world),
       .facts = {options.name, std::string(to_string(options.strategy)), options.intensity, options.period},
       .check = [auto_shutdown = options.auto_shutdown](
                    const child_spec& spec) { return check_child(spec, auto_shutdown, true); },
       .make_table = [options](environment& to) { return table_for(options, to); },
       .children = std::move(children)});
}

} // namespace core

result<pid> start_supervisor(supervisor_options options, std::vector<child_spec> children) {
  const result<runtime::monitored> begun = core::begin_supervisor(std::move(options), std::move(children));
  if (!begun)
    return begun.error();
  return core::wait_for_supervisor(*begun);
}

result<void> stop_supervisor(pid supervisor, exit_reason why) {
  const runtime::monitor_ref ref = runtime::monitor(supervisor);
  runtime::send(supervisor, core::stop_request{why});
  return runtime::receive(runtime::when([&](const runtime::down& d) { return d.ref == ref; },
                                        [&](const runtime::down& d) -> result<void> {
                                          if (d.reason == why)
                                            return {};
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

namespace {

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

result<child_spec> ask_for_spec(pid supervisor, core::spec_request request) {
  result<result<child_spec>> got = ask<result<child_spec>>(supervisor, std::move(request));
  if (!got)
    return got.error();
  return std::move(*got);
}

} // namespace

answer start_child(pid supervisor, child_spec spec) {
  return ask_about_child(supervisor, core::start_request{std::move(spec)});
}

answer start_child(pid supervisor, arguments given) {
  return ask_about_child(supervisor, core::start_with_request{std::move(given)});
}

answer terminate_child(pid supervisor, std::string_view id) {
  return ask_about_child(supervisor, core::child_request{core::child_action::terminate, std::string(id)});
}

answer terminate_child(pid supervisor, pid child) {
  return ask_about_child(supervisor, core::end_request{child});
}

answer restart_child(pid supervisor, std::string_view id) {
  return ask_about_child(supervisor, core::child_request{core::child_action::restart, std::string(id)});
}

answer delete_child(pid supervisor, std::string_view id) {
  return ask_about_child(supervisor, core::child_request{core::child_action::forget, std::string(id)});
}

result<std::vector<child_info>> which_children(pid supervisor) {
  return ask<std::vector<child_info>>(supervisor, core::list_request{});
}

result<child_page> which_children(pid supervisor, page wanted) {
  return ask<child_page>(supervisor, core::page_request{wanted});
}

result<child_counts> count_children(pid supervisor) {
  return ask<child_counts>(supervisor, core::count_request{});
}

result<child_spec> get_child_spec(pid supervisor, std::string_view id) {
  return ask_for_spec(supervisor, {std::string(id), {}});
}

result<child_spec> get_child_spec(pid supervisor, pid child) { return ask_for_spec(supervisor, {{}, child}); }

result<supervisor_facts> facts_of(pid supervisor, std::chrono::milliseconds limit) {
  return runtime::call<supervisor_facts>(supervisor, core::facts_request{}, limit);
}

std::string_view to_string(strategy_type strategy) noexcept {
  switch (strategy) {
  case strategy_type::one_for_one:
    return "one_for_one";
  case strategy_type::one_for_all:
    return "one_for_all";
  case strategy_type::rest_for_one:
    return "rest_for_one";
  case strategy_type::simple_one_for_one:
    return "simple_one_for_one";
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
  case answer::kind::simple_one_for_one:
    return "simple_one_for_one";
  case answer::kind::max_children:
    return "max_children";
  case answer::kind::unreachable:
    return "unreachable";
  }
  return "unknown";
}

} // namespace perron::supervisors
