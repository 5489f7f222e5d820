// SPDX-License-Identifier: BSD-3-Clause
// RFC 9110 14 and 15.3.7 as they hold for files; ../range_test.cpp has the field by itself.
#include "httpd/files/files_fixture.hpp"

#include <perron/httpd/http_date.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace perron::testing {
namespace {

using namespace std::chrono_literals;

class ranges_of_files : public files_fixture {
protected:
  void SetUp() override {
    files_fixture::SetUp();
    write("small.txt", small());
    write("large.bin", large());
    write("empty.txt", "");
    serve_files();
  }

  static std::string small() { return numbers(2'000); }
  static std::string large() { return numbers(500'000); }

  struct part {
    std::string head;
    std::string body;
  };
  /// The parts of a multipart/byteranges answer, its grammar checked on the way (RFC 2046 5.1.1).
  static std::vector<part> parts_of(const answer& a) {
    constexpr std::string_view type = "multipart/byteranges; boundary=";
    const std::string field = a.field("Content-Type");
    EXPECT_TRUE(field.starts_with(type)) << field;
    const std::string line = "--" + field.substr(type.size());
    std::vector<part> parts;
    std::size_t at = 0;
    EXPECT_EQ(a.body.compare(0, line.size(), line), 0);
    while (a.body.compare(at + line.size(), 2, "\r\n") == 0) {
      const std::size_t begin = at + line.size() + 2;
      const std::size_t blank = a.body.find("\r\n\r\n", begin);
      const std::size_t end = a.body.find("\r\n" + line, begin);
      if (blank == std::string::npos || end == std::string::npos || blank + 4 > end) {
        ADD_FAILURE() << "a part does not end";
        return parts;
      }
      parts.push_back({a.body.substr(begin, blank + 2 - begin), a.body.substr(blank + 4, end - blank - 4)});
      at = end + 2;
    }
    EXPECT_EQ(a.body.substr(at), line + "--\r\n");
    return parts;
  }
};

using rfc9110_14_1_2_files = ranges_of_files;
using rfc9110_14_2_files = ranges_of_files;
using rfc9110_14_3_files = ranges_of_files;
using rfc9110_14_4_files = ranges_of_files;
using rfc9110_14_6_files = ranges_of_files;
using rfc9110_13_1_5_files = ranges_of_files;
using rfc9110_15_3_7_files = ranges_of_files;
using rfc9110_15_5_17_files = ranges_of_files;
using rfc9110_17_15_files = ranges_of_files;

TEST_F(rfc9110_14_1_2_files, part_is_what_the_range_names) {
  for (const char* name : {"small.txt", "large.bin"}) {
    const std::string all = get(name).body;
    EXPECT_EQ(get(name, "Range: bytes=0-0\r\n").body, all.substr(0, 1));
    EXPECT_EQ(get(name, "Range: bytes=100-199\r\n").body, all.substr(100, 100));
    EXPECT_EQ(get(name, "Range: bytes=1000-\r\n").body, all.substr(1000));
    EXPECT_EQ(get(name, "Range: bytes=-77\r\n").body, all.substr(all.size() - 77));
    EXPECT_EQ(get(name, "Range: bytes=1990-999999999\r\n").body, all.substr(1990));
  }
}

TEST_F(rfc9110_14_2_files, range_is_for_get_only_and_others_are_ignored) {
  const answer a = head("small.txt", "Range: bytes=0-9\r\n");
  EXPECT_EQ(a.status, 200);
  EXPECT_EQ(a.field("Content-Length"), "2000");
  for (const char* field : {"bytes=9-0", "lines=0-9", "bytes", "bytes=a-b", "bytes=0-9,x"})
    EXPECT_EQ(get("small.txt", std::string("Range: ") + field + "\r\n").body.size(), 2000U) << field;
}

TEST_F(rfc9110_14_3_files, server_says_that_it_serves_ranges) {
  EXPECT_EQ(get("small.txt").field("Accept-Ranges"), "bytes");
  EXPECT_EQ(head("large.bin").field("Accept-Ranges"), "bytes");
}

TEST_F(rfc9110_14_4_files, content_range_names_part_and_whole) {
  const answer a = get("small.txt", "Range: bytes=-10\r\n");
  EXPECT_EQ(a.field("Content-Range"), "bytes 1990-1999/2000");
  EXPECT_EQ(a.field("Content-Length"), "10");
}

TEST_F(rfc9110_15_3_7_files, part_has_the_fields_of_the_whole) {
  const answer whole = get("small.txt");
  const answer some = get("small.txt", "Range: bytes=5-9\r\n");
  EXPECT_EQ(some.status, 206);
  for (const char* name : {"ETag", "Last-Modified", "Content-Type"})
    EXPECT_EQ(some.field(name), whole.field(name)) << name;
}

TEST_F(rfc9110_14_6_files, several_parts_are_a_multipart) {
  for (const char* name : {"small.txt", "large.bin"}) {
    const std::string all = get(name).body;
    const answer a = get(name, "Range: bytes=1000-1009,0-4,-3\r\n");
    ASSERT_EQ(a.status, 206);
    EXPECT_FALSE(a.has("Content-Range"));
    EXPECT_EQ(a.field("ETag"), get(name).field("ETag"));
    const auto parts = parts_of(a);
    ASSERT_EQ(parts.size(), 3U);
    EXPECT_EQ(parts[0].body, all.substr(1000, 10));
    EXPECT_EQ(parts[1].body, all.substr(0, 5));
    EXPECT_EQ(parts[2].body, all.substr(all.size() - 3));
    const std::string size = std::to_string(all.size());
    const std::string type = "Content-Type: " + get(name).field("Content-Type") + "\r\n";
    EXPECT_EQ(parts[0].head, type + "Content-Range: bytes 1000-1009/" + size + "\r\n");
    EXPECT_EQ(parts[1].head, type + "Content-Range: bytes 0-4/" + size + "\r\n");
  }
}

TEST_F(rfc9110_14_6_files, connection_goes_on_behind_a_multipart) {
  raw_client c = client();
  EXPECT_EQ(c.get("/static/large.bin", "Range: bytes=0-9,1000-1009\r\n").status, 206);
  EXPECT_EQ(c.get("/static/small.txt").body, small());
}

TEST_F(rfc9110_14_6_files, http_1_0_clients_get_one_as_well) {
  const answer a = client().ask("GET /static/large.bin HTTP/1.0\r\nRange: bytes=0-9,1000-1009\r\n\r\n");
  EXPECT_EQ(parts_of(a).size(), 2U);
}

TEST_F(rfc9110_15_3_7_files, what_is_one_range_in_the_end_is_no_multipart) {
  const answer joined = get("small.txt", "Range: bytes=0-9,10-19\r\n");
  EXPECT_EQ(joined.field("Content-Range"), "bytes 0-19/2000");
  EXPECT_EQ(joined.body, small().substr(0, 20));
  const answer one_is_there = get("small.txt", "Range: bytes=5-9,5000-\r\n");
  EXPECT_EQ(one_is_there.field("Content-Range"), "bytes 5-9/2000");
  EXPECT_EQ(get("small.txt", "Range: bytes=0-1,5-6\r\n").field("Content-Range"), "bytes 0-6/2000");
}

TEST_F(rfc9110_15_5_17_files, what_is_not_there_is_416_with_the_size) {
  const answer a = get("small.txt", "Range: bytes=2000-,3000-4000\r\n");
  EXPECT_EQ(a.status, 416);
  EXPECT_EQ(a.field("Content-Range"), "bytes */2000");
  EXPECT_EQ(get("empty.txt", "Range: bytes=0-\r\n").status, 416);
  EXPECT_EQ(get("empty.txt", "Range: bytes=-1\r\n").status, 200);
}

TEST_F(rfc9110_17_15_files, flood_of_ranges_costs_no_more_than_the_file) {
  std::string overlapping = "Range: bytes=0-";
  for (int i = 1; i < 1300; ++i)
    overlapping += ",5-" + std::to_string(i + 5);
  EXPECT_EQ(get("large.bin", overlapping + "\r\n").body.size(), 500'000U);
  std::string apart = "Range: bytes=0-0";
  for (int i = 1; i < 16; ++i)
    apart += ',' + std::to_string(i * 1000) + '-' + std::to_string(i * 1000);
  EXPECT_EQ(parts_of(get("large.bin", apart + "\r\n")).size(), 16U);
  EXPECT_EQ(get("large.bin", apart + ",20000-20001\r\n").status, 200);
}

TEST_F(rfc9110_13_1_5_files, if_range_wants_the_same_state) {
  const answer whole = get("small.txt");
  const std::string range = "Range: bytes=0-9\r\nIf-Range: ";
  EXPECT_EQ(get("small.txt", range + whole.field("ETag") + "\r\n").status, 206);
  EXPECT_EQ(get("small.txt", range + "W/" + whole.field("ETag") + "\r\n").status, 200);
  EXPECT_EQ(get("small.txt", range + "\"x\"\r\n").status, 200);
  EXPECT_EQ(get("small.txt", range + whole.field("Last-Modified") + "\r\n").status, 206);
  EXPECT_EQ(get("small.txt", range + httpd::to_http_date({}) + "\r\n").status, 200);
  write("small.txt", "other");
  EXPECT_EQ(get("small.txt", range + whole.field("ETag") + "\r\n").body, "other");
}

TEST_F(rfc9110_13_1_5_files, if_range_that_fails_hides_what_cannot_be_served) {
  EXPECT_EQ(get("small.txt", "Range: bytes=5000-\r\nIf-Range: \"x\"\r\n").status, 200);
}

TEST_F(rfc9110_13_1_5_files, weak_tag_serves_no_range) {
  write("new.txt", "0123456789", -1h);
  const answer a = get("new.txt");
  EXPECT_EQ(get("new.txt", "Range: bytes=0-1\r\nIf-Range: " + a.field("ETag") + "\r\n").status, 200);
}

} // namespace
} // namespace perron::testing
