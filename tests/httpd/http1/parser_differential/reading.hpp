// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perron::differential {

/// What one parser makes of the first request in some bytes.
struct reading {
  enum class outcome : std::uint8_t {
    complete,  ///< a whole request with its content
    need_more, ///< so far good
    bad,
  };

  outcome how = outcome::need_more;
  std::string why;          ///< of bad
  std::size_t consumed = 0; ///< of complete: the next request begins there

  std::string method;
  std::string target;
  int minor_version = 1;
  std::vector<std::pair<std::string, std::string>> fields; ///< values without blanks at their ends
  std::vector<std::pair<std::string, std::string>> trailers;
  std::string content;
  bool keep_alive = false;

  // ours only
  bool chunked = false;
  bool skipped_lines = false;    ///< there were empty lines before it
  bool later_minor = false;      ///< HTTP/1.2 or higher
  bool tab_behind_value = false; ///< of a field that frames or that says what becomes of the connection
  bool tab_behind_size = false;  ///< of a chunk

  bool is_complete() const { return how == outcome::complete; }
};

reading read_with_perron(std::string_view bytes);
reading read_with_http_parser(std::string_view bytes);
reading read_with_beast(std::string_view bytes);

/// Hands the request to Perron in pieces that end at `cuts` (ascending, the last one at the end), each at
/// another place in memory. True if it makes the same of it as of one piece.
bool is_same_in_pieces(std::string_view bytes, const std::vector<std::size_t>& cuts);

/// `text` without blanks at its ends.
inline std::string trimmed(std::string_view text) {
  const auto from = text.find_first_not_of(" \t");
  if (from == std::string_view::npos)
    return {};
  return std::string(text.substr(from, text.find_last_not_of(" \t") - from + 1));
}

} // namespace perron::differential
