// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/nodes/shared_program.hpp>

#include <perron/runtime/core/clock.hpp>

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

namespace perron::httpd::program {

runtime::result<std::shared_ptr<shared_program>> shared_program::make(unsigned nodes) {
  auto out = std::make_shared<shared_program>();
  out->nodes = nodes;
  out->parent = ::getpid();
  out->started = runtime::core::wall_now();
  auto shown = board::make();
  if (!shown)
    return shown.error();
  out->shown = std::move(*shown);
  for (const auto& [name, to] : {std::pair("perron-configuration", &out->configuration_in_force),
                                 std::pair("perron-figures", &out->figures_seen)}) {
    auto made = shared_text::make(name);
    if (!made)
      return made.error();
    *to = std::move(*made);
  }
  auto shelf = socket_shelf::make();
  if (!shelf)
    return shelf.error();
  out->shelf = std::move(*shelf);
  return out;
}

bool shared_program::is_there(unsigned node) const noexcept {
  const pid_t pid = shown->nodes[node].pid.load();
  return pid != 0 && (::kill(pid, 0) == 0 || errno == EPERM);
}

bool shared_program::is_spokesman(unsigned self) const noexcept {
  for (unsigned i = 0; i < self; ++i)
    if (is_there(i))
      return false;
  return true;
}

void shared_program::begins(unsigned self) const noexcept {
  board::node& mine = shown->nodes[self];
  mine.leaving = false;
  mine.pid = ::getpid();
  ++mine.starts;
}

bool shared_program::is_ready(unsigned self) const noexcept {
  shown->nodes[self].ready = true;
  for (unsigned i = 0; i < nodes; ++i)
    if (!shown->nodes[i].ready)
      return false;
  return !shown->announced.exchange(true);
}

bool shared_program::is_leaving(unsigned self) const noexcept {
  shown->nodes[self].leaving = true;
  for (unsigned i = 0; i < nodes; ++i)
    if (is_there(i) && !shown->nodes[i].leaving)
      return false;
  return !shown->stopping.exchange(true);
}

} // namespace perron::httpd::program
