// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/siblings/restarts.hpp>

#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>

namespace perron::siblings::core {

node_end node_end::of(int wait_status) noexcept {
  if (WIFEXITED(wait_status)) {
    const int code = WEXITSTATUS(wait_status);
    if (code == 128 + SIGTERM)
      return {kind::killed, SIGTERM};
    return {code == 0 ? kind::finished : kind::failed, code};
  }
  const int signal = WTERMSIG(wait_status);
  constexpr std::array faults{SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS};
  const bool is_fault = std::find(faults.begin(), faults.end(), signal) != faults.end();
  return {is_fault ? kind::crashed : kind::killed, signal};
}

std::string node_end::to_string() const {
  if (how == kind::finished || how == kind::failed)
    return "ended with exit code " + std::to_string(number);
  const char* name = ::strsignal(number);
  return (how == kind::crashed ? "crashed by signal " : "was ended by signal ") + std::to_string(number) +
         " (" + (name != nullptr ? name : "?") + ')';
}

void restarts::started(unsigned node, time now) {
  nodes_[node].runs = true;
  nodes_[node].since = now;
}

restarts::verdict restarts::ended(unsigned node, const node_end& how, time now, double chance) {
  history& h = nodes_[node];
  if (h.runs && now - h.since >= how_.restart.healthy_after) {
    h.tries = 0;
    h.failures = 0;
  }
  h.runs = false;
  if (how.how != node_end::kind::killed)
    ++h.failures;
  const auto wait = wait_before(how_.restart, h.tries++, chance);
  return {h.failures >= how_.most_failures && !has_healthy(now),
          std::max(wait, std::chrono::milliseconds(1))};
}

bool restarts::has_healthy(time now) const {
  return std::any_of(nodes_.begin(), nodes_.end(),
                     [&](const history& h) { return h.runs && now - h.since >= how_.restart.healthy_after; });
}

} // namespace perron::siblings::core
