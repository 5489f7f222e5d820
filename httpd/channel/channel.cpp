// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/channel/channel.hpp>

#include <perron/httpd/channel/client_source.hpp>
#include <perron/httpd/channel/protocol.hpp>
#include <perron/httpd/channel/session.hpp>
#include <perron/httpd/json.hpp>
#include <perron/httpd/sse.hpp>
#include <perron/httpd/websocket/session.hpp>
#include <perron/runtime/deadline.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>

#include <cerrno>
#include <chrono>
#include <utility>
#include <vector>

namespace perron::httpd {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_messages = 64; // in one body
constexpr auto publish_time = 10s;        // for those of one body
constexpr auto publish_pause = 50ms;      // before one is tried again

channel_client identified(const channel_setup& setup, request& r) {
  channel_client out;
  out.id = r.query().get("client").value_or("");
  if (!is_client_id(out.id))
    throw http_error(status::bad_request, "'client' must be 16 to 64 of A-Z a-z 0-9 - _, chosen at random");
  out.from = public_name_of(out.id);
  if (setup.options.identify)
    out.user = setup.options.identify(r);
  return out;
}

// -- WebSocket

class websocket_client final : public channel_sink {
public:
  using mails = mail_types<topic_news, topic_refused, topic_receipt, runtime::down, subscription::try_again>;

  websocket_client(httpd::websocket& to, std::shared_ptr<const channel_setup> setup, channel_client who)
      : to_(to), session_(std::move(setup), std::move(who), *this) {}

  void message(httpd::websocket&, const ws_message& what) {
    if (!what.is_text)
      refuse("messages are text");
    else
      session_.message(what.data);
  }
  template <class Mail>
  void mail(httpd::websocket&, Mail&& what) {
    session_.mail(std::forward<Mail>(what));
  }

  void send(std::string_view json) override { to_.send(json); }
  void send(const topic_entry_ptr& entry) override { to_.send(entry->frame()); }
  void refuse(std::string_view why) override { to_.close(close_code::policy_violation, why); }

private:
  httpd::websocket& to_;
  channel_session session_;
};

// -- transports that receive by themselves

/// Serves a session for as long as its process lives.
template <class Transport>
void serve(Transport& transport, channel_session& session, const bool& refused) {
  while (!refused)
    transport.receive([&](topic_news n) { session.mail(std::move(n)); },
                      [&](topic_refused n) { session.mail(std::move(n)); },
                      [&](const runtime::down& d) { session.mail(d); },
                      [&](const subscription::try_again& t) { session.mail(t); });
}

class event_sink final : public channel_sink {
public:
  explicit event_sink(sse& to) : to_(to) {}
  void send(std::string_view json) override { to_.send(json); }
  void send(const topic_entry_ptr& entry) override { to_.send_encoded(entry->sse()); }
  void refuse(std::string_view) override { refused = true; }

  bool refused = false;

private:
  sse& to_;
};

class poll_sink final : public channel_sink {
public:
  explicit poll_sink(poll_lease& to) : to_(to) {}
  void send(std::string_view json) override { to_.send(std::string(json)); }
  void send(const topic_entry_ptr& entry) override { to_.send(poll_event{entry, entry->json()}); }
  void refuse(std::string_view) override { refused = true; }

  bool refused = false;

private:
  poll_lease& to_;
};

std::vector<channel_request> subscriptions_in(const nlohmann::json& list, std::size_t most) {
  auto out = parse_channel_requests(list, most);
  for (const channel_request& each : out)
    if (each.what != channel_request::kind::subscribe)
      throw http_error(status::bad_request, "here one can only subscribe");
  return out;
}

/// An id is "topic cursor": that topic goes on behind it.
void apply_last_event_id(std::string_view id, std::vector<channel_request>& wishes) {
  const std::size_t space = id.find(' ');
  if (space == std::string_view::npos)
    return;
  if (const auto cursor = parse_cursor(id.substr(space + 1)))
    for (channel_request& each : wishes)
      if (each.topic == id.substr(0, space))
        each.from.behind = *cursor;
}

} // namespace

channel::channel(std::string name, topics where, channel_options options)
    : setup_(std::make_shared<const channel_setup>(channel_setup{std::move(where), std::move(options)})),
      polls_(std::move(name), setup_->options.polls) {}

router channel::routes() const {
  const channel self = *this;
  router r;
  r.get("/ws", [self](request& q) { return self.websocket(q); });
  r.get("/events", [self](request& q) { return self.events(q); });
  r.post("/poll", [self](request& q) { return self.begin_poll(q); });
  r.get("/poll", [self](request& q) { return self.poll(q); });
  r.post("/publish", [self](request& q) { return self.publish(q); });
  r.get("/client.js", client_js);
  return r;
}

response channel::websocket(request& r) const {
  channel_client who = identified(*setup_, r);
  r.leave_count();
  return serve_websocket<websocket_client>(r, setup_->options.websocket, setup_, std::move(who));
}

response channel::events(request& r) const {
  channel_client who = identified(*setup_, r);
  auto wishes =
      subscriptions_in(parse_json(r.query().get("subscribe").value_or("[]")), setup_->options.most_topics);
  sse stream(r, {.heartbeat = setup_->options.beat,
                 .heartbeat_text = "data: " + std::string(beat_message) + "\n\n"});
  apply_last_event_id(stream.last_event_id(), wishes);
  event_sink sink(stream);
  channel_session session(setup_, std::move(who), sink);
  for (channel_request& each : wishes)
    session.handle(std::move(each));
  serve(stream, session, sink.refused);
  return stream.end();
}

response channel::begin_poll(request& r) const {
  channel_client who = identified(*setup_, r);
  auto wishes = subscriptions_in(json_body(r), setup_->options.most_topics);
  return polls_.begin(
      [setup = setup_, who = std::move(who), wishes = std::move(wishes)](poll_lease& lease) mutable {
        poll_sink sink(lease);
        channel_session session(setup, std::move(who), sink);
        for (channel_request& each : wishes)
          session.handle(std::move(each));
        serve(lease, session, sink.refused);
      });
}

response channel::poll(request& r) const { return polls_.go_on(r, r.query().get("lease").value_or("")); }

response channel::publish(request& r) const {
  const channel_client who = identified(*setup_, r);
  auto wishes = parse_channel_requests(json_body(r), most_messages);
  const runtime::deadline until(publish_time);
  std::string out;
  const auto tell = [&](const channel_request& about, const topic_receipt& what) {
    (out += out.empty() ? "" : ",") += receipt_message(about.topic, about.number, what);
  };
  for (channel_request& each : wishes) {
    if (each.what != channel_request::kind::publish)
      throw http_error(status::bad_request, "here one can only publish");
    topic_receipt receipt;
    if (const auto allowed = authorise(*setup_, who, each); !allowed) {
      receipt.refused = allowed.error().text;
      tell(each, receipt);
      continue;
    }
    const std::string data = each.data.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    auto got = setup_->where.publish(each.topic, data, {who.from, each.number}, until.left());
    while (!got && got.error().code != ENOENT && got.error().code != EPERM && !until.is_over()) {
      runtime::sleep_for(publish_pause);
      got = setup_->where.publish(each.topic, data, {who.from, each.number}, until.left());
    }
    if (got)
      receipt = std::move(*got);
    else if (got.error().code == ENOENT || got.error().code == EPERM)
      receipt.refused = got.error().text;
    else
      break; // the client sends this one and those behind it again
    tell(each, receipt);
  }
  response answer = json(R"({"messages":[)" + out + "]}");
  answer.headers.emplace_back("Cache-Control", "no-store");
  return answer;
}

response channel::client_js(request&) {
  return {status::ok,
          std::string(channel_source::client_js),
          "text/javascript; charset=utf-8",
          {{"Cache-Control", "no-cache"}, {"X-Content-Type-Options", "nosniff"}}};
}

} // namespace perron::httpd
