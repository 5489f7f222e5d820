// SPDX-License-Identifier: BSD-3-Clause
// WHATWG HTML 9.2.5 (parsing) and 9.2.6 (interpreting an event stream), rule by rule.
#include <perron/httpd/sse_format.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace perron::httpd {

inline void PrintTo(const sse_message& m, std::ostream* out) {
  *out << '{' << m.event << ", " << m.data << ", " << m.last_event_id << '}';
}

namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using messages = std::vector<sse_message>;

messages parsed(std::string_view bytes) {
  messages out;
  sse_parser parser;
  parser.feed(bytes, out);
  return out;
}
std::string encoded(const sse_event& e) {
  std::string out;
  append_sse_event(out, e);
  return out;
}
sse_message said(std::string data) { return {"message", std::move(data), ""}; }

// -- the parser

TEST(sse_parser, whatwg_9_2_5_one_leading_byte_order_mark_is_ignored) {
  EXPECT_THAT(parsed("\xEF\xBB\xBF"
                     "data: x\n\n"),
              ElementsAre(said("x")));
  EXPECT_THAT(parsed("\xEF\xBB\xBF\xEF\xBB\xBF"
                     "data: x\n\n"),
              IsEmpty()); // the second one belongs to the field's name
  EXPECT_THAT(parsed("\xEF\xBB"
                     "data: x\n\ndata: y\n\n"),
              ElementsAre(said("y")));
}

TEST(sse_parser, whatwg_9_2_5_lines_end_in_crlf_lf_or_cr) {
  EXPECT_THAT(parsed("data: a\r\rdata: b\n\ndata: c\r\n\r\n"), ElementsAre(said("a"), said("b"), said("c")));
  EXPECT_THAT(parsed("data: a\r\ndata: b\rdata: c\ndata: d\n\r"), ElementsAre(said("a\nb\nc\nd")));
}

TEST(sse_parser, whatwg_9_2_6_an_empty_line_dispatches) {
  EXPECT_THAT(parsed("data: a"), IsEmpty());
  EXPECT_THAT(parsed("data: a\n"), IsEmpty());
  EXPECT_THAT(parsed("data: a\n\n"), ElementsAre(said("a")));
}

TEST(sse_parser, whatwg_9_2_6_a_line_that_starts_with_a_colon_is_ignored) {
  EXPECT_THAT(parsed(": data: a\n:\ndata: b\n:c\n\n"), ElementsAre(said("b")));
}

TEST(sse_parser, whatwg_9_2_6_one_space_after_the_colon_is_removed) {
  EXPECT_THAT(parsed("data:a\ndata: b\ndata:  c\n\n"), ElementsAre(said("a\nb\n c")));
}

TEST(sse_parser, whatwg_9_2_6_a_line_without_a_colon_is_a_field_without_a_value) {
  EXPECT_THAT(parsed("data\n\n"), ElementsAre(said("")));
  EXPECT_THAT(parsed("data\ndata\n\n"), ElementsAre(said("\n")));
  EXPECT_THAT(parsed("id: 1\ndata: a\n\nid\ndata: b\n\n"),
              ElementsAre(sse_message{"message", "a", "1"}, sse_message{"message", "b", ""}));
}

TEST(sse_parser, whatwg_9_2_6_event_sets_the_type_of_this_event_only) {
  EXPECT_THAT(parsed("event: add\ndata: 1\n\ndata: 2\n\n"),
              ElementsAre(sse_message{"add", "1", ""}, sse_message{"message", "2", ""}));
  EXPECT_THAT(parsed("event: add\n\ndata: 2\n\n"), ElementsAre(said("2")));
}

TEST(sse_parser, whatwg_9_2_6_id_stays_for_later_events) {
  EXPECT_THAT(parsed("id: 7\ndata: a\n\ndata: b\n\n"),
              ElementsAre(sse_message{"message", "a", "7"}, sse_message{"message", "b", "7"}));
}

TEST(sse_parser, whatwg_9_2_6_an_id_with_nul_is_ignored) {
  EXPECT_THAT(parsed("id: 1\nid: 2\0003\ndata: a\n\n"sv), ElementsAre(sse_message{"message", "a", "1"}));
}

TEST(sse_parser, whatwg_9_2_6_an_id_counts_without_data) {
  messages out;
  sse_parser parser;
  parser.feed("id: 9\n\n", out);
  EXPECT_THAT(out, IsEmpty());
  EXPECT_EQ(parser.last_event_id(), "9");
}

TEST(sse_parser, whatwg_9_2_6_retry_takes_digits_only) {
  messages out;
  sse_parser parser;
  parser.feed("retry: 1500\n", out);
  EXPECT_EQ(parser.retry(), 1500ms);
  parser.feed("retry: -1\nretry: 2s\nretry:\nretry: +3\nretry: 99999999999999999999999\n\n", out);
  EXPECT_EQ(parser.retry(), 1500ms);
  EXPECT_THAT(out, IsEmpty());
}

TEST(sse_parser, whatwg_9_2_6_other_fields_are_ignored) {
  EXPECT_THAT(parsed("Data: a\n data: b\nfoo: c\ndata : d\n\n"), IsEmpty());
}

TEST(sse_parser, whatwg_9_2_6_the_examples) {
  EXPECT_THAT(parsed("data: YHOO\ndata: +2\ndata: 10\n\n"), ElementsAre(said("YHOO\n+2\n10")));
  EXPECT_THAT(
      parsed(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n"),
      ElementsAre(sse_message{"message", "first event", "1"}, sse_message{"message", "second event", ""},
                  sse_message{"message", " third event", ""}));
  EXPECT_THAT(parsed("data\n\ndata\ndata\n\ndata:\n"), ElementsAre(said(""), said("\n")));
  EXPECT_THAT(parsed("data:test\n\ndata: test\n\n"), ElementsAre(said("test"), said("test")));
}

TEST(sse_parser, gives_the_same_wherever_the_stream_is_cut) {
  const std::string_view stream =
      "\xEF\xBB\xBFretry: 5\r\nid: 1\r\ndata: a\r\ndata: b\r\n\r\r: c\revent: e\rdata\r\r\ndata: d\n\n";
  const messages whole = parsed(stream);
  ASSERT_EQ(whole.size(), 3U);
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    messages out;
    sse_parser parser;
    parser.feed(stream.substr(0, cut), out);
    parser.feed(stream.substr(cut), out);
    EXPECT_EQ(out, whole) << cut;
  }
}

TEST(sse_parser, drops_an_event_that_is_too_long_and_goes_on) {
  messages out;
  sse_parser parser(16);
  parser.feed("data: 0123456789abcdef\n\ndata: ok\n\n", out);
  EXPECT_THAT(out, ElementsAre(said("ok")));
}

// -- what is sent

TEST(sse_event, has_one_data_field_for_each_line) {
  EXPECT_EQ(encoded({.data = "a"}), "data: a\n\n");
  EXPECT_EQ(encoded({.data = ""}), "data: \n\n");
  EXPECT_EQ(encoded({.data = "a\nb\r\nc\rd\n"}), "data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n");
}

TEST(sse_event, has_its_other_fields_before_the_data) {
  EXPECT_EQ(encoded({.data = "a", .id = "7", .event = "add", .retry = 3s}),
            "retry: 3000\nid: 7\nevent: add\ndata: a\n\n");
  EXPECT_EQ(encoded({.data = "a", .id = ""}), "id: \ndata: a\n\n");
}

TEST(sse_event, refuses_what_would_change_the_stream) {
  EXPECT_THROW(encoded({.data = "a", .id = "1\n2"}), std::invalid_argument);
  EXPECT_THROW(encoded({.data = "a", .id = "1\0002"sv}), std::invalid_argument);
  EXPECT_THROW(encoded({.data = "a", .event = "x\rdata: y"}), std::invalid_argument);
}

TEST(sse_event, comments_are_not_seen) {
  std::string out;
  append_sse_comment(out, "still here\ndata: not an event");
  append_sse_comment(out, "");
  append_sse_event(out, {.data = "a"});
  EXPECT_THAT(parsed(out), ElementsAre(said("a")));
}

TEST(sse_event, any_text_arrives_with_its_line_ends_as_lf) {
  for (const auto& [sent, seen] : std::vector<std::pair<std::string, std::string>>{{"", ""},
                                                                                   {"\n", "\n"},
                                                                                   {"a\r\n\r\nb", "a\n\nb"},
                                                                                   {" a", " a"},
                                                                                   {":a", ":a"},
                                                                                   {"data: a", "data: a"}})
    EXPECT_THAT(parsed(encoded({.data = sent, .id = "1", .event = "t"})),
                ElementsAre(sse_message{"t", seen, "1"}));
}

} // namespace
} // namespace perron::httpd
