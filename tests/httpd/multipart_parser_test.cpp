// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/multipart_parser.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace perron::httpd;
using event = multipart_parser::event;

/// What comes out of a body that arrives in pieces of `size` bytes: "name=content" or "name@filename=content"
/// for each part, then "end" or what is wrong.
std::vector<std::string> parse(std::string_view body, std::size_t size, const multipart_limits& limits = {},
                               std::string_view boundary = "b") {
  std::vector<std::string> out;
  multipart_parser p(boundary, limits);
  for (std::size_t at = 0; at < body.size(); at += size) {
    auto piece = body.substr(at, size);
    for (auto e = p.next(piece); e != event::more; e = p.next(piece)) {
      if (e == event::part)
        out.push_back(p.head().name + (p.head().filename ? '@' + *p.head().filename : "") + '=');
      else if (e == event::data)
        out.back() += p.data();
      else if (e == event::part_end)
        out.back() += ';';
      if (e == event::failed)
        break;
    }
  }
  out.emplace_back(p.finish() == event::end ? "end" : p.fault());
  return out;
}

using strings = std::vector<std::string>;

/// The same for pieces of every size.
void expect(std::string_view body, const strings& wanted, const multipart_limits& limits = {}) {
  for (std::size_t size = 1; size <= std::max<std::size_t>(body.size(), 1); ++size)
    ASSERT_EQ(parse(body, size, limits), wanted) << "in pieces of " << size;
}

std::string part(std::string_view disposition, std::string_view content, std::string_view more = "") {
  return "--b\r\nContent-Disposition: " + std::string(disposition) + "\r\n" + std::string(more) + "\r\n" +
         std::string(content) + "\r\n";
}

std::string named(std::string_view name, std::string_view content) {
  return part("form-data; name=\"" + std::string(name) + '"', content);
}

/// The fault of a body with this one part.
std::string fault(const std::string& one) { return parse(one + "--b--\r\n", one.size()).back(); }

TEST(rfc7578_4_2, parts_have_names_and_files_file_names) {
  expect(named("title", "Hello") +
             part("form-data; name=\"file\"; filename=\"a.txt\"", "content", "Content-Type: text/plain\r\n") +
             "--b--\r\n",
         {"title=Hello;", "file@a.txt=content;", "end"});
  expect(named("", "") + "--b--", {"=;", "end"});
}

TEST(rfc2046_5_1_1, boundary_is_found_across_any_cut) {
  expect(named("a", "\r\n--\r\n--\r\n-b\r\r\n--a\r\n--") + "--b--",
         {"a=\r\n--\r\n--\r\n-b\r\r\n--a\r\n--;", "end"});
  expect(named("a", "--b") + "--b--", {"a=--b;", "end"});
  expect(named("a", "\r") + "--b--", {"a=\r;", "end"});
  expect(named("a", "\n--b--") + "--b--", {"a=\n--b--;", "end"});
}

TEST(rfc2046_5_1_1, preamble_and_epilogue_are_ignored) {
  expect("This is a multipart message.\r\n--bb\r\n--x" + ("\r\n" + named("a", "1")) +
             "--b--\r\nepilogue --b\r\n--b--",
         {"a boundary is followed by something else than a line's end"});
  expect("This is a message.\r\n--x\r\n" + named("a", "1") + "--b--\r\nepilogue\r\n--b\r\n--b--",
         {"a=1;", "end"});
}

TEST(rfc2046_5_1_1, blanks_may_follow_a_boundary) {
  expect("--b \t\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--b-- ", {"a=1;", "end"});
  expect("--b \tx\r\n", {"a boundary is followed by something else than a line's end"});
  expect("--b\n", {"a boundary is followed by something else than a line's end"});
  expect("--b-\r\n", {"a boundary is followed by something else than a line's end"});
}

TEST(rfc2046_5_1_1, body_without_its_last_boundary_is_not_whole) {
  const std::string_view fault = "the body ends before its last boundary";
  expect("", {std::string(fault)});
  expect("--b", {std::string(fault)});
  expect(named("a", "1"), {"a=1", std::string(fault)});
  expect(named("a", "1") + "--b-", {"a=1;", std::string(fault)});
  expect(named("a", "1") + "--b\r\n", {"a=1;", std::string(fault)});
}

TEST(rfc2046_5_1_1, boundaries_have_70_characters_of_a_few) {
  EXPECT_TRUE(is_boundary("----WebKitFormBoundary7MA4YWxkTrZu0gW"));
  EXPECT_TRUE(is_boundary("a b'()+_,-./:=?"));
  EXPECT_TRUE(is_boundary(std::string(70, 'a')));
  EXPECT_FALSE(is_boundary(std::string(71, 'a')));
  for (const std::string_view text : {"", "a ", "a;b", "a\"", "a\r\n", "\xc3\xa4", "a\tb"})
    EXPECT_FALSE(is_boundary(text)) << text;
}

TEST(rfc7578_4_2, part_without_a_disposition_is_refused) {
  EXPECT_EQ(fault("--b\r\n\r\n1\r\n"), "part 1 has no Content-Disposition");
  EXPECT_EQ(fault("--b\r\nContent-Type: text/plain\r\n\r\n1\r\n"), "part 1 has no Content-Disposition");
  EXPECT_EQ(fault(part("attachment; name=a", "1")), "part 1 has a Content-Disposition that is not form-data");
  EXPECT_EQ(fault(part("form-data; name=a b", "1")), "part 1 has a malformed Content-Disposition");
  EXPECT_EQ(fault(part("form-data; filename=a", "1")), "part 1 has no name");
  EXPECT_EQ(fault(part("form-data; name=a", "1", "content-disposition: form-data; name=b\r\n")),
            "part 1 has two Content-Dispositions");
}

TEST(rfc7578_4_2, extended_file_name_is_ignored) {
  expect(part("form-data; name=a; filename*=UTF-8''evil.sh", "1") + "--b--", {"a=1;", "end"});
}

TEST(rfc7578_4_4, content_type_is_told_as_sent) {
  multipart_parser p("b");
  const std::string body =
      part("form-data; name=a; filename=b", "1", "Content-Type: image/png ; x=y \r\nX-More: 1\r\n");
  std::string_view input = body;
  EXPECT_EQ(p.next(input), event::part);
  EXPECT_EQ(p.head().content_type, "image/png ; x=y");
  EXPECT_EQ(fault(part("form-data; name=a", "1", "Content-Type: a/b\r\nContent-Type: a/c\r\n")),
            "part 1 has two Content-Types");
}

TEST(rfc7578_4_7, encodings_are_refused) {
  EXPECT_EQ(fault(part("form-data; name=a", "1", "Content-Transfer-Encoding: base64\r\n")),
            "part 1 has a Content-Transfer-Encoding, which forms do not have");
  EXPECT_EQ(fault(part("form-data; name=a", "1", "Content-Transfer-Encoding: Binary\r\n")), "end");
}

TEST(multipart_parser, head_is_strict) {
  EXPECT_EQ(fault(part("form-data; name=a", "1", " folded\r\n")),
            "part 1 has a line in its head that is no field");
  EXPECT_EQ(fault(part("form-data; name=a", "1", "X : 1\r\n")),
            "part 1 has a line in its head that is no field");
  EXPECT_EQ(fault(part("form-data; name=a", "1", "X\r\n")), "part 1 has a line in its head that is no field");
  EXPECT_EQ(fault(part("form-data; name=a", "1", "X: \n1\r\n")),
            "part 1 has a control character in its head");
  EXPECT_EQ(fault(part("form-data; name=a", "1", std::string("X: \0\r\n", 6))),
            "part 1 has a control character in its head");
}

TEST(multipart_parser, limits_hold) {
  const std::string two = named("a", "1") + named("b", "2") + "--b--";
  expect(two, {"a=1;", "b=2;", "end"}, {.max_parts = 2});
  expect(two, {"a=1;", "there are more than 1 parts"}, {.max_parts = 1});
  const std::string long_head =
      part("form-data; name=a", "1", "X: " + std::string(100, 'x') + "\r\n") + "--b--";
  expect(long_head, {"the head of a part has more than 100 bytes"}, {.max_head = 100});
}

TEST(multipart_parser, names_are_decoded_as_browsers_write_them) {
  const auto name = [](std::string_view sent) {
    return parse(part("form-data; name=" + std::string(sent), "") + "--b--", 1000).front();
  };
  EXPECT_EQ(name("\"a%22b%0D%0Ac\""), "a\"b\r\nc=;");
  EXPECT_EQ(name("\"a\\\"b\""), "a\"b=;");
  EXPECT_EQ(name("\"C:\\temp\\x\""), "C:\\temp\\x=;");
  EXPECT_EQ(name("\"100%25\""), "100%25=;");
  EXPECT_EQ(name("\"\xc3\xa4\""), "\xc3\xa4=;");
}

TEST(safe_file_name, is_never_a_path) {
  EXPECT_EQ(safe_file_name("photo 1.jpg"), "photo 1.jpg");
  EXPECT_EQ(safe_file_name("../../etc/passwd"), "passwd");
  EXPECT_EQ(safe_file_name("C:\\fake\\x.txt"), "x.txt");
  EXPECT_EQ(safe_file_name("a/"), "file");
  EXPECT_EQ(safe_file_name(""), "file");
  EXPECT_EQ(safe_file_name(".."), "file");
  EXPECT_EQ(safe_file_name("..."), "file");
  EXPECT_EQ(safe_file_name(".htaccess"), "htaccess");
  EXPECT_EQ(safe_file_name("a.txt. ."), "a.txt");
  EXPECT_EQ(safe_file_name(std::string("a\0b\n\x7f.txt", 9)), "ab.txt");
  EXPECT_EQ(safe_file_name("a:b*c?.txt"), "a_b_c_.txt");
  EXPECT_EQ(safe_file_name("-rf"), "_rf");
  EXPECT_EQ(safe_file_name("\xc3\xa4.png"), "\xc3\xa4.png");
}

TEST(safe_file_name, is_short_and_keeps_its_extension) {
  EXPECT_EQ(safe_file_name(std::string(300, 'a') + ".tar").size(), 128U);
  EXPECT_TRUE(safe_file_name(std::string(300, 'a') + ".tar").ends_with("a.tar"));
  std::string umlauts;
  for (int i = 0; i < 100; ++i)
    umlauts += "\xc3\xa4";
  EXPECT_EQ(safe_file_name('x' + umlauts), 'x' + umlauts.substr(0, 126));
}

} // namespace
