// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/program/config/values.hpp>

#include <string>
#include <string_view>
#include <vector>

/// What the codecs of values.cpp and number_values.cpp share.
namespace perron::httpd::program::values {

/// That of the key that is being read; empty if there is none.
std::string_view example_of(const reading& r);
/// "a, b or c".
std::string either(const std::vector<std::string>& choices);
/// The text of a value; says what it is instead and gives null if it is none.
const std::string* text_of(reading& r, const toml_value& value, std::string_view wanted = "a text");
/// Whether a text is right by its rule; says so if it is not.
bool fits(reading& r, const source_place& place, const std::string& text, const word_rule& rule);
/// For what is only looked at by way of an access_to, which takes what is not const.
inline void* mutable_of(const void* object) noexcept { return const_cast<void*>(object); }

} // namespace perron::httpd::program::values
