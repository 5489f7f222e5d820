// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace perron::httpd {

/// Who is there, as others see it.
struct presence_member {
  std::string key;  ///< a name, unique in its topic
  std::string meta; ///< JSON

  friend bool operator==(const presence_member&, const presence_member&) = default;
};

/// What has changed since a version, or who is there at all.
struct presence_change {
  std::uint64_t to = 0; ///< the version that it leads to
  bool full = false;    ///< `joined` is everybody
  /// Only in a full one: everybody has had the time to come back since the topic began; until then who is
  /// missing may only be late.
  bool settled = true;
  std::vector<presence_member> joined{}; ///< or whose meta has changed
  std::vector<std::string> left{};
};
using presence_change_ptr = std::shared_ptr<const presence_change>;

/// What holds a member: a subscriber, by its number in the process of the topic to which it is subscribed.
/// Where a topic has several, on several nodes, `life` says which; else it is 0.
struct presence_holder {
  presence_holder(std::uint64_t its_serial = 0, std::uint64_t its_life = 0) noexcept
      : serial(its_serial), life(its_life) {}

  std::uint64_t serial;
  std::uint64_t life;

  friend bool operator==(const presence_holder&, const presence_holder&) = default;
};

/// The members of one topic. A member is held by one or more holders, which are processes; when it loses the
/// last one it stays until its grace is over, so that who reconnects was never away. Every change has a
/// version; the newest changes are kept, and who is behind them gets the whole list. No process, no clock;
/// not synchronised.
class presence_table {
public:
  using holder = presence_holder;

  explicit presence_table(std::size_t most_members, std::size_t most_changes = 256) noexcept
      : most_members_(most_members), most_changes_(most_changes) {}

  enum class outcome : std::uint8_t { joined, taken, full };
  /// A holder comes with a member; it has one at a time, and lets go of another. With `unique` a member
  /// belongs to the client that made it, until it has left.
  outcome join(holder who, const std::string& client, presence_member member, bool unique);
  /// A holder lets go: its member leaves at once if it was the last.
  void leave(holder who);

  /// A holder has died. What to call grace_over() with when the grace has passed, if it was the last one.
  struct grace {
    std::string key;
    std::uint64_t generation = 0;
  };
  std::optional<grace> lost(holder who);
  /// All holders of a life have died.
  std::vector<grace> lost_life(std::uint64_t life);
  /// The member leaves, unless somebody has come back to it since.
  void grace_over(const grace& whose);
  /// Whether grace_over() would make it leave.
  bool is_absent(const grace& whose) const;

  /// Lets everybody have the whole list once more.
  void restate() {
    ++version_;
    changed_.clear();
  }

  /// Grows with each change; 1 at the beginning, so that 0 is behind everything.
  std::uint64_t version() const noexcept { return version_; }
  /// What leads from a version to the present one. Those who ask for the same share it.
  presence_change_ptr since(std::uint64_t version, bool settled);

  std::size_t size() const noexcept { return members_.size(); }

  /// A member with everything that is known of it.
  struct kept {
    presence_member who{};
    std::string client{};
    std::vector<holder> holders{};
    std::uint64_t generation = 0;
    friend bool operator==(const kept&, const kept&) = default;
  };
  /// All of them, by key: with generations(), what makes the same table elsewhere.
  std::vector<kept> all() const;
  std::uint64_t generations() const noexcept { return generations_; }
  /// Becomes that table; everybody gets the whole list once more.
  void restore(std::vector<kept> members, std::uint64_t generations);

private:
  struct hash {
    std::size_t operator()(const holder& h) const noexcept {
      return std::hash<std::uint64_t>{}(h.serial ^ h.life);
    }
  };
  struct member {
    std::string meta;
    std::string client;
    std::vector<holder> holders;
    std::uint64_t generation = 0;
  };

  void note(const std::string& key);
  /// Takes the holder from its member; that member's key if nobody holds it now.
  std::optional<std::string> let_go(holder who);
  void drop(const std::string& key);

  std::size_t most_members_;
  std::size_t most_changes_;
  std::uint64_t version_ = 1;
  std::uint64_t generations_ = 0;
  std::unordered_map<std::string, member> members_;
  std::unordered_map<holder, std::string, hash> held_;
  std::deque<std::string> changed_; ///< keys; the last one led to version_
  presence_change_ptr made_;        ///< what since() gave last
  std::uint64_t made_from_ = 0;
};

} // namespace perron::httpd
