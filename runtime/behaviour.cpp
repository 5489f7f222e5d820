// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/behaviour.hpp>

#include <perron/runtime/receive.hpp>

#include <cerrno>
#include <cstdint>
#include <string>

namespace perron::runtime::detail {
namespace {

/// Takes out of the mailbox what a child that has ended without being up may have left there: a failed start
/// is told by its result, and by nothing else.
void forget(pid child, bool linked) {
  if (linked) {
    unlink(child);
    receive(when([&](const exited& e) { return e.from == child; }, [](const exited&) {}),
            after(std::chrono::nanoseconds(0), [] {}));
  }
  receive(when([&](const start_word& word) { return word.from == child; }, [](const start_word&) {}),
          after(std::chrono::nanoseconds(0), [] {}));
}

enum class outcome : std::uint8_t { up, ignored, ended, late };

} // namespace

result<pid> wait_for_start(const monitored& child, const start_options& options) {
  exit_reason why;
  const auto seen_end = [&](const down& d) {
    why = d.reason;
    return outcome::ended;
  };
  const auto its_end = [&](const down& d) { return d.ref == child.ref; };
  const outcome first =
      receive(when([&](const start_word& word) { return word.from == child.who; },
                   [](const start_word& word) { return word.up ? outcome::up : outcome::ignored; }),
              when(its_end, seen_end), after(options.start_timeout, [] { return outcome::late; }));
  if (first == outcome::up) {
    demonitor(child.ref);
    return child.who;
  }
  if (first == outcome::late)
    exit(child.who, exit_reason::kill());
  if (first != outcome::ended)
    receive(when(its_end, seen_end)); // so that its name is free when we return
  forget(child.who, options.spawn.link);
  if (first == outcome::late)
    return error{"timeout", ETIMEDOUT};
  if (first == outcome::ignored)
    return pid();
  return error{why.to_string()};
}

error already_started(const std::string& name) {
  const pid holder = whereis(name);
  return {"already started: " + (holder ? to_string(holder) : name), EEXIST};
}

bool ends_by_kill() { return current().exit_is_final; }

} // namespace perron::runtime::detail
