// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/run_record.hpp>

#include <perron/runtime/result.hpp>

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace perron::soak {

/// Who listens on TCP `port`, as far as /proc shows it to us: the processes that have the socket open,
/// rising. Looks at the descriptors of every process: call it before the load.
std::vector<pid_t> listeners_on(std::uint16_t port);

/// What a server's processes use, read from /proc. They are looked for anew at each read, so one that was
/// started again counts. Belongs to one thread.
class server_watch {
public:
  /// That process and its descendants.
  static runtime::result<server_watch> of_process(pid_t pid);

  /// Those who listen on `port`, the processes of the same program they descend from, and all descendants.
  static runtime::result<server_watch> of_listener(std::uint16_t port);

  /// What is cheap: three small files per process, and one directory where the kernel (before 6.2) does not
  /// count descriptors. pss_bytes and private_bytes stay empty.
  server_figures read() const;

  /// The same with pss_bytes and private_bytes, for which the kernel walks all pages of all processes while
  /// they may not map any: for the ends of phases, and seldom between.
  server_figures read_with_memory() const;

  server_facts facts() const;
  std::vector<pid_t> pids() const;

private:
  static server_figures read_of(const std::vector<pid_t>& members);

  explicit server_watch(std::vector<pid_t> roots) : roots_(std::move(roots)) {}

  std::vector<pid_t> roots_;
};

/// What the machine as a whole uses, from /proc. Some hundred microseconds.
machine_figures read_machine();

} // namespace perron::soak
