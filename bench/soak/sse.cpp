// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/sse.hpp>

#include <perron/bench/soak/channel_client.hpp>

#include <utility>

namespace perron::soak {

void sse_activity::opened(link& l) {
  l.next = all_.control().publishes.load(std::memory_order_acquire);
  if (!is_channel_)
    return ask(l, all_.now());
  // [{"type":"subscribe","topic":"soak"}]
  ask(l,
      get("/live/events?client=" + channel_client_id(all_, l) +
          "&subscribe=%5B%7B%22type%22%3A%22subscribe%22%2C%22topic%22%3A%22soak%22%7D%5D"),
      all_.now());
}

void sse_activity::piece(link& l, std::string_view body) {
  if (l.answer.status != 200)
    return;
  if (!is_channel_ && !l.listens)
    listening_.begin(l);
  std::string joined;
  if (const auto begun = begun_.find(all_.index_of(l)); begun != begun_.end()) {
    joined = std::move(begun->second);
    begun_.erase(begun);
    joined += body;
    body = joined;
  }
  const std::uint32_t generation = l.generation;
  for (std::size_t end = body.find("\n\n"); end != std::string_view::npos; end = body.find("\n\n")) {
    event(l, body.substr(0, end));
    if (l.fd < 0 || l.generation != generation)
      return;
    body.remove_prefix(end + 2);
  }
  if (body.size() > 1U << 20U)
    return all_.fail(l, error_kind::bad_answer, "an event of more than 1 MB");
  if (!body.empty())
    begun_[all_.index_of(l)] = body;
}

void sse_activity::event(link& l, std::string_view text) {
  if (is_channel_ && is_of_type(text, "subscribed"))
    return listening_.begin(l);
  if (is_channel_ && (is_of_type(text, "refused") || is_of_type(text, "error")))
    return all_.fail(l, error_kind::bad_answer, text);
  if (!listening_.heard(l, text) && !is_channel_)
    all_.block().messages.add();
}

void sse_activity::answered(link& l, std::string_view) {
  if (l.answer.status != 200)
    return all_.fail(l, error_kind::bad_answer, "status " + std::to_string(l.answer.status));
  all_.end_by_server(l, error_kind::closed_early, "the stream of events has ended");
}

/// A stream whose process has crashed breaks off; nothing tells it from others.
bool sse_activity::expected_end(link& l) {
  if (!l.listens || !all_.accidents_happen())
    return false;
  all_.block().crashed.add();
  return true;
}

void sse_activity::gone(link& l) {
  begun_.erase(all_.index_of(l));
  http_activity::gone(l);
}

} // namespace perron::soak
