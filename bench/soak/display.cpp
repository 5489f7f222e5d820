// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/display.hpp>

#include <perron/bench/soak/derived.hpp>
#include <perron/bench/soak/units.hpp>

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>
#include <vector>

namespace perron::soak {

namespace {

constexpr double plain_every_s = 5;

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view{} : std::string_view(value);
}

// Columns that a text takes: its characters of UTF-8, all of which are one column wide here.
int width(std::string_view text) {
  return static_cast<int>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// What a peer or a user named must not steer the terminal.
std::string harmless(std::string_view text) {
  std::string result;
  for (const char c : text)
    result += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  return result;
}

std::string cut(std::string_view text, int columns) {
  std::string result;
  int taken = 0;
  for (const char c : text) {
    const bool begins = (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    if (begins && taken == columns)
      break;
    taken += begins ? 1 : 0;
    result += c;
  }
  return result;
}

std::string bar(double share, int columns, bool unicode) {
  static constexpr const char* eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  share = std::clamp(share, 0.0, 1.0);
  const int all = static_cast<int>(std::lround(share * columns * 8));
  std::string result;
  for (int i = 0; i < all / 8; ++i)
    result += unicode ? "█" : "#";
  if (unicode)
    result += eighths[all % 8];
  const int used = all / 8 + (unicode && all % 8 != 0 ? 1 : 0);
  for (int i = used; i < columns; ++i)
    result += unicode ? "·" : "-";
  return result;
}

std::string errors_text(const std::vector<named_count>& errors) {
  if (sum_of(errors) == 0)
    return "none";
  std::string result;
  for (const named_count& each : errors)
    if (each.count > 0)
      result += (result.empty() ? "" : ", ") + each.name + ' ' + grouped(each.count);
  return result;
}

std::string latency_text(const quantiles& q) {
  return "p50 " + duration(static_cast<double>(q.p50)) + "  p99 " + duration(static_cast<double>(q.p99)) +
         "  max " + duration(static_cast<double>(q.max));
}

// What one sample says beside the one before.
struct rates {
  rates(const sample& before, const sample& now)
      : opened(rate_between(before, now, &client_counts::opened)),
        answers(rate_between(before, now, &client_counts::answers)),
        messages(rate_between(before, now, &client_counts::messages)), cpu(cpu_between(before, now)) {}

  double opened;
  double answers;
  double messages;
  double cpu; // per cent of one core
};

constexpr std::string_view bold = "\x1b[1m";
constexpr std::string_view dim = "\x1b[2m";
constexpr std::string_view red = "\x1b[31m";
constexpr std::string_view green = "\x1b[32m";
constexpr std::string_view plain = "\x1b[0m";

// A line that is put together of parts with colours, and never gets wider than the terminal.
class line {
public:
  line(int columns, bool colours) : left_(columns), colours_(colours) {}

  line& add(std::string_view text, std::string_view colour = {}) {
    const std::string shown = cut(text, left_);
    left_ -= width(shown);
    if (colours_ && !colour.empty() && !shown.empty())
      text_.append(colour).append(shown).append(plain);
    else
      text_ += shown;
    return *this;
  }
  int left() const { return left_; }
  const std::string& str() const { return text_; }

private:
  int left_;
  bool colours_;
  std::string text_;
};

std::string label(std::string_view name) { return std::string(name) + std::string(13 - name.size(), ' '); }

std::vector<std::string> drawing(const std::string& title, const terminal& how, const sample& before,
                                 const sample& now, const progress& where) {
  // One column stays free, or some terminals go on in the next line.
  const int columns = std::max(how.columns - 1, 20);
  const rates rate(before, now);
  const client_counts& c = now.clients;
  std::vector<std::string> lines;
  const auto begin = [&] { return line(columns, how.colours); };

  const std::string phase = harmless(now.phase);
  std::string time = clock(now.at_s);
  if (where.phase_of > 0)
    time += "  (" + phase + ' ' + clock(where.phase_s) + " of " + clock(where.phase_of) + ')';
  else
    time += "  (" + phase + ' ' + clock(where.phase_s) + ')';
  lines.push_back(begin().add(harmless(title), bold).add("  ").add(time, dim).str());

  const std::string figures = ' ' + grouped(c.open) + " of " + grouped(c.wanted);
  const double share = c.wanted == 0 ? 0 : static_cast<double>(c.open) / static_cast<double>(c.wanted);
  line connections = begin();
  connections.add(label("connections"), dim);
  const int room = std::min(connections.left() - width(figures), 50);
  if (room >= 5)
    connections.add(bar(share, room, how.unicode), green);
  lines.push_back(connections.add(figures).str());

  std::string speed = brief(rate.opened) + " opened/s";
  if (c.opening > 0)
    speed += "  " + grouped(c.opening) + " on their way";
  if (c.answers > 0)
    speed += "  " + brief(rate.answers) + " answers/s";
  if (c.messages > 0)
    speed += "  " + brief(rate.messages) + " messages/s";
  lines.push_back(begin().add(label("rates"), dim).add(speed).str());

  const std::pair<const char*, const quantiles*> shown[] = {
      {"publish", &now.publish}, {"latency", &now.latency}, {"connect", &now.connect}};
  for (const auto& [name, q] : shown)
    if (q->count > 0) {
      lines.push_back(begin().add(label(name), dim).add(latency_text(*q)).str());
      break;
    }
  const bool failed = sum_of(c.errors) > 0;
  lines.push_back(begin().add(label("errors"), dim).add(errors_text(c.errors), failed ? red : green).str());
  if (sum_of(c.meant) > 0)
    lines.push_back(begin().add(label("on purpose"), dim).add(errors_text(c.meant)).str());
  if (now.server.processes > 0)
    lines.push_back(begin()
                        .add(label("server"), dim)
                        .add(fixed(rate.cpu, 0) + " % CPU  " +
                             bytes(static_cast<double>(now.server.anonymous_bytes)) + "  " +
                             grouped(now.server.descriptors) + " descriptors  " +
                             std::to_string(now.server.processes) +
                             (now.server.processes == 1 ? " process" : " processes"))
                        .str());
  lines.push_back(begin()
                      .add(label("machine"), dim)
                      .add("kernel " + bytes(static_cast<double>(now.machine.slab_bytes)) + "  " +
                           bytes(static_cast<double>(now.machine.available_bytes)) + " left")
                      .str());
  return lines;
}

} // namespace

terminal terminal::of(int descriptor) {
  terminal result;
  const std::string_view kind = environment("TERM");
  result.redraws = ::isatty(descriptor) == 1 && !kind.empty() && kind != "dumb";
  result.colours = result.redraws && environment("NO_COLOR").empty();
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"})
    if (const std::string_view value = environment(name); !value.empty()) {
      result.unicode =
          value.find("UTF-8") != std::string_view::npos || value.find("utf8") != std::string_view::npos;
      break;
    }
  if (winsize size{}; ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    result.columns = size.ws_col;
  return result;
}

display::display(std::string title, terminal how, std::function<void(std::string_view)> write)
    : title_(std::move(title)), how_(how), write_(std::move(write)) {}

void display::show(const sample& now, const progress& where) {
  const sample& before = began_ ? before_ : now;
  if (how_.redraws) {
    std::string text = back();
    for (const std::string& each : drawing(title_, how_, before, now, where)) {
      text += each + "\x1b[K\n";
      ++drawn_lines_;
    }
    write_(text + "\x1b[J");
    before_ = now;
    began_ = true;
    return;
  }
  if (began_ && now.phase == before_.phase && now.at_s - before_.at_s < plain_every_s)
    return;
  const rates rate(before, now);
  const client_counts& c = now.clients;
  std::string text = clock(now.at_s) + ' ' + harmless(now.phase) + ": " + grouped(c.open) + " of " +
                     grouped(c.wanted) + " open, " + brief(rate.opened) + " opened/s, " +
                     brief(rate.answers) + " answers/s";
  if (c.messages > 0)
    text += ", " + brief(rate.messages) + " messages/s";
  if (now.latency.count > 0)
    text += ", " + latency_text(now.latency);
  text += ", errors: " + errors_text(c.errors);
  if (now.server.processes > 0)
    text +=
        ", server " + fixed(rate.cpu, 0) + " % CPU " + bytes(static_cast<double>(now.server.anonymous_bytes));
  write_(text + '\n');
  before_ = now;
  began_ = true;
}

void display::event(const mark& what) {
  const std::string text = clock(what.at_s) + ' ' + harmless(what.text);
  write_(how_.redraws ? back() + text + "\x1b[K\n\x1b[J" : text + '\n');
}

void display::finish() { drawn_lines_ = 0; }

// To the first of the lines that were drawn; what comes next is drawn over them.
std::string display::back() {
  const int lines = std::exchange(drawn_lines_, 0);
  return lines > 0 ? "\x1b[" + std::to_string(lines) + "A\r" : std::string{};
}

} // namespace perron::soak
