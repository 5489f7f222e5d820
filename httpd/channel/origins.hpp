// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/channel/entry.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace perron::httpd {

/// The last publish of each client of a topic, by which a repeated one is recognised. Bounded: who was seen
/// first is forgotten first. No process, no clock; not synchronised.
class origin_table {
public:
  /// A client's last publish, and the number that its entry got.
  struct kept {
    topic_origin origin{};
    std::uint64_t id = 0;
    friend bool operator==(const kept&, const kept&) = default;
  };

  explicit origin_table(std::size_t most) noexcept : most_(most) {}

  /// Whether this is no news; then the number of its entry, 0 if that is no longer known.
  std::optional<std::uint64_t> repeated(const topic_origin& origin) const;
  void note(const topic_origin& origin, std::uint64_t id);

  /// All of them, as they were first seen: noted in this order they make the same table.
  std::vector<kept> all() const;

private:
  struct published {
    std::uint64_t number;
    std::uint64_t id;
  };

  std::size_t most_;
  std::unordered_map<std::string, published> last_;
  std::deque<std::string> order_; ///< as they were first seen
};

} // namespace perron::httpd
