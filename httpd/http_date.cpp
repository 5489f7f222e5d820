// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/http_date.hpp>

#include <algorithm>
#include <cstddef>

namespace perron::httpd {

namespace {

using namespace std::chrono;

constexpr std::string_view day_names[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::string_view long_day_names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                               "Thursday", "Friday", "Saturday"};
constexpr std::string_view month_names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// Takes a date apart from front to back; after the first thing that is not as told, all has failed.
class date_reader {
public:
  explicit date_reader(std::string_view text) noexcept : rest_(text) {}

  template <std::size_t Size>
  unsigned one_of(const std::string_view (&names)[Size]) noexcept {
    for (unsigned i = 0; i < Size; ++i)
      if (rest_.starts_with(names[i])) {
        rest_.remove_prefix(names[i].size());
        return i;
      }
    failed_ = true;
    return 0;
  }

  void literal(std::string_view text) noexcept {
    if (rest_.starts_with(text))
      rest_.remove_prefix(text.size());
    else
      failed_ = true;
  }

  unsigned digits(std::size_t count) noexcept {
    unsigned value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (i >= rest_.size() || rest_[i] < '0' || rest_[i] > '9') {
        failed_ = true;
        return 0;
      }
      value = value * 10 + static_cast<unsigned>(rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }

  /// Two digits, or a blank and one (asctime).
  unsigned padded_day() noexcept {
    if (!rest_.starts_with(' '))
      return digits(2);
    rest_.remove_prefix(1);
    return digits(1);
  }

  seconds time_of_day() noexcept {
    const unsigned h = digits(2);
    literal(":");
    const unsigned m = digits(2);
    literal(":");
    const unsigned s = digits(2);
    if (h > 23 || m > 59 || s > 60) // 60: a leap second
      failed_ = true;
    return hours(h) + minutes(m) + seconds(s);
  }

  bool is_whole() const noexcept { return !failed_ && rest_.empty(); }

private:
  std::string_view rest_;
  bool failed_ = false;
};

struct moment {
  int year = 0;
  unsigned month = 0; // from 0
  unsigned day = 0;
  seconds time{};
};

std::optional<http_time> made_of(const moment& m) noexcept {
  const auto date = std::chrono::year(m.year) / std::chrono::month(m.month + 1) / std::chrono::day(m.day);
  if (!date.ok())
    return std::nullopt;
  return sys_days(date) + m.time;
}

/// "Sun, 06 Nov 1994 08:49:37 GMT"
std::optional<http_time> parse_imf_fixdate(std::string_view text) noexcept {
  date_reader in(text);
  moment m;
  in.one_of(day_names);
  in.literal(", ");
  m.day = in.digits(2);
  in.literal(" ");
  m.month = in.one_of(month_names);
  in.literal(" ");
  m.year = static_cast<int>(in.digits(4));
  in.literal(" ");
  m.time = in.time_of_day();
  in.literal(" GMT");
  return in.is_whole() ? made_of(m) : std::nullopt;
}

/// "Sunday, 06-Nov-94 08:49:37 GMT"
std::optional<http_time> parse_rfc850(std::string_view text, http_time now) noexcept {
  date_reader in(text);
  moment m;
  in.one_of(long_day_names);
  in.literal(", ");
  m.day = in.digits(2);
  in.literal("-");
  m.month = in.one_of(month_names);
  in.literal("-");
  const int short_year = static_cast<int>(in.digits(2));
  in.literal(" ");
  m.time = in.time_of_day();
  in.literal(" GMT");
  if (!in.is_whole())
    return std::nullopt;
  const auto this_year = static_cast<int>(year_month_day(floor<days>(now)).year());
  m.year = this_year - this_year % 100 + 100 + short_year;
  const auto latest = now + years(50);
  for (int century = 0; century < 2; ++century, m.year -= 100)
    if (const auto when = made_of(m); when && *when <= latest)
      return when;
  return made_of(m);
}

/// "Sun Nov  6 08:49:37 1994"
std::optional<http_time> parse_asctime(std::string_view text) noexcept {
  date_reader in(text);
  moment m;
  in.one_of(day_names);
  in.literal(" ");
  m.month = in.one_of(month_names);
  in.literal(" ");
  m.day = in.padded_day();
  in.literal(" ");
  m.time = in.time_of_day();
  in.literal(" ");
  m.year = static_cast<int>(in.digits(4));
  return in.is_whole() ? made_of(m) : std::nullopt;
}

} // namespace

std::array<char, 29> write_http_date(http_time when) noexcept {
  constexpr http_time first = sys_days(year(0) / January / 1);
  constexpr http_time last = sys_days(year(9999) / December / 31) + hours(24) - seconds(1);
  when = std::clamp(when, first, last);
  const auto midnight = floor<days>(when);
  const year_month_day date(midnight);
  const hh_mm_ss time(when - midnight);
  std::array<char, 29> out{};
  std::size_t at = 0;
  const auto put = [&](std::string_view text) {
    std::copy(text.begin(), text.end(), out.begin() + static_cast<std::ptrdiff_t>(at));
    at += text.size();
  };
  const auto put_number = [&](unsigned value, std::size_t width) {
    for (std::size_t i = width; i-- > 0; value /= 10)
      out[at + i] = static_cast<char>('0' + value % 10);
    at += width;
  };
  put(day_names[weekday(midnight).c_encoding()]);
  put(", ");
  put_number(static_cast<unsigned>(date.day()), 2);
  put(" ");
  put(month_names[static_cast<unsigned>(date.month()) - 1]);
  put(" ");
  put_number(static_cast<unsigned>(static_cast<int>(date.year())), 4);
  put(" ");
  put_number(static_cast<unsigned>(time.hours().count()), 2);
  put(":");
  put_number(static_cast<unsigned>(time.minutes().count()), 2);
  put(":");
  put_number(static_cast<unsigned>(time.seconds().count()), 2);
  put(" GMT");
  return out;
}

std::string to_http_date(http_time when) {
  const auto text = write_http_date(when);
  return std::string(text.data(), text.size());
}

std::optional<http_time> parse_http_date(std::string_view text, http_time now) noexcept {
  if (text.size() == 29)
    return parse_imf_fixdate(text);
  if (text.size() == 24)
    return parse_asctime(text);
  return parse_rfc850(text, now);
}

} // namespace perron::httpd
