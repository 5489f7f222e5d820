// SPDX-License-Identifier: BSD-3-Clause
#include "room.hpp"

#include "history.hpp"

#include <perron/runtime/receive.hpp>
#include <perron/supervisors/supervisor.hpp>

#include <algorithm>
#include <chrono>
#include <random>
#include <stdexcept>

namespace chat {

namespace rt = perron::runtime;
namespace sup = perron::supervisors;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kept_in_memory = 200;
constexpr std::size_t most_rooms = 1000;
/// A page polls every 25 s at the latest; who has not for this long has gone without saying so.
constexpr auto silence = 60s;

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string new_token() {
  static constexpr char digits[] = "0123456789abcdef";
  std::random_device random;
  std::string token;
  for (int i = 0; i < 4; ++i)
    for (unsigned bits = random(), k = 0; k < 8; ++k, bits >>= 4)
      token += digits[bits & 15U];
  return token;
}

} // namespace

room::room(std::string name) : name_(std::move(name)) {
  const rt::pid history = rt::whereis("history");
  const auto begun = rt::call(history, room_started{name_}).value();
  incarnation_ = begun.incarnation;
  newest_ = rt::call(history, load{name_, 0, static_cast<int>(kept_in_memory)}).value();
  ticking_ = rt::send_interval(10s, rt::self(), tick{});
  if (begun.again)
    say({0, "", "The room crashed and was restarted", now_ms(), "system"});
}

join::reply room::handle_call(const join& request) {
  for (const auto& [token, m] : members_)
    if (m.nick == request.nick)
      return {.taken = true, .member = {}, .history = {}, .members = {}};
  const std::string token = new_token();
  members_[token] = {request.nick, now_ms()};
  say({0, request.nick, "", now_ms(), "join"});
  return {false, token, newest_, nicks()};
}

post::reply room::handle_call(post request) {
  const auto it = members_.find(request.member);
  if (it == members_.end())
    return 0;
  it->second.seen_ms = now_ms();
  say({0, it->second.nick, std::move(request.text), now_ms(), "say"});
  return newest_.back().id;
}

listen::reply room::handle_call(const listen& request) {
  listen::reply out;
  out.incarnation = incarnation_;
  const auto it = members_.find(request.member);
  if (it == members_.end())
    return out;
  it->second.seen_ms = now_ms();
  out.member = true;
  out.members = nicks();
  const bool has_all = newest_.size() < kept_in_memory || newest_.front().id <= request.cursor;
  if (has_all)
    std::copy_if(newest_.begin(), newest_.end(), std::back_inserter(out.lines),
                 [&](const message& m) { return m.id > request.cursor; });
  else
    out.lines = rt::call(rt::whereis("history"), load{name_, request.cursor, 1000}).value();
  out.news = !out.lines.empty();
  if (!out.news && request.listener)
    listeners_.push_back(request.listener);
  return out;
}

void room::handle_cast(const leave& who) {
  const auto it = members_.find(who.member);
  if (it == members_.end())
    return;
  const std::string nick = it->second.nick;
  members_.erase(it);
  say({0, nick, "", now_ms(), "leave"});
}

void room::handle_cast(crash) {
  throw std::runtime_error("room '" + name_ + "': somebody pressed the button");
}

void room::handle_info(rt::any_message what) {
  if (what.get_if<tick>() != nullptr)
    drop_silent();
}

void room::say(message line) {
  newest_.push_back(rt::call(rt::whereis("history"), append{name_, std::move(line)}).value());
  if (newest_.size() > kept_in_memory)
    newest_.erase(newest_.begin());
  tell_listeners();
}

void room::tell_listeners() {
  for (const rt::pid listener : listeners_)
    rt::send(listener, update{});
  listeners_.clear();
}

void room::drop_silent() {
  const std::int64_t limit = now_ms() - std::chrono::milliseconds(silence).count();
  std::vector<std::string> gone;
  for (const auto& [token, m] : members_)
    if (m.seen_ms < limit)
      gone.push_back(token);
  for (const std::string& token : gone)
    handle_cast(leave{token});
  std::erase_if(listeners_, [](rt::pid p) { return !rt::alive(p); });
}

std::vector<std::string> room::nicks() const {
  std::vector<std::string> out;
  for (const auto& [token, m] : members_)
    out.push_back(m.nick);
  std::sort(out.begin(), out.end());
  return out;
}

sup::child_spec room_child(const std::string& name) {
  return sup::server_child<room>({.id = name, .restart = sup::transient, .spawn = {.name = "room:" + name}},
                                 name);
}

bool is_room_name(const std::string& name) {
  return !name.empty() && name.size() <= 40 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

rt::result<rt::pid> find_room(const std::string& name) {
  if (!is_room_name(name))
    return rt::error{"a room's name has 1 to 40 of a-z, 0-9 and '-'"};
  if (const rt::pid there = rt::whereis("room:" + name))
    return there;
  const rt::pid rooms = rt::whereis("rooms");
  if (const auto counts = sup::count_children(rooms); counts && counts->specs >= most_rooms)
    return rt::error{"there are too many rooms"};
  for (int attempt = 0; attempt < 100; ++attempt) {
    const sup::answer started = sup::start_child(rooms, room_child(name));
    if (started.who)
      return started.who;
    if (started.what == sup::answer::kind::already_present)
      sup::restart_child(rooms, name);
    else if (started.what != sup::answer::kind::restarting && started.what != sup::answer::kind::start_failed)
      return rt::error{"the room cannot be opened: " + started.why};
    rt::sleep_for(20ms);
  }
  return rt::error{"the room does not come up"};
}

} // namespace chat
