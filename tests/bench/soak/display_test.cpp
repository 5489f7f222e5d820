// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/display.hpp>

#include "bench/soak/example_run.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace perron::soak {
namespace {

/// A terminal that understands what a display sends: text of UTF-8, line ends, CSI n A, CSI K, CSI J and
/// colours.
class screen {
public:
  void write(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      if (c == '\n') {
        ++row_;
        column_ = 0;
      } else if (c == '\r') {
        column_ = 0;
      } else if (c == '\x1b') {
        std::size_t end = i + 2;
        while (end < text.size() && (text[end] == ';' || (text[end] >= '0' && text[end] <= '9')))
          ++end;
        control(text.substr(i + 2, end - i - 2), text[end]);
        i = end;
      } else if ((static_cast<unsigned char>(c) & 0xC0) == 0x80) {
        line()[column_ - 1] += c;
      } else {
        if (line().size() <= column_)
          line().resize(column_ + 1, " ");
        line()[column_++] = std::string(1, c);
      }
    }
  }

  std::vector<std::string> lines() const {
    std::vector<std::string> result;
    for (const auto& cells : rows_) {
      std::string text;
      for (const std::string& cell : cells)
        text += cell;
      result.push_back(text);
    }
    return result;
  }
  std::size_t widest() const {
    std::size_t result = 0;
    for (const auto& cells : rows_)
      result = std::max(result, cells.size());
    return result;
  }
  bool coloured() const { return coloured_; }

private:
  std::vector<std::string>& line() {
    if (rows_.size() <= row_)
      rows_.resize(row_ + 1);
    return rows_[row_];
  }
  void control(std::string_view number, char what) {
    if (what == 'A')
      row_ -= std::stoul(std::string(number));
    else if (what == 'K')
      line().resize(std::min(line().size(), column_));
    else if (what == 'J')
      rows_.resize(std::min(rows_.size(), row_));
    else if (what == 'm')
      coloured_ = true;
    else
      ADD_FAILURE() << "what is CSI " << number << what;
  }

  std::vector<std::vector<std::string>> rows_;
  std::size_t row_ = 0;
  std::size_t column_ = 0;
  bool coloured_ = false;
};

bool contains(const std::vector<std::string>& lines, std::string_view text) {
  return std::any_of(lines.begin(), lines.end(),
                     [&](const std::string& line) { return line.find(text) != std::string::npos; });
}

TEST(display, redraws_in_place) {
  screen shown;
  display d("soak", {.columns = 80, .redraws = true, .colours = true, .unicode = true},
            [&](std::string_view text) { shown.write(text); });
  const run_record run = example_run();
  for (const sample& each : run.samples)
    d.show(each, {.phase_s = 1, .phase_of = 10});
  d.finish();
  const auto lines = shown.lines();
  EXPECT_LE(lines.size(), 9U);
  EXPECT_EQ(std::count_if(lines.begin(), lines.end(),
                          [](const std::string& line) { return line.starts_with("connections"); }),
            1);
  EXPECT_TRUE(contains(lines, "1,000 of 1,000"));
  EXPECT_TRUE(contains(lines, "reset 2"));
  EXPECT_TRUE(contains(lines, "vanished 6"));
  EXPECT_TRUE(contains(lines, "1,020 descriptors"));
  EXPECT_TRUE(contains(lines, "0:30  (publish 0:01 of 0:10)"));
  EXPECT_TRUE(shown.coloured());
}

TEST(display, rates_are_those_since_the_last_sample) {
  screen shown;
  display d("soak", {.columns = 80, .redraws = true, .colours = false, .unicode = false},
            [&](std::string_view text) { shown.write(text); });
  const run_record run = example_run();
  d.show(run.samples[4], {});
  d.show(run.samples[5], {});
  EXPECT_TRUE(contains(shown.lines(), "100 opened/s")); // 50 within half a second
  EXPECT_TRUE(contains(shown.lines(), "30 % CPU"));
  EXPECT_FALSE(shown.coloured());
}

TEST(display, no_line_is_wider_than_the_terminal) {
  for (const int columns : {20, 30, 40, 60, 200}) {
    screen shown;
    display d("a rather long title of a run, longer than most are",
              {.columns = columns, .redraws = true, .colours = true, .unicode = true},
              [&](std::string_view text) { shown.write(text); });
    const run_record run = example_run();
    d.show(run.samples[30], {.phase_s = 1, .phase_of = 10});
    d.show(run.samples[60], {.phase_s = 1, .phase_of = 10});
    EXPECT_LE(shown.widest(), static_cast<std::size_t>(columns));
  }
}

TEST(display, events_stay_above_what_is_drawn) {
  screen shown;
  display d("soak", {.columns = 80, .redraws = true, .colours = false, .unicode = true},
            [&](std::string_view text) { shown.write(text); });
  const run_record run = example_run();
  d.show(run.samples[25], {});
  d.event(run.marks[0]);
  d.show(run.samples[26], {});
  d.event(run.marks[1]);
  d.show(run.samples[27], {});
  const auto lines = shown.lines();
  ASSERT_GT(lines.size(), 3U);
  EXPECT_EQ(lines[0], "0:12 node 1 killed");
  EXPECT_EQ(lines[1], "0:29 published");
  EXPECT_TRUE(lines[2].starts_with("soak")) << lines[2];
}

TEST(display, is_plain_lines_where_nothing_can_be_redrawn) {
  std::string text;
  display d("soak", {}, [&](std::string_view more) { text += more; });
  const run_record run = example_run();
  for (const sample& each : run.samples)
    d.show(each, {});
  d.event(run.marks[0]);
  d.finish();
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\r'), std::string::npos);
  // 0, 5, 10 s; the new phase at 10.5, then 15.5, 20.5, 25.5; the last phase at 30; the event.
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 9) << text;
  EXPECT_NE(text.find("0:10 ramp: 1,000 of 1,000 open, 100 opened/s"), std::string::npos) << text;
  EXPECT_NE(text.find("0:12 node 1 killed\n"), std::string::npos);
}

TEST(display, texts_do_not_steer_the_terminal) {
  std::string text;
  display d("a\x1b[2Jb", {.columns = 80, .redraws = true, .colours = false, .unicode = true},
            [&](std::string_view more) { text += more; });
  sample s;
  s.phase = "p\x1b]0;x\x07";
  d.event({.at_s = 0, .text = "x\ny\x1b[H"});
  d.show(s, {});
  EXPECT_EQ(text.find("\x1b[2J"), std::string::npos);
  EXPECT_EQ(text.find("\x1b]"), std::string::npos);
  EXPECT_EQ(text.find("\x1b[H"), std::string::npos);
  EXPECT_EQ(text.find("x\ny"), std::string::npos);
}

} // namespace
} // namespace perron::soak
