// SPDX-License-Identifier: BSD-3-Clause
#include "rooms.hpp"

#include "history.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <string>

namespace chat {

namespace rt = perron::runtime;
namespace httpd = perron::httpd;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t longest_nick = 96;
constexpr std::size_t longest_text = 8000;

bool is_room_name(const std::string& name) {
  return !name.empty() && name.size() <= 40 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

std::string trimmed(std::string text) {
  text.erase(0, text.find_first_not_of(" \t\r\n"));
  text.erase(text.find_last_not_of(" \t\r\n") + 1);
  return text;
}

nlohmann::json who(httpd::request& r) {
  const std::string nick = trimmed(r.query().get("nick").value_or(""));
  if (nick.empty() || nick.size() > longest_nick)
    throw httpd::http_error(400, "'nick' must have 1 to " + std::to_string(longest_nick) + " bytes");
  return {{"nick", nick}};
}

rt::result<void> may(const httpd::channel_wish& wish) {
  const std::string nick = wish.user["nick"];
  if (wish.what == httpd::channel_wish::kind::subscribe) {
    wish.member = httpd::presence_member{nick, "null"};
    return {};
  }
  if (!wish.data.is_object() || !wish.data.contains("text") || !wish.data["text"].is_string())
    return rt::error{"what is said must be a JSON object with a text 'text'"};
  const std::string text = trimmed(wish.data["text"]);
  if (text.empty() || text.size() > longest_text)
    return rt::error{"'text' must have 1 to " + std::to_string(longest_text) + " bytes"};
  wish.data = {{"kind", "say"}, {"nick", nick}, {"text", text}};
  return {};
}

} // namespace

httpd::topics rooms() {
  httpd::topics_options how;
  how.most_topics = 1000;
  how.options_of = [store = history_store()](const std::string& name) -> rt::result<httpd::topic_options> {
    if (!is_room_name(name))
      return rt::error{"a room's name has 1 to 40 of a-z, 0-9 and '-'"};
    httpd::topic_options room;
    room.most_entries = 200;
    room.grace = 3s;
    room.unique_members = true;
    room.store = store;
    return room;
  };
  return httpd::topics("rooms", std::move(how));
}

httpd::channel door(const httpd::topics& to) {
  httpd::channel_options how;
  how.identify = who;
  how.authorise = may;
  how.polls.window = 5s;
  return httpd::channel("door", to, std::move(how));
}

} // namespace chat
