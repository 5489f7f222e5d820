// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/http1/characters.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>

namespace {

namespace detail = perron::httpd::http1::detail;

using search = const char* (*)(const char*, const char*, const char*);

/// Every byte at every place of texts of every size that the searches treat in a way of its own, the rest of
/// them `plain`; with nothing readable before the text, and with something.
template <class IsFound>
void check_finds_each(search find, char plain, IsFound is_found) {
  constexpr std::size_t most = 40;
  for (std::size_t before : {std::size_t(0), std::size_t(16)})
    for (std::size_t size = 0; size <= most; ++size) {
      std::string text(before + size, plain);
      const char* const begin = text.data() + before;
      const char* const end = begin + size;
      ASSERT_EQ(find(begin, end, text.data()) - begin, end - begin) << size;
      for (std::size_t at = 0; at < size; ++at)
        for (int byte = 0; byte < 256; ++byte) {
          text[before + at] = static_cast<char>(byte);
          const char* const expected = std::find_if(begin, end, is_found);
          ASSERT_EQ(find(begin, end, text.data()) - begin, expected - begin)
              << "byte " << byte << " at " << at << " of " << size << ", " << before << " before it";
          text[before + at] = plain;
        }
    }
}

TEST(characters, control_is_found_wherever_it_stands) {
  check_finds_each(&detail::find_control, 'x', [](char c) { return detail::is_control(c); });
}

TEST(characters, end_of_a_token_is_found_wherever_it_is) {
  check_finds_each(&detail::find_token_end, 'x', [](char c) { return !detail::is_token_char(c); });
}

TEST(characters, end_of_a_target_is_found_wherever_it_is) {
  check_finds_each(&detail::find_target_end, '/', [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= ' ' || byte >= 0x7f || c == '#';
  });
}

TEST(characters, what_is_special_in_a_path_is_found_wherever_it_stands) {
  check_finds_each(&detail::find_special_in_path, '/', [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < ' ' || byte >= 0x7f || c == '%' || c == '.' || c == '?';
  });
}

TEST(characters, first_of_two_is_found_where_halves_overlap) {
  for (std::size_t size = 2; size <= 20; ++size)
    for (std::size_t first = 0; first < size; ++first)
      for (std::size_t second = first; second < size; ++second) {
        std::string text(size, 'x');
        text[first] = text[second] = '\n';
        const char* const begin = text.data();
        ASSERT_EQ(detail::find_control(begin, begin + size, begin) - begin,
                  static_cast<std::ptrdiff_t>(first))
            << first << " and " << second << " of " << size;
      }
}

} // namespace
