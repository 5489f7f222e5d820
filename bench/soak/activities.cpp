// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/activities.hpp>

#include <perron/bench/soak/announcement.hpp>
#include <perron/bench/soak/channel_client.hpp>
#include <perron/bench/soak/chat.hpp>
#include <perron/bench/soak/churn.hpp>
#include <perron/bench/soak/director.hpp>
#include <perron/bench/soak/idle.hpp>
#include <perron/bench/soak/poll.hpp>
#include <perron/bench/soak/requests.hpp>
#include <perron/bench/soak/slow.hpp>
#include <perron/bench/soak/sse.hpp>
#include <perron/bench/soak/ws_listener.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>

namespace perron::soak {

namespace {

std::uint32_t publishes_of(const scenario& run) {
  std::uint32_t all = 0;
  for (const phase& each : run.phases)
    all += each.what == phase_kind::publish ? each.count : 0;
  return all;
}

} // namespace

std::unique_ptr<activity> make_activity(const scenario& run, std::uint8_t number, std::uint32_t links,
                                        unsigned processes, connections& all) {
  const share& s = run.shares[number];
  const auto path = [&](std::string own) { return s.path.empty() ? own : s.path; };
  const double rate = s.rate / processes;
  switch (s.what) {
  case mode::idle:
    return std::make_unique<idle_activity>(all, path("/hello"), number);
  case mode::poll:
    return std::make_unique<poll_activity>(all, path("/poll"), number, publishes_of(run));
  case mode::sse:
    return std::make_unique<sse_activity>(all, s.path, number);
  case mode::ws:
    return std::make_unique<ws_listener>(all, path("/ws-chat"), number);
  case mode::chat:
    return std::make_unique<chat_activity>(all, path("/live/ws"), number, links, s.room, s.messages);
  case mode::churn:
    return std::make_unique<churn_activity>(all, path("/hello"), number, rate);
  case mode::requests:
    return std::make_unique<requests_activity>(all, path("/hello"), number, rate);
  case mode::slow:
    return std::make_unique<slow_activity>(all, path("/big?bytes=" + std::to_string(s.bytes)), number, links,
                                           s.read_rate);
  case mode::count:
    break;
  }
  throw std::logic_error("no such mode");
}

std::vector<std::unique_ptr<activity>> direct(const scenario& run, double probes, connections& all) {
  std::vector<std::unique_ptr<activity>> parts;
  const auto add = [&](std::unique_ptr<activity> part, std::uint32_t links) {
    all.add(static_cast<std::uint8_t>(parts.size()), links, *part, false);
    parts.push_back(std::move(part));
  };
  const auto has = [&](mode m) {
    return std::any_of(run.shares.begin(), run.shares.end(),
                       [&](const share& s) { return s.what == m && s.connections != 0; });
  };
  constexpr std::uint32_t probing_links = 16; // so that most server processes are probed
  if (probes > 0)
    add(std::make_unique<prober>(all, "/hello", probes), probing_links);
  if (publishes_of(run) == 0)
    return parts;
  if (has(mode::poll))
    add(std::make_unique<post_publisher>(all, "/publish", "text/plain",
                                         [](const announcement& a) { return a.text(); }),
        1);
  if (has(mode::sse))
    add(std::make_unique<post_publisher>(all, "/live/publish?client=soak-director-0000", "application/json",
                                         [](const announcement& a) {
                                           return R"([{"type":"publish","topic":"soak","number":)" +
                                                  std::to_string(a.number + 1) + R"(,"data":")" + a.text() +
                                                  "\"}]";
                                         }),
        1);
  if (has(mode::ws))
    add(std::make_unique<ws_publisher>(all, "/ws-chat", static_cast<std::uint8_t>(parts.size())), 1);
  return parts;
}

} // namespace perron::soak
