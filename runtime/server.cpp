// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/server.hpp>

namespace perron::runtime::detail {

bool is_order_of_parent(const exited& signal) { return signal.from && signal.from == current().ancestors[0]; }

result<pid> wait_for_start(const monitored& child, bool keep_link) {
  return receive(
      when([&](const std::pair<pid, server_started>& m) { return m.first == child.who; },
           [&](const std::pair<pid, server_started>&) -> result<pid> {
             demonitor(child.ref);
             return child.who;
           }),
      when([&](const down& d) { return d.ref == child.ref; },
           [&](const down& d) -> result<pid> {
             if (keep_link) {
               // the failed start is told by the result, not by the link as well
               unlink(child.who);
               receive(when([&](const exited& e) { return e.from == child.who; }, [](const exited&) {}),
                       after(std::chrono::nanoseconds(0), [] {}));
             }
             return error{d.reason.to_string()};
           }));
}

} // namespace perron::runtime::detail
