// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/nodes/covering.hpp>

#include <perron/runtime/process.hpp>
#include <perron/runtime/timer.hpp>
#include <perron/supervisors/core/log.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace perron::httpd::program {
namespace {

constexpr const char* topic = "perron.room";
constexpr std::chrono::milliseconds between_looks{250};

void look_later() { runtime::send_after(between_looks, runtime::self(), look_for_room{}); }

} // namespace

void covering::begin() {
  siblings::subscribe(topic);
  siblings::watch();
}

/// What is not heard costs a client time, no more.
void covering::tell(const std::string& address, bool full) {
  if (const auto told = siblings::publish(topic, room_news{full, address}.to_text()); !told)
    supervisors::core::log_error("perron: tell other nodes of " + address + ": " + told.error().text);
}

void covering::heard(const siblings::node_change& what) {
  who_.set_up(what.node, what.up);
  // who has just begun has not heard it
  if (what.up)
    for (const full_here& each : full_)
      tell(each.address, true);
}

void covering::heard(const siblings::news& what) {
  const room_news told = room_news::of_text(*what.bytes);
  who_.set_full(what.from, told.address, told.full);
}

void covering::heard(const core::server_full& what, const listener_list& of) {
  const auto which =
      std::find_if(of.begin(), of.end(), [&](const auto& l) { return l->server() == what.server; });
  if (which == of.end() || !(*which)->is_spread())
    return;
  const std::string& address = (*which)->key;
  const auto known =
      std::find_if(full_.begin(), full_.end(), [&](const full_here& f) { return f.address == address; });
  if (known != full_.end()) {
    known->again = true;
    return;
  }
  if (full_.empty())
    look_later();
  full_.push_back({address});
  tell(address, true);
}

void covering::look(const listener_list& of) {
  std::erase_if(full_, [&](full_here& f) {
    const auto which = std::find_if(of.begin(), of.end(), [&](const auto& l) { return l->key == f.address; });
    if (which != of.end()) {
      const auto room = core::has_room((*which)->server());
      const bool is_full = !room || !*room; // a server that has just crashed is started again
      if (std::exchange(f.again, is_full) || is_full)
        return false;
    }
    tell(f.address, false);
    return true;
  });
  if (!full_.empty())
    look_later();
}

void covering::settle(const listener_list& of) const {
  for (const auto& l : of)
    if (l->is_spread())
      l->cover(who_.of(self_, l->key));
}

} // namespace perron::httpd::program
