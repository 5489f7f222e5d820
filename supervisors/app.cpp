// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/app.hpp>

#include <perron/runtime/process.hpp>
#include <perron/supervisors/core/app_state.hpp>
#include <perron/supervisors/core/command_line.hpp>
#include <perron/supervisors/core/log.hpp>
#include <perron/supervisors/core/main_thread.hpp>
#include <perron/supervisors/core/polled_signals.hpp>
#include <perron/supervisors/core/root_keeper.hpp>
#include <perron/supervisors/core/settings.hpp>
#include <perron/supervisors/siblings.hpp>
#include <perron/supervisors/siblings/begin.hpp>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>

namespace perron::app {

namespace core = supervisors::core;
using core::settings;
using runtime::result;

namespace {

constexpr int failed = 1;
constexpr int bad_usage = 2;
constexpr std::array stop_signals{SIGTERM, SIGINT};

std::mutex running_lock;
std::weak_ptr<core::app_state> running;           ///< guarded by running_lock
std::shared_ptr<const settings> current_settings; ///< guarded by running_lock

std::shared_ptr<core::app_state> running_app() {
  const std::lock_guard hold(running_lock);
  return running.lock();
}

std::shared_ptr<const settings> settings_now() {
  const std::lock_guard hold(running_lock);
  if (!current_settings)
    throw std::logic_error("perron: settings are there while app::run runs a program");
  return current_settings;
}

void set_settings(std::shared_ptr<const settings> what) {
  const std::lock_guard hold(running_lock);
  current_settings = std::move(what);
}

std::optional<std::string> variable(const std::string& name) {
  const char* text = std::getenv(name.c_str());
  return text != nullptr ? std::optional<std::string>(text) : std::nullopt;
}

int usage_error(const std::string& program, const std::string& why) {
  std::fprintf(stderr, "%s: %s\nTry '%s --help'.\n", program.c_str(), core::printable(why).c_str(),
               program.c_str());
  return bad_usage;
}

int failure(const std::string& program, const std::string& why) {
  core::log_error(program + ": " + core::printable(why));
  return failed;
}

/// The program between its settings and its exit code; one node of it, if there is a socket to a parent.
int run_tree(spec what, children tree, int parent) {
  const bool is_sibling = parent >= 0;
  if (is_sibling)
    what.name += ", node " + std::to_string(siblings::self());
  const std::string name = what.name;
  // before the node, whose threads inherit the mask; a sibling leaves SIGINT to its parent
  core::polled_signals signals{std::span(stop_signals).first(is_sibling ? 1 : stop_signals.size())};
  const auto shared = std::make_shared<core::app_state>();
  core::main_thread me(signals, *shared, what.stop_within);
  runtime::node node(what.node);
  {
    const std::lock_guard hold(running_lock);
    running = shared;
  }
  if (is_sibling)
    siblings::core::begin_link(node, parent, shared);
  const runtime::pid keeper = node.spawn(
      {.name = {}, .trap_exit = true},
      [k = std::make_unique<core::root_keeper>(std::move(what), std::move(tree), shared)] { k->run(); });
  const std::optional<core::app_outcome> how =
      me.wait_for_end([&] { runtime::exit(keeper, runtime::exit_reason::shutdown()); });
  const runtime::leftovers left = me.stop(node, std::chrono::milliseconds(how ? 1000 : 0));
  if (!how)
    core::log_error(name + ": did not stop in time; what was left has been killed");
  else if (!how->in_order)
    core::log_error(name + ": " + core::printable(how->why));
  else
    core::log_info(name + ": stopped");
  if (left.processes != 0)
    core::log_error(name + ": " + std::to_string(left.processes) + " processes could not be ended");
  if (!how || !how->in_order)
    return failed;
  // a node that somebody else than its parent has stopped is to be started again
  return is_sibling && me.stopped_by() != 0 ? 128 + me.stopped_by() : 0;
}

int run_with_settings(spec what, const settings::arguments& given) {
  const std::string name = what.name;
  result<settings> read = settings::read(name, what.settings, given, variable);
  if (!read)
    return usage_error(name, read.error().text);
  set_settings(std::make_shared<const settings>(std::move(*read)));
  try {
    if (const auto configure = what.configure)
      configure(what);
    int parent = -1;
    if (what.processes > 1) {
      const siblings::core::parent::outcome began = siblings::core::run_parent(what);
      if (!began.in_node)
        return began.exit_code;
      parent = began.socket;
    }
    children tree = what.children();
    return run_tree(std::move(what), std::move(tree), parent);
  } catch (const bad_setting& e) {
    return usage_error(name, e.what());
  }
}

} // namespace

int run(int argc, const char* const* argv, spec what) {
  const std::string name = what.name;
  int code = failed;
  try {
    if (const result<void> good = core::check_settings(what.settings); !good)
      return failure(name, good.error().text);
    if (name.empty() || !what.children)
      return failure(name, "the spec has no name or no children");
    const result<core::command_line> line = core::read_command_line(
        {name, what.version, what.description, what.settings}, {argv + (argc > 0 ? 1 : 0), argv + argc});
    if (!line)
      return usage_error(name, line.error().text);
    if (!line->to_print.empty()) {
      std::fputs(line->to_print.c_str(), stdout);
      std::fflush(stdout);
      return 0;
    }
    code = run_with_settings(std::move(what), line->given);
  } catch (const std::exception& e) {
    code = failure(name, e.what());
  }
  set_settings(nullptr);
  return code;
}

void stop() {
  const std::shared_ptr<core::app_state> current = running_app();
  if (current && !siblings::core::stop_all())
    current->want_stop();
}

runtime::pid root() {
  const std::shared_ptr<core::app_state> current = running_app();
  return current ? current->root() : runtime::pid();
}

void refuse(std::string_view key, std::string_view why) {
  const std::shared_ptr<const settings> all = settings_now();
  const settings::entry& found = all->at(key);
  throw bad_setting(found.source + ": '" + found.text + "': " + std::string(why));
}

namespace detail {
namespace {

template <class T>
const T& held(const settings& all, std::string_view key, const char* kind) {
  if (const T* value = std::get_if<T>(&all.at(key).held); value != nullptr)
    return *value;
  throw std::logic_error("perron: the setting '" + std::string(key) + "' is not " + kind);
}

} // namespace

bool bool_setting(std::string_view key) { return held<bool>(*settings_now(), key, "a bool"); }

std::int64_t whole_setting(std::string_view key, std::int64_t least, std::int64_t most) {
  const std::shared_ptr<const settings> all = settings_now();
  const std::int64_t value = held<std::int64_t>(*all, key, "a whole number");
  if (value < least || value > most)
    throw bad_setting(all->at(key).source + ": " + core::not_within(all->at(key).text, least, most));
  return value;
}

double real_setting(std::string_view key) { return held<double>(*settings_now(), key, "a real number"); }

std::string text_setting(std::string_view key) { return held<std::string>(*settings_now(), key, "a text"); }

} // namespace detail

} // namespace perron::app
