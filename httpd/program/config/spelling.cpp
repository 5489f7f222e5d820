// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/config/spelling.hpp>

#include <perron/httpd/headers.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace perron::httpd::program {

namespace {

/// Longer words are nobody's slip of the pen, and would cost the square of their length.
constexpr std::size_t longest = 40;

std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out)
    c = c == '-' ? '_' : httpd::detail::to_lower(c);
  return out;
}

std::size_t edits_between(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

} // namespace

std::string_view closest(std::string_view word, std::span<const std::string_view> known) {
  if (word.size() > longest)
    return {};
  const auto wanted = lower(word);
  std::string_view best;
  std::size_t fewest = 1 + std::min<std::size_t>(3, word.size() / 3);
  for (const auto one : known) {
    // "warn" is "warning", "brotli" is "br".
    const auto there = lower(one);
    const bool begins =
        (wanted.size() > 2 && there.starts_with(wanted)) || (there.size() > 1 && wanted.starts_with(there));
    const auto edits = begins ? 1 : edits_between(wanted, there);
    if (edits < fewest) {
      fewest = edits;
      best = one;
    }
  }
  return best;
}

bool has_word(std::string_view words, std::string_view word) noexcept {
  while (!words.empty()) {
    const auto end = std::min(words.find(' '), words.size());
    if (words.substr(0, end) == word)
      return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

} // namespace perron::httpd::program
