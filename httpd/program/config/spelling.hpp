// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <span>
#include <string_view>

namespace perron::httpd::program {

/// Which of `known` somebody meant who wrote `word`: the closest by edits (letters put in, left out,
/// replaced, or two neighbours swapped), if it is close; empty if none is. Case does not count.
std::string_view closest(std::string_view word, std::span<const std::string_view> known);

/// Whether `word` is one of `words`, which blanks keep apart.
bool has_word(std::string_view words, std::string_view word) noexcept;

} // namespace perron::httpd::program
