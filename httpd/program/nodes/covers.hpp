// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace perron::httpd::program {

/// Who accepts for whom: the clients of a node that is gone, or that has no room at an address, are accepted
/// by the next node, in a ring, that is there and has room at that address. Where none has, those of a node
/// that is gone go to the next that is there, to wait, and those of a full one wait where they are.
///
/// All nodes hear the same in the same order (siblings), so that they agree. A value; pure.
class covers {
public:
  /// One that is gone is full nowhere.
  void set_up(unsigned node, bool is_up);
  void set_full(unsigned node, std::string_view address, bool is_full);

  /// Whose clients this node accepts at that address, beside its own.
  std::vector<unsigned> of(unsigned self, std::string_view address) const;

private:
  using full_ones = std::set<unsigned>;

  std::map<unsigned, bool> up_{}; ///< nodes that have been there: whether they are
  std::map<std::string, full_ones, std::less<>> full_{};
};

/// What a node tells the others of its room at an address, and back.
struct room_news {
  bool full = false;
  std::string address{};

  std::string to_text() const { return (full ? '-' : '+') + address; }
  static room_news of_text(std::string_view text) {
    return {text.starts_with('-'), std::string(text.substr(text.empty() ? 0 : 1))};
  }
};

} // namespace perron::httpd::program
