// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/channel/topic_link.hpp>

#include <perron/runtime/message.hpp>
#include <perron/runtime/process.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <utility>

namespace perron::httpd {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds first_delay = 20ms;

std::uint64_t new_tag() noexcept {
  static std::atomic<std::uint64_t> tags{0};
  return tags.fetch_add(1, std::memory_order_relaxed) + 1; // only has to be unlike the others
}

} // namespace

topic_link::topic_link(topics where, std::string topic, std::chrono::milliseconds longest_delay)
    : where_(std::move(where)), topic_(std::move(topic)), tag_(new_tag()), longest_delay_(longest_delay) {}

void topic_link::refuse(std::string why) {
  if (refused_.empty())
    refused_ = std::move(why);
}

bool topic_link::find() {
  if (who_)
    return true;
  if (!refused_.empty())
    return false;
  const auto found = where_.find(topic_);
  if (!found) {
    if (found.error().code == ENOENT)
      refused_ = found.error().text;
    else
      later();
    return false;
  }
  who_ = *found;
  monitor_ = runtime::monitor(who_);
  return true;
}

bool topic_link::is_end(const runtime::down& end) {
  if (!who_ || end.ref != monitor_)
    return false;
  who_ = {};
  return true;
}

void topic_link::later() {
  delay_ = std::clamp<std::chrono::milliseconds>(2 * delay_, first_delay, longest_delay_);
  timer_ = runtime::send_after(delay_, runtime::self(), try_again{tag_});
}

bool topic_link::skip_first_delay() noexcept {
  if (delay_ != 0ms)
    return false;
  delay_ = first_delay;
  return true;
}

runtime::pid topic_link::let_go() {
  timer_.cancel();
  const runtime::pid who = std::exchange(who_, {});
  if (who)
    runtime::demonitor(monitor_);
  return who;
}

} // namespace perron::httpd
