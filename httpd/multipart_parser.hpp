// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace perron::httpd {

struct multipart_limits {
  std::size_t max_parts = 128;
  std::size_t max_head = 8192;        ///< bytes of one part's header fields
  std::size_t max_fields = 64 * 1024; ///< bytes that multipart::next_file() collects, names included
};

/// What stands before a part's content.
struct part_head {
  std::string name;
  /// As sent, of a file; it may be empty, a path, or anything else. See safe_file_name().
  std::optional<std::string> filename;
  std::string content_type; ///< empty: none sent, which means text/plain (RFC 7578 4.4)
};

/// Takes a multipart/form-data body apart as it comes, in pieces of any size (RFC 7578, RFC 2046 5.1). Of the
/// content nothing is copied or kept; of a head as much as the limit says. No input makes it keep more, and
/// bytes are looked at a bounded number of times. Pure: no I/O.
///
///     for (std::string_view piece : pieces)
///       for (auto e = p.next(piece); e != event::more; e = p.next(piece))
///         ...
///
/// Stricter than RFC 2046 in what no browser sends: line ends are CRLF, heads have no folded lines and
/// exactly one Content-Disposition, which is form-data with a name; other encodings than identity are
/// refused, as nobody has decoded them since RFC 7578 4.7. Text before the first boundary and behind the last
/// is ignored.
class multipart_parser {
public:
  enum class event : std::uint8_t {
    more,     ///< all input is used up
    part,     ///< a part begins: see head()
    data,     ///< a piece of its content: see data()
    part_end, ///< that was all of it
    end,      ///< the last boundary was there; from now on input is ignored
    failed,   ///< see fault(); nothing else follows
  };

  /// `boundary` has to be one: see is_boundary().
  explicit multipart_parser(std::string_view boundary, const multipart_limits& limits = {});

  /// Uses up `input` from its front until something happens.
  event next(std::string_view& input);
  /// To be called at the end of the body: `failed` if it is not the end of the last part.
  event finish();

  const part_head& head() const noexcept { return head_; }
  /// Valid as long as the input of the call that said `data`, and until the next.
  std::string_view data() const noexcept { return data_; }
  const std::string& fault() const noexcept { return fault_; }

private:
  enum class state : std::uint8_t {
    preamble,
    tail,
    closing,
    padding,
    line_end,
    head,
    content,
    ended,
    failed
  };

  event scan(std::string_view& input);
  event read_tail(std::string_view& input);
  event read_head(std::string_view& input);
  const char* parse_head();
  event fail(std::string why);

  std::string delimiter_; ///< CR LF "--" boundary
  multipart_limits limits_;
  state state_ = state::preamble;
  std::size_t matched_ = 2; ///< bytes of the delimiter that came last; at the start a line has just ended
  std::size_t parts_ = 0;
  std::string head_text_;
  part_head head_;
  std::string_view data_;
  std::string fault_;
};

/// 1 to 70 of the characters that RFC 2046 5.1.1 allows, the last of them no blank.
bool is_boundary(std::string_view text) noexcept;

/// A name for a file that is made of what a client calls it: what is behind the last slash or backslash,
/// without control characters, dots at the front and blanks and dots at the end, at most 128 bytes, with '_'
/// in place of what some file system or shell would take for more than a name. Never empty, never a path.
std::string safe_file_name(std::string_view sent);

} // namespace perron::httpd
