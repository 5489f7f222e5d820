// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "httpd/channel/channel_peers.hpp"
#include "httpd/supervised_fixture.hpp"

#include <perron/httpd/channel/channel.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace perron::testing {

/// A channel at /live, whose topics all work alike.
class channel_fixture : public supervised_fixture {
protected:
  static constexpr std::chrono::milliseconds at_once{0};

  void serve_channel(httpd::topic_options topics = {}, httpd::channel_options how = {}) {
    how.polls.window = std::chrono::hours(1); // no lease may end because a test is slow
    all_.emplace("topics",
                 httpd::topics_options{.options_of = [topics](const std::string&)
                                           -> runtime::result<httpd::topic_options> { return topics; }});
    const httpd::channel live("live", *all_, std::move(how));
    supervise({all_->child(), live.child()});
    httpd::router routes;
    routes.mount("/live", live.routes());
    httpd::server_options options;
    options.drain_time = at_once; // clients of a channel stay for ever
    serve(std::move(routes), std::move(options));
  }

  std::unique_ptr<channel_peer> peer_of(const std::string& transport, std::string id) {
    for (char& c : id)
      if (c == ' ')
        c = '-';
    if (transport == "websocket")
      return std::make_unique<websocket_peer>(server().port, std::move(id));
    if (transport == "events")
      return std::make_unique<stream_peer>(server().port, std::move(id));
    return std::make_unique<poll_peer>(server().port, std::move(id));
  }

  template <class... Messages>
  static nlohmann::json list(Messages&&... messages) {
    return nlohmann::json::array({std::forward<Messages>(messages)...});
  }
  static nlohmann::json subscribe(nlohmann::json more = nlohmann::json::object()) {
    nlohmann::json out{{"type", "subscribe"}, {"topic", "t"}};
    out.update(more);
    return out;
  }
  static nlohmann::json publish_message(std::uint64_t number, nlohmann::json data) {
    return {{"type", "publish"}, {"topic", "t"}, {"number", number}, {"data", std::move(data)}};
  }

  void publish(const std::string& json, const std::string& topic = "t") {
    run([&] { EXPECT_TRUE(all_->publish(topic, json)); });
  }
  httpd::topic_cursor newest() {
    httpd::topic_cursor at;
    run([&] { at = runtime::call(all_->find("t").value(), httpd::topic_figures{}).value().newest; });
    return at;
  }
  void crash_topic() {
    run([&] {
      const runtime::pid who = all_->find("t").value();
      const auto ref = runtime::monitor(who);
      runtime::exit(who, runtime::exit_reason::custom("crashed by a test"));
      reason_of(ref);
    });
  }

private:
  std::optional<httpd::topics> all_;
};

} // namespace perron::testing
