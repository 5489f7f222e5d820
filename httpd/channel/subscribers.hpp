// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/channel/messages.hpp>
#include <perron/runtime/pid.hpp>

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

namespace perron::httpd {

/// One subscriber of a topic, as the topic knows it.
struct topic_subscriber {
  runtime::pid who;
  std::uint64_t tag = 0;
  runtime::monitor_ref monitor;
  std::uint64_t serial = 0;   ///< unlike a slot never used again
  std::uint64_t given = 0;    ///< it has been given what is up to this number
  std::uint64_t presence = 0; ///< and this version of who is there
  lag_policy when_slow = lag_policy::drop_oldest;
  bool watch = false;
  bool has_member = false;
  /// Its place among those who have everything and want more.
  std::uint32_t waiting_at = not_waiting;

  static constexpr std::uint32_t not_waiting = UINT32_MAX;
  bool waits() const noexcept { return waiting_at != not_waiting; }
};

/// The subscribers of one topic: found by slot, which costs nothing, and by who they are. Not synchronised.
class subscriber_table {
public:
  using slot = std::uint32_t;

  /// The place of a new one.
  slot add(topic_subscriber who);
  void remove(slot at);

  std::optional<slot> find(runtime::pid who, std::uint64_t tag) const;
  std::optional<slot> find(runtime::monitor_ref monitor) const;
  /// Whether this is still the subscriber that was told this slot.
  bool is(slot at, runtime::pid who, std::uint64_t tag) const noexcept {
    return at < all_.size() && all_[at].who == who && all_[at].tag == tag && all_[at].who;
  }
  bool is(slot at, std::uint64_t serial) const noexcept {
    return at < all_.size() && all_[at].serial == serial && all_[at].who;
  }

  topic_subscriber& operator[](slot at) noexcept { return all_[at]; }
  const topic_subscriber& operator[](slot at) const noexcept { return all_[at]; }
  std::size_t size() const noexcept { return by_monitor_.size(); }

  /// Those for whom `condition` holds. Walks all of them.
  template <class F>
  std::vector<slot> which(F&& condition) const {
    std::vector<slot> out;
    for (slot at = 0; at < all_.size(); ++at)
      if (all_[at].who && condition(all_[at]))
        out.push_back(at);
    return out;
  }

private:
  struct name {
    std::uint64_t process;
    std::uint64_t tag;
    friend bool operator==(const name&, const name&) noexcept = default;
  };
  struct hash {
    std::size_t operator()(const name& n) const noexcept {
      return std::hash<std::uint64_t>{}(n.process * 0x9E3779B97F4A7C15U ^ n.tag);
    }
  };

  std::vector<topic_subscriber> all_; ///< those without a pid are free
  std::vector<slot> free_;
  std::unordered_map<name, slot, hash> by_name_;
  std::unordered_map<std::uint64_t, slot> by_monitor_;
  std::uint64_t serials_ = 0;
};

} // namespace perron::httpd
