// SPDX-License-Identifier: BSD-3-Clause
#include "conformance/supervision/cast.hpp"

#include "conformance/supervision/words.hpp"

#include <perron/runtime/message.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string_view>
#include <tuple>
#include <utility>

namespace perron::conformance {

using runtime::error;
using runtime::exit_reason;
using runtime::pid;
using runtime::result;
using namespace supervisors;

namespace {

strategy_type strategy_of(std::string_view word) {
  for (const strategy_type each : {one_for_one, one_for_all, rest_for_one, simple_one_for_one})
    if (word == to_string(each))
      return each;
  throw std::invalid_argument("no strategy: " + std::string(word));
}

auto_shutdown_type auto_shutdown_of(std::string_view word) {
  return word == "any_significant"   ? auto_shutdown_type::any_significant
         : word == "all_significant" ? auto_shutdown_type::all_significant
                                     : auto_shutdown_type::never;
}

shutdown_rule shutdown_of(const std::string& word) {
  if (word == "brutal_kill")
    return brutal_kill;
  if (word == "infinity")
    return infinity;
  return std::chrono::milliseconds(std::stol(word));
}

std::string arguments_text(const arguments& given) {
  const auto* values = given.get_if<std::vector<std::string>>();
  if (values == nullptr || std::get<0>(*values).empty())
    return {};
  std::string out;
  for (const std::string& each : std::get<0>(*values))
    out += (out.empty() ? "" : " ") + each;
  return " (" + out + ")";
}

} // namespace

supervisor_options cast::options_of(const declaration& part) {
  supervisor_options out;
  if (const std::string word = part.get("strategy"); !word.empty())
    out.strategy = strategy_of(word);
  if (const std::string word = part.get("intensity"); !word.empty())
    out.intensity = static_cast<std::uint32_t>(std::stoul(word));
  if (const std::string word = part.get("period"); !word.empty())
    out.period = std::chrono::seconds(std::stol(word));
  out.auto_shutdown = auto_shutdown_of(part.get("auto_shutdown"));
  out.reports = [this, name = part.name](const report& what) { note_report(name, what); };
  out.clock = [this] { return now_; };
  return out;
}

std::vector<child_spec> cast::children_of(const declaration& part) {
  std::vector<child_spec> out;
  for (const declaration& each : play_.parts)
    if (each.listed && each.name != "top" && each.in() == part.name)
      out.push_back(spec_of(each));
  return out;
}

child_spec cast::spec_of(const declaration& part) {
  child_spec out;
  if (part.id() != "missing")
    out.id = part.id();
  if (part.get("start") != "missing")
    out.start = [this, &part](const arguments& given) { return start(part, given); };
  if (const std::string word = part.get("restart"); !word.empty())
    out.restart = word == "transient" ? transient : word == "temporary" ? temporary : permanent;
  if (const std::string word = part.get("shutdown"); !word.empty())
    out.shutdown = shutdown_of(word);
  if (part.what == declaration::kind::supervisor || part.get("type") == "supervisor")
    out.type = child_type::supervisor;
  out.significant = part.get("significant") == "true";
  return out;
}

cast::start_result cast::start(const declaration& part, const arguments& given) {
  const std::vector<std::string> results = split(part.get("start", "ok"), ',');
  const std::size_t nth = std::min(trace_.count_start(part.name), results.size());
  const std::string text = arguments_text(given);
  return obey(results[nth - 1], part, text, [&] {
    return part.what == declaration::kind::supervisor ? start_supervisor(part) : start_worker(part, text);
  });
}

cast::start_result cast::obey(std::string_view result, const declaration& part, const std::string& arguments,
                              const real_start& start) {
  const std::size_t colon = result.find(':');
  const std::string_view what = result.substr(0, colon);
  const std::string more(colon == std::string_view::npos ? "" : result.substr(colon + 1));
  if (what == "held") {
    trace_.note("held " + part.name);
    runtime::send(runner_, held_notice{runtime::self()});
    runtime::receive_one<go_on>();
    return obey(more, part, arguments, start);
  }
  if (what == "ignore") {
    trace_.note("start " + part.name + " ignored" + arguments);
    return ignore;
  }
  if (what == "error") {
    trace_.note("start " + part.name + " error " + more + arguments);
    return error{more};
  }
  if (what == "throws") {
    trace_.note("start " + part.name + " throws " + more + arguments);
    throw std::runtime_error(more);
  }
  const runtime::result<pid> made = start();
  if (!made)
    return made.error();
  return started(*made, more);
}

result<pid> cast::start_supervisor(const declaration& part) {
  result<pid> made = supervisors::start_supervisor(options_of(part), children_of(part));
  trace_.note(made ? "start " + trace_.runs(part.name, *made, runtime::self())
                   : "start " + part.name + " failed " + error_word(made.error().text));
  return made;
}

result<pid> cast::start_worker(const declaration& part, const std::string& arguments) {
  const pid supervisor = runtime::self();
  const pid made = runtime::spawn({.link = true, .trap_exit = part.get("stop") != "falls"},
                                  [this, &part, supervisor] { work(part, supervisor); });
  trace_.note("start " + trace_.runs(part.name, made, supervisor) + arguments);
  return made;
}

void cast::work(const declaration& part, pid supervisor) {
  const std::string stop = part.get("stop", "ends");
  const bool simple = play_.find(part.in())->get("strategy") == "simple_one_for_one";
  for (;;)
    runtime::receive([](end_order o) { runtime::exit(std::move(o.why)); },
                     [&](const unlink_order& o) {
                       runtime::unlink(supervisor);
                       runtime::send(o.from, unlinked_notice{});
                     },
                     [&](const runtime::exited& e) {
                       if (e.from != supervisor)
                         return;
                       if (e.reason == exit_reason::killed())
                         runtime::exit(e.reason);
                       trace_.note((simple ? "told* " : "told ") + trace_.name(runtime::self()) + ' ' +
                                   word(e.reason));
                       if (stop == "unlinks")
                         runtime::unlink(supervisor);
                       if (stop.starts_with("dies:"))
                         runtime::exit(reason_of(stop.substr(5)));
                       if (stop != "ignores")
                         runtime::exit(e.reason);
                     });
}

void cast::note_report(const std::string& supervisor, const report& what) {
  const report::child& who = what.offender;
  const bool many = who.nb_children > 0;
  trace_.note((many ? "report* " : "report ") + supervisor + ' ' + std::string(to_string(what.what)) + ' ' +
              who.id + ' ' + (many ? std::to_string(who.nb_children) + " children" : trace_.name(who.who)) +
              ' ' + word(what.reason) + " (" + terms(who.restart, who.significant, who.shutdown, who.type) +
              ')');
}

} // namespace perron::conformance
