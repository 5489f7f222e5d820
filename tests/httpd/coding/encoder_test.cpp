// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/coding/encoder.hpp>

#include "httpd/coding/decoding.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace perron::testing {
namespace {

using namespace httpd;

/// Of the coding that is the parameter.
class encoder : public ::testing::TestWithParam<std::string> {
protected:
  static std::unique_ptr<body_filter> make(std::optional<std::uint64_t> size = {}) {
    return make_encoder(GetParam(), GetParam() == "br" ? 4 : 3, size);
  }

  static std::string encode(std::string_view text, std::size_t piece,
                            std::optional<std::uint64_t> size = {}) {
    const auto made = make(size);
    std::string out;
    for (; !text.empty(); text.remove_prefix(std::min(piece, text.size())))
      made->take(text.substr(0, piece), false, out);
    made->finish(out);
    return out;
  }
};

TEST_P(encoder, what_is_decoded_is_what_was_encoded) {
  for (const std::size_t size : {std::size_t(0), std::size_t(1), std::size_t(100), std::size_t(1'000'000)})
    for (const std::size_t piece : {std::size_t(7), std::size_t(32'768)}) {
      if (size > 1000 && piece == 7)
        continue;
      for (const std::string& text : {page_of(size), noise_of(size), std::string(size, 'a')})
        for (const auto& told : {std::optional<std::uint64_t>(), std::optional<std::uint64_t>(size)}) {
          const decoded back = decode(GetParam(), encode(text, piece, told));
          EXPECT_TRUE(back.whole && back.good) << size;
          EXPECT_EQ(back.text, text);
        }
    }
}

TEST_P(encoder, text_gets_shorter) { EXPECT_LT(encode(page_of(100'000), 32'768).size(), 30'000U); }

TEST_P(encoder, what_is_flushed_can_be_read) {
  const auto made = make();
  std::string out;
  std::string wanted;
  for (int i = 0; i < 100; ++i) {
    const std::string line = "event " + std::to_string(i) + '\n';
    made->take(line, true, out);
    wanted += line;
    ASSERT_EQ(decode(GetParam(), out).text, wanted);
    ASSERT_FALSE(decode(GetParam(), out).whole);
  }
  made->finish(out);
  const decoded all = decode(GetParam(), out);
  EXPECT_TRUE(all.whole);
  EXPECT_EQ(all.text, wanted);
}

TEST_P(encoder, every_level_works) {
  const std::string text = page_of(20'000);
  const int most = GetParam() == "gzip" ? 9 : GetParam() == "br" ? 11 : 19;
  for (int level = GetParam() == "br" ? 0 : 1; level <= most; ++level) {
    const auto made = make_encoder(GetParam(), level, text.size());
    std::string out;
    made->take(text, false, out);
    made->finish(out);
    EXPECT_EQ(decode(GetParam(), out).text, text) << level;
  }
}

INSTANTIATE_TEST_SUITE_P(codings, encoder, ::testing::Values("gzip", "br", "zstd"),
                         [](const auto& of) { return of.param; });

TEST(encoder_names, others_have_none) {
  EXPECT_EQ(make_encoder("deflate", 5), nullptr);
  EXPECT_EQ(make_encoder("identity", 5), nullptr);
}

TEST(rfc9659_2, zstd_windows_are_small_enough_for_browsers) {
  std::string out;
  const auto made = make_zstd_encoder(19, {});
  made->take(page_of(2'000'000), false, out);
  made->finish(out);
  // RFC 8878 3.1.1.1.2: the descriptor behind the magic number and the descriptor of the frame
  ASSERT_GT(out.size(), 6U);
  EXPECT_LE(10 + (static_cast<unsigned char>(out[5]) >> 3U), 23U);
}

} // namespace
} // namespace perron::testing
