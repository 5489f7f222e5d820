// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/channel/messages.hpp>
#include <perron/httpd/channel/topics.hpp>
#include <perron/httpd/long_poll.hpp>
#include <perron/httpd/request.hpp>
#include <perron/httpd/websocket/options.hpp>
#include <perron/runtime/result.hpp>

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace perron::httpd {

/// What a client of a channel wants to do, for the program to allow or to refuse.
struct channel_wish {
  enum class kind : std::uint8_t { subscribe, publish };
  kind what = kind::subscribe;
  const std::string& topic;
  const std::string& from;    ///< the client, as others see it
  const nlohmann::json& user; ///< what channel_options::identify gave
  /// Of subscribe: who the client wants to be there as, if it does. May be changed, or taken away.
  std::optional<presence_member>& member;
  /// Of publish: what is to be published. May be changed; put here what others are to trust.
  nlohmann::json& data;
};

/// How a channel works. The defaults let everybody do everything that the topics allow.
struct channel_options {
  /// Who a client is, told from the request with which it comes; kept for as long as it is there. An
  /// http_error turns it away. Empty: null. Called by the request's process, which may wait.
  std::function<nlohmann::json(request&)> identify{};
  /// Whether it may; the error's text is what it is told. Called by the client's process.
  std::function<runtime::result<void>(const channel_wish&)> authorise{};

  lag_policy when_slow = lag_policy::drop_oldest;
  std::size_t most_topics = 100; ///< that one client may be subscribed to
  std::size_t most_pending =
      64; ///< publishes of one client that were not answered yet; beyond it it is closed
  std::size_t most_body = 256 * 1024;
  std::chrono::milliseconds beat{25'000}; ///< of streams; a client that hears nothing connects again

  websocket_options websocket{};
  /// Of a client that leaves between two polls the others learn when the window is over.
  long_poll_options polls{.window = std::chrono::seconds(10)};
};

} // namespace perron::httpd
