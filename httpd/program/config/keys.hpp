// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// The table of keys: the one place that says what a perron.toml may hold. reader.hpp reads by it, print.hpp
/// prints by it, manual.hpp makes perron.toml(5) of it.
namespace perron::httpd::program {

class reading;
struct section;
struct toml_value;

/// What a key's value is, how it gets into a struct and out of it. Made by the functions in values.hpp.
struct value_codec {
  std::string type{};  ///< as the manual calls it: "duration", "list of texts"
  std::string range{}; ///< "1 to 64", "html or json"; empty: any
  /// Puts the value into the struct, or says what is wrong with it.
  std::function<void(reading&, const toml_value&, void* object)> read{};
  /// The value as TOML; empty: there is none. Not of tables.
  std::function<std::string(const void* object)> show{};
  /// Of tables: their keys, the structs that are there, and whether there may be several.
  const section* inside = nullptr;
  std::function<std::vector<const void*>(const void* object)> objects{};
  bool many = false;
};

struct key {
  std::string_view name;
  value_codec value;
  std::string_view example;  ///< a good value as TOML; for tables empty
  std::string_view text;     ///< a paragraph for the manual
  std::string_view others{}; ///< what else people call it, apart by blanks: "docroot document_root"
  bool required = false;
  bool last = false; ///< read after the others, as it begins with what they say
};

struct section {
  std::string_view name; ///< "[server]"
  std::string_view text;
  std::vector<key> keys;
  const void* fresh; ///< a struct of this section with all defaults

  const key* find(std::string_view name) const noexcept;
};

template <class Object>
const void* fresh() {
  static const Object object{};
  return &object;
}

/// The top of the file, and what is in it. Made when first asked for; any thread.
const section& top_keys();
const section& server_keys();
const section& log_keys();
const section& admin_keys();
const section& limit_keys();
const section& listener_keys();
const section& tls_keys();
const section& certificate_keys();
const section& site_keys();
const section& location_keys();
/// What [defaults], [[site]] and [[site.location]] have in common, and the tables in it.
const section& settings_keys();
const section& compression_keys();
const section& file_cache_keys();
const section& redirect_keys();
const section& rewrite_keys();
const section& header_keys();
const section& auth_keys();
const section& cors_keys();
const section& rate_limit_keys();

/// The keys of `part` as keys of a struct that holds such a part.
std::vector<key> lifted(const section& part, const std::function<void*(void*)>& to_part);

} // namespace perron::httpd::program
