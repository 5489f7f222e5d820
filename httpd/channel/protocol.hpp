// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/channel/messages.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The messages of PROTOCOL.md as values and as text. No sockets, no processes.
namespace perron::httpd {

/// What a client asks of a channel.
struct channel_request {
  enum class kind : std::uint8_t { subscribe, unsubscribe, publish, ping };
  kind what = kind::ping;
  std::string topic{};
  topic_start from{};                      ///< of subscribe
  bool watch = false;                      ///< of subscribe
  std::optional<presence_member> member{}; ///< of subscribe
  std::string owner{};      ///< of subscribe: to whom the member's key belongs; empty: the client
  std::uint64_t number = 0; ///< of publish
  nlohmann::json data{};    ///< of publish
};

/// One request, or several in an array. Throws http_error 400 with what is wrong, never anything else.
channel_request parse_channel_request(std::string_view text);
std::vector<channel_request> parse_channel_requests(const nlohmann::json& list, std::size_t most);

/// How others know a client: a text that is made of its secret id, always the same, and does not give it
/// away.
std::string public_name_of(std::string_view client);
/// 16 to 64 of A-Z a-z 0-9 - _: what nobody guesses is the client's business.
bool is_client_id(std::string_view text) noexcept;

// -- what a channel tells

std::string welcome_message(std::string_view from);
std::string subscribed_message(std::string_view topic, const topic_cursor& at);
std::string gap_message(std::string_view topic, const topic_batch& batch);
std::string presence_message(std::string_view topic, const presence_change& change);
std::string refused_message(std::string_view topic, std::string_view why);
/// "ack", or "rejected" if the receipt says so.
std::string receipt_message(std::string_view topic, std::uint64_t number, const topic_receipt& receipt);
std::string error_message(std::string_view why);
inline constexpr std::string_view pong_message = R"({"type":"pong"})";
inline constexpr std::string_view beat_message = R"({"type":"beat"})";

} // namespace perron::httpd
