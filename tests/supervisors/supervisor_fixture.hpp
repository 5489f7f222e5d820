// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "support/bad_processes.hpp"
#include "support/node_fixture.hpp"

#include <perron/runtime/message.hpp>
#include <perron/supervisors/supervisor.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace perron::supervisors {

inline void PrintTo(const answer& said, std::ostream* out) {
  *out << to_string(said.what) << " " << runtime::to_string(said.who) << " " << said.why;
}

/// What happened, in order. Any thread.
class diary {
public:
  void write(std::string line) {
    const std::lock_guard hold(lock_);
    lines_.push_back(std::move(line));
  }
  std::vector<std::string> take() {
    const std::lock_guard hold(lock_);
    return std::exchange(lines_, {});
  }

private:
  std::mutex lock_;
  std::vector<std::string> lines_;
};
using diary_ptr = std::shared_ptr<diary>;

/// A server that writes down when it starts and ends.
struct noted_server {
  noted_server(std::string id, diary_ptr notes) : id_(std::move(id)), notes_(std::move(notes)) {
    notes_->write("start " + id_);
  }
  void terminate(const runtime::exit_reason& why) {
    notes_->write("end " + id_ + " (" + why.to_string() + ")");
  }

  struct crash {};
  using casts = runtime::protocol<crash>;
  [[noreturn]] void handle_cast(crash) { throw std::runtime_error("as ordered"); }

private:
  std::string id_;
  diary_ptr notes_;
};

/// From a child to the test: it runs its first line.
struct hello {
  std::string id;
  runtime::pid who;
};

/// Says hello, then waits until it is ended.
inline auto greeter(std::string id, runtime::pid to) {
  return [id = std::move(id), to] {
    runtime::send(to, hello{id, runtime::self()});
    testing::bad::hang{}();
  };
}

/// Tests in processes that trap exits, so that a supervisor may end without them.
class supervisor_fixture : public testing::node_fixture {
protected:
  using lines = std::vector<std::string>;

  template <class F>
  void run(F&& body) {
    node_fixture::run({.trap_exit = true}, std::forward<F>(body));
  }

  child_spec noted(std::string id, restart_type restart = permanent) const {
    return server_child<noted_server>({.id = id, .restart = restart}, id, notes);
  }

  /// Options whose reports go into the diary as "context id (reason)".
  supervisor_options options(supervisor_options how = {}) const {
    how.reports = [to = notes](const report& what) {
      to->write(std::string(to_string(what.what)) + " " + what.offender.id + " (" + what.reason.to_string() +
                ")");
    };
    return how;
  }

  static runtime::pid started(supervisor_options how, std::vector<child_spec> children) {
    runtime::result<runtime::pid> made = start_supervisor(std::move(how), std::move(children));
    EXPECT_TRUE(made) << made.error().text;
    return made ? *made : runtime::pid();
  }

  static runtime::pid who(runtime::pid supervisor, std::string_view id) {
    const std::vector<child_info> all = which_children(supervisor).value();
    for (const child_info& each : all)
      if (each.id == id)
        return each.who;
    return {};
  }

  /// Orders a supervisor to end, as its parent, and gives the reason it ended with.
  static runtime::exit_reason stop(runtime::pid supervisor) {
    const runtime::monitor_ref ref = runtime::monitor(supervisor);
    runtime::exit(supervisor, runtime::exit_reason::shutdown());
    return testing::reason_of(ref);
  }

  const diary_ptr notes = std::make_shared<diary>();
};

} // namespace perron::supervisors
