// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/multipart_parser.hpp>
#include <perron/httpd/request.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perron::httpd {

class multipart;

/// One part of a form, while it comes in. Given by multipart::next(), valid until that is called again.
class form_part {
public:
  const std::string& name() const noexcept { return head_.name; }
  bool is_file() const noexcept { return head_.filename.has_value(); }
  /// What the client calls the file, made fit to be a name: see safe_file_name(). "file" if it says nothing.
  std::string file_name() const { return safe_file_name(head_.filename.value_or("")); }
  /// The client's own words for name, file name and type.
  const part_head& head() const noexcept { return head_; }

  /// The next bytes of its content as they come, at least one; 0 at its end. Waits as request::read() does.
  std::size_t read(std::span<char> into);

  /// All of a small content. Throws http_error 413 if it has more than `most` bytes.
  std::string text(std::size_t most = 64 * 1024);

  /// Writes the content to a new file as it comes, and gives its size. Never over what is there: throws
  /// std::filesystem::filesystem_error then, and where a file cannot be made or written. What is not whole is
  /// removed. The disk is waited for outside of the worker (runtime::blocking).
  std::uint64_t save_to(const std::filesystem::path& file);

  /// The same in a folder, under file_name(), or that with a number where it is taken.
  struct saved {
    std::filesystem::path path;
    std::uint64_t size = 0;
  };
  saved save_in(const std::filesystem::path& folder);

private:
  friend class multipart;

  explicit form_part(multipart& of) noexcept : of_(of) {}

  multipart& of_;
  part_head head_;
  std::string_view piece_; ///< of the content, come and not read yet
  bool at_end_ = false;
};

/// A form with files (multipart/form-data, RFC 7578), taken apart as it arrives; nothing is kept but one
/// buffer of 16 KB.
///
///     httpd::multipart form(r);
///     while (auto* part = form.next())
///       part->is_file() ? store(part->save_in("/var/uploads")) : remember(part->name(), part->text());
///
/// A part that is not read is skipped. Everything throws http_error: 415 if the request is no such form, 400
/// with what is wrong with it, 413 beyond the route's max_body. Lives in the handler, beside its request.
class multipart {
public:
  explicit multipart(request& r, const multipart_limits& limits = {});
  multipart(const multipart&) = delete;
  multipart& operator=(const multipart&) = delete;

  /// The next part; null at the end of the form, which has then been read to its last byte.
  form_part* next();

  /// The next part that is a file. The fields on the way are collected, at most max_fields bytes of them;
  /// beyond that 413. After the last file all fields of the form are there.
  form_part* next_file();
  /// The first field of this name that next_file() has collected.
  std::optional<std::string_view> field(std::string_view name) const noexcept;
  const std::vector<std::pair<std::string, std::string>>& fields() const noexcept { return fields_; }

private:
  friend class form_part;

  multipart_parser::event advance();

  request& request_;
  multipart_limits limits_;
  multipart_parser parser_;
  std::unique_ptr<char[]> buffer_;
  std::string_view input_;
  form_part part_;
  bool in_part_ = false;
  bool over_ = false;
  std::vector<std::pair<std::string, std::string>> fields_;
  std::size_t fields_size_ = 0;
};

} // namespace perron::httpd
