// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/channel/protocol.hpp>

#include <perron/httpd/json.hpp>
#include <perron/httpd/response.hpp>

#include <openssl/sha.h>

#include <algorithm>
#include <array>

namespace perron::httpd {
namespace {

[[noreturn]] void refuse(const std::string& why) { throw http_error(status::bad_request, why); }

std::string dumped(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

const nlohmann::json* member_of(const nlohmann::json& object, const char* name) {
  const auto at = object.find(name);
  return at == object.end() || at->is_null() ? nullptr : &*at;
}

std::string text_of(const nlohmann::json& object, const char* name, std::size_t most) {
  const nlohmann::json* value = member_of(object, name);
  if (value == nullptr || !value->is_string() || value->get_ref<const std::string&>().empty() ||
      value->get_ref<const std::string&>().size() > most)
    refuse("a message needs a text '" + std::string(name) + "' of 1 to " + std::to_string(most) + " bytes");
  return value->get<std::string>();
}

std::uint64_t number_of(const nlohmann::json& object, const char* name, std::uint64_t otherwise) {
  const nlohmann::json* value = member_of(object, name);
  if (value == nullptr)
    return otherwise;
  if (!value->is_number_unsigned())
    refuse("'" + std::string(name) + "' must be a whole number, not below zero");
  return value->get<std::uint64_t>();
}

void read_subscribe(const nlohmann::json& from, channel_request& to) {
  if (member_of(from, "cursor") != nullptr) {
    const auto cursor = parse_cursor(text_of(from, "cursor", 40));
    if (!cursor)
      refuse("'cursor' must be one that the channel gave");
    to.from.behind = *cursor;
  }
  to.from.replay = number_of(from, "replay", 0);
  if (const nlohmann::json* watch = member_of(from, "watch")) {
    if (!watch->is_boolean())
      refuse("'watch' must be true or false");
    to.watch = watch->get<bool>();
  }
  if (const nlohmann::json* member = member_of(from, "member")) {
    if (!member->is_object())
      refuse("'member' must be an object");
    const nlohmann::json* meta = member_of(*member, "meta");
    to.member = presence_member{text_of(*member, "key", 200), meta == nullptr ? "null" : dumped(*meta)};
    if (member_of(*member, "owner") != nullptr) {
      to.owner = text_of(*member, "owner", 64);
      if (!is_client_id(to.owner))
        refuse("'owner' must be 16 to 64 of A-Z a-z 0-9 - _");
    }
    if (to.member->meta.size() > 1000)
      refuse("'meta' must not have more than 1000 bytes");
  }
}

channel_request request_of(const nlohmann::json& message) {
  if (!message.is_object())
    refuse("a message must be a JSON object");
  channel_request out;
  const std::string type = text_of(message, "type", 20);
  if (type == "ping")
    return out;
  out.topic = text_of(message, "topic", 128);
  if (type == "subscribe") {
    out.what = channel_request::kind::subscribe;
    read_subscribe(message, out);
  } else if (type == "unsubscribe") {
    out.what = channel_request::kind::unsubscribe;
  } else if (type == "publish") {
    out.what = channel_request::kind::publish;
    out.number = number_of(message, "number", 0);
    if (out.number == 0)
      refuse("a publish needs a 'number' above zero");
    if (!message.contains("data"))
      refuse("a publish needs 'data'");
    out.data = message["data"];
  } else {
    refuse("there are no messages of this type");
  }
  return out;
}

} // namespace

channel_request parse_channel_request(std::string_view text) { return request_of(parse_json(text)); }

std::vector<channel_request> parse_channel_requests(const nlohmann::json& list, std::size_t most) {
  if (!list.is_array() || list.size() > most)
    refuse("there must be an array of up to " + std::to_string(most) + " messages");
  std::vector<channel_request> out;
  out.reserve(list.size());
  for (const nlohmann::json& message : list)
    out.push_back(request_of(message));
  return out;
}

std::string public_name_of(std::string_view client) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
  SHA256(reinterpret_cast<const unsigned char*>(client.data()), client.size(), hash.data());
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < 12; ++i)
    (out += digits[hash[i] >> 4]) += digits[hash[i] & 15];
  return out;
}

bool is_client_id(std::string_view text) noexcept {
  return text.size() >= 16 && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                  c == '_';
         });
}

std::string welcome_message(std::string_view from) { return dumped({{"type", "welcome"}, {"from", from}}); }

std::string subscribed_message(std::string_view topic, const topic_cursor& at) {
  return dumped({{"type", "subscribed"}, {"topic", topic}, {"cursor", to_string(at)}});
}

std::string gap_message(std::string_view topic, const topic_batch& batch) {
  nlohmann::json out{{"type", "gap"}, {"topic", topic}};
  if (batch.missed)
    out["missed"] = *batch.missed;
  if (batch.entries.empty())
    out["cursor"] = to_string(batch.next);
  return dumped(out);
}

std::string presence_message(std::string_view topic, const presence_change& change) {
  nlohmann::json joined = nlohmann::json::array();
  for (const presence_member& m : change.joined)
    joined.push_back({{"key", m.key}, {"meta", nlohmann::json::parse(m.meta, nullptr, false)}});
  nlohmann::json out{
      {"type", "presence"}, {"topic", topic}, {"joined", std::move(joined)}, {"left", change.left}};
  if (change.full) {
    out["full"] = true;
    out["settled"] = change.settled;
  }
  return dumped(out);
}

std::string refused_message(std::string_view topic, std::string_view why) {
  return dumped({{"type", "refused"}, {"topic", topic}, {"why", why}});
}

std::string receipt_message(std::string_view topic, std::uint64_t number, const topic_receipt& receipt) {
  nlohmann::json out{
      {"type", receipt.refused.empty() ? "ack" : "rejected"}, {"topic", topic}, {"number", number}};
  if (!receipt.refused.empty())
    out["why"] = receipt.refused;
  if (receipt.at)
    out["cursor"] = to_string(receipt.at);
  return dumped(out);
}

std::string error_message(std::string_view why) { return dumped({{"type", "error"}, {"why", why}}); }

} // namespace perron::httpd
