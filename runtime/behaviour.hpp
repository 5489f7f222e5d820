// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/call.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/result.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

/// What servers, state machines and event managers share: how they start, and how they end. Users include the
/// header of the behaviour.
namespace perron::runtime {

/// How to start a behaviour, when spawn_options do not say enough.
struct start_options {
  spawn_options spawn{};
  /// How long its constructor may take. Then it is killed, and its start is an error with code ETIMEDOUT
  /// (OTP: {timeout, Time}).
  std::chrono::nanoseconds start_timeout = no_timeout;
};

/// Thrown by a constructor that finds that there is nothing to run: the start gives an empty pid, and no
/// error (OTP: ignore).
struct ignore_start {};

/// Thrown by a callback that wants its behaviour to end in order; by a constructor, the start fails with it.
struct stop_server {
  exit_reason reason = exit_reason::normal();
};

namespace detail {

/// What a new behaviour tells who started it.
struct start_word {
  pid from;
  bool up = false; ///< false: it ends, and is not to be missed
};

result<pid> wait_for_start(const monitored& child, const start_options& options);
/// The answer to a start whose name is taken (OTP: {already_started, Pid}).
error already_started(const std::string& name);
/// Whether the caller ends by kill, which lets nobody speak.
bool ends_by_kill();

template <class S>
concept has_last_words = requires(S& object, const exit_reason& why) {
  object.terminate(why);
};

template <class S>
void say_last_words([[maybe_unused]] S& object, [[maybe_unused]] const exit_reason& why) {
  if constexpr (has_last_words<S>)
    object.terminate(why);
}

/// Runs `loop` until it throws, which is the end of the behaviour.
template <class S, class Loop>
requires(!has_last_words<S>) void run_to_the_end(std::unique_ptr<S>&, Loop&& loop) {
  try {
    loop();
  } catch (const stop_server& stop) {
    throw core::process_exit{stop.reason};
  } // all else goes on as it is: catching it to throw it again would double what an end costs
}
template <has_last_words S, class Loop>
void run_to_the_end(std::unique_ptr<S>& held, Loop&& loop) {
  try {
    loop();
  } catch (const core::hibernation&) {
    throw;
  } catch (const core::process_exit& e) {
    if (!ends_by_kill())
      held->terminate(e.reason);
    throw;
  } catch (const stop_server& stop) {
    held->terminate(stop.reason);
    throw core::process_exit{stop.reason};
  } catch (...) {
    held->terminate(exit_reason::from_exception(std::current_exception()));
    throw;
  }
}

/// The function of a behaviour's process: makes an S and gives it to Run::run. A type of its own, so that
/// reports can name what was started.
template <class S, class Run, class... Args>
struct behaviour_start {
  pid parent;
  bool linked;
  std::tuple<Args...> args;

  void operator()() {
    if (linked)
      link(parent);
    auto object = make();
    send(parent, start_word{self(), object != nullptr});
    if (object)
      Run::run(std::move(object));
  }

private:
  /// If this fails the parent is told by the result of the start, not by its link.
  std::unique_ptr<S> make() {
    try {
      return std::apply([](auto&... each) { return std::make_unique<S>(std::move(each)...); }, args);
    } catch (const ignore_start&) {
      unlink_parent();
      return nullptr;
    } catch (const stop_server& stop) {
      unlink_parent();
      throw core::process_exit{stop.reason};
    } catch (...) {
      unlink_parent();
      throw;
    }
  }
  void unlink_parent() const {
    if (linked)
      unlink(parent);
  }
};

template <class S, class Run, class... Args>
result<pid> start_behaviour(const start_options& options, Args&&... args) {
  spawn_options mine = options.spawn;
  mine.link = false;
  try {
    const monitored child =
        spawn_monitor(mine, behaviour_start<S, Run, std::decay_t<Args>...>{
                                self(), options.spawn.link,
                                std::tuple<std::decay_t<Args>...>(std::forward<Args>(args)...)});
    return wait_for_start(child, options);
  } catch (const core::name_taken&) {
    return already_started(mine.name);
  }
}

} // namespace detail
} // namespace perron::runtime
