// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/program/config/diagnostic.hpp>
#include <perron/httpd/program/config/document.hpp>
#include <perron/httpd/program/config/keys.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace perron::httpd::program {

/// What goes along while a file is read: where we are, and what was wrong so far. One thread.
class reading {
public:
  /// Whether files, folders and users that are named must be there.
  explicit reading(bool looks_at_system) noexcept : looks_at_system_(looks_at_system) {}

  /// Reads the keys of a table into the struct that the section is of.
  void read_table(const section& keys, const toml_value& table, void* object);
  /// The same of the item `index` of a list of tables.
  void read_item(const section& keys, const toml_value& table, void* object, std::size_t index);
  /// Reads one value, that of `which`, as part of where we are.
  void read_key(const key& which, const source_place& name, const toml_value& value, void* object);

  /// Something is wrong with the key that is being read.
  void fail(const source_place& place, std::string what, std::string remedy);
  void fail_kind(const toml_value& value, std::string_view wanted, std::string_view example);
  /// Something is wrong with the key `path` ("site[1].auth.realm"), or, where that was not written, with what
  /// it would be part of.
  void fail_at(std::string_view path, std::string what, std::string remedy);

  /// Where a key was written; a place without a line if it was not. The same paths as fail_at().
  source_place place_of(std::string_view path) const;

  bool looks_at_system() const noexcept { return looks_at_system_; }
  const std::vector<diagnostic>& errors() const noexcept { return errors_; }
  std::vector<diagnostic> take_errors() { return std::move(errors_); }
  void add(diagnostic error) { errors_.push_back(std::move(error)); }
  const key* current() const noexcept { return current_; }

private:
  void refuse_unknown(const section& keys, const toml_member& member);

  bool looks_at_system_;
  std::string path_{}; ///< "site[1].auth"
  const key* current_ = nullptr;
  std::vector<diagnostic> errors_{};
  std::map<std::string, source_place, std::less<>> places_{};
};

/// The path of a file that another one names: relative ones begin in its folder.
std::string resolved(std::string_view path, std::string_view named_in);

/// "site.auth.realm" of "site[1].auth.realm".
std::string without_indexes(std::string_view path);

} // namespace perron::httpd::program
