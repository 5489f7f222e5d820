// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/channel/messages.hpp>
#include <perron/httpd/channel/options.hpp>
#include <perron/httpd/channel/protocol.hpp>
#include <perron/httpd/channel/publisher.hpp>
#include <perron/httpd/channel/subscription.hpp>
#include <perron/httpd/channel/topics.hpp>
#include <perron/runtime/signals.hpp>

#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace perron::httpd {

/// Where a session's messages go: a WebSocket, a stream of events, the lease of a client that polls. Sending
/// waits while the client is slow, and so the session asks its topics for more only when it has the time.
class channel_sink {
public:
  virtual ~channel_sink() = default;
  virtual void send(std::string_view json) = 0;
  virtual void send(const topic_entry_ptr& entry) = 0;
  /// The client has done what it must not do; nothing more is sent.
  virtual void refuse(std::string_view why) = 0;
};

/// What all clients of a channel share.
struct channel_setup {
  topics where;
  channel_options options;
};

/// A client, as the channel knows it.
struct channel_client {
  std::string id;   ///< its secret
  std::string from; ///< what others see
  nlohmann::json user;
};

/// Whether a client may do it; fills in what the program wants to be changed.
runtime::result<void> authorise(const channel_setup& setup, const channel_client& who, channel_request& what);

/// One connected client of a channel: its subscriptions, and what it publishes. Called with what the client
/// says and with the mail of its process; owns no process and no socket. For the process that made it.
class channel_session {
public:
  channel_session(std::shared_ptr<const channel_setup> setup, channel_client who, channel_sink& out);

  /// What the client says, as text or as a value.
  void message(std::string_view text);
  void handle(channel_request&& what);

  void mail(topic_news&& news);
  void mail(topic_refused&& no);
  void mail(topic_receipt&& receipt);
  void mail(const runtime::down& end);
  void mail(const subscription::try_again& again);

private:
  struct subscribed {
    subscribed(topics where, std::string topic, subscription_options options)
        : to(std::move(where), std::move(topic), std::move(options)) {}
    subscription to;
    bool told = false; ///< the client knows that it is subscribed
  };

  void subscribe(channel_request&& what);
  void publish(channel_request&& what);
  void forget_refused();

  std::shared_ptr<const channel_setup> setup_;
  channel_client who_;
  channel_sink& out_;
  std::vector<std::unique_ptr<subscribed>> subscriptions_;
  std::vector<std::unique_ptr<topic_publisher>> publishers_;
};

} // namespace perron::httpd
