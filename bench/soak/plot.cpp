// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/plot.hpp>

#include <perron/bench/soak/markup.hpp>
#include <perron/bench/soak/scale.hpp>
#include <perron/bench/soak/units.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace perron::soak {

namespace {

// A letter of the plots' font and size takes about that.
constexpr double letter = 6.6;
constexpr double bold_letter = 7.6;
constexpr double line_height = 15;

// What one tooltip covers.
constexpr double tip_width = 12;

std::string number(double n) {
  std::string text = fixed(n, 1);
  if (text.ends_with(".0"))
    text.resize(text.size() - 2);
  return text;
}

std::string attribute(const char* name, double n) {
  return std::string(" ") + name + "=\"" + number(n) + '"';
}

double text_width(std::string_view text, double of_letter = letter) {
  return of_letter * static_cast<double>(std::count_if(text.begin(), text.end(), [](char c) {
           return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
         }));
}

struct ends {
  double least = std::numeric_limits<double>::infinity();
  double most = -std::numeric_limits<double>::infinity();
  void take(double value) {
    least = std::min(least, value);
    most = std::max(most, value);
  }
};

// Where things are, in units of the drawing.
struct frame {
  double left;
  double right;
  double top;
  double bottom;
};

class drawing {
public:
  drawing(const plot& p, double width, double height, const std::string& id)
      : plot_(p), width_(width), height_(height), id_(id), wide_(width >= 500), x_ends_(ends_of(true)),
        frame_(framed()),
        x_(p.x, x_ends_.least, x_ends_.most,
           static_cast<int>((frame_.right - frame_.left) / (p.x.what == measure::clock ? 84 : 80))),
        y_(p.y, ends_of(false).least, ends_of(false).most,
           static_cast<int>((frame_.bottom - frame_.top) / 38)) {}

  std::string draw() {
    out_ = "<svg viewBox=\"0 0 " + number(width_) + ' ' + number(height_) +
           "\" role=\"img\" aria-labelledby=\"" + id_ + "t " + id_ + "d\"><title id=\"" + id_ + "t\">" +
           escaped(plot_.title) + "</title><desc id=\"" + id_ + "d\">" + escaped(in_words(plot_)) + "</desc>";
    spans();
    grid();
    for (const curve& each : plot_.curves)
      line(each);
    marks();
    if (wide_)
      labels_at_ends();
    else
      labels_above();
    if (wide_)
      tips();
    return out_ + "</svg>";
  }

private:
  ends ends_of(bool of_x) const {
    ends result;
    for (const curve& c : plot_.curves)
      for (const point& p : c.points)
        if (of_x || !plot_.y.logarithmic || p.y > 0)
          result.take(of_x ? p.x : p.y);
    if (result.least > result.most)
      return {.least = 0, .most = 1};
    return result;
  }

  double widest_name() const {
    double result = 0;
    for (const curve& c : plot_.curves)
      result = std::max(result, text_width(c.name, bold_letter));
    return result;
  }

  frame framed() const {
    const double names = wide_ && plot_.curves.size() > 1 ? std::min(widest_name() + 14, width_ / 3) : 14;
    return {.left = 52,
            .right = width_ - names,
            .top = wide_ || plot_.curves.size() < 2 ? 24.0 : 42.0,
            .bottom = height_ - 40};
  }

  bool within(double value) const { return value >= x_ends_.least && value <= x_ends_.most; }
  double x(double value) const { return frame_.left + x_.place(value) * (frame_.right - frame_.left); }
  double y(double value) const { return frame_.bottom - y_.place(value) * (frame_.bottom - frame_.top); }

  void text(double at_x, double at_y, const char* kind, std::string_view what, const char* more = "") {
    out_ += "<text" + attribute("x", at_x) + attribute("y", at_y) + " class=\"" + kind + '"' + more + '>' +
            escaped(what) + "</text>";
  }

  void spans() {
    bool shaded = false;
    for (const span& s : plot_.spans) {
      if (!within(s.to) && !within(s.from) && !(s.from < x_ends_.least && s.to > x_ends_.most))
        continue;
      const double from = x(s.from);
      const double to = x(s.to);
      if (to > from && shaded)
        out_ += "<rect class=\"phase\"" + attribute("x", from) + attribute("y", frame_.top) +
                attribute("width", to - from) + attribute("height", frame_.bottom - frame_.top) + "/>";
      shaded = !shaded;
      if (to - from > text_width(s.name) + 4)
        text((from + to) / 2, frame_.top - 8, "span", s.name, " text-anchor=\"middle\"");
    }
  }

  void grid() {
    for (const double tick : y_.ticks()) {
      const double at = y(tick);
      out_ += "<line class=\"grid\"" + attribute("x1", frame_.left) + attribute("x2", frame_.right) +
              attribute("y1", at) + attribute("y2", at) + "/>";
      text(frame_.left - 7, at + 4, "tick", tick_text(tick, plot_.y.what), " text-anchor=\"end\"");
    }
    for (const double tick : x_.ticks()) {
      const double at = x(tick);
      out_ += "<line class=\"axis\"" + attribute("x1", at) + attribute("x2", at) +
              attribute("y1", frame_.bottom) + attribute("y2", frame_.bottom + 4) + "/>";
      text(at, frame_.bottom + 18, "tick", tick_text(tick, plot_.x.what), " text-anchor=\"middle\"");
    }
    out_ += "<line class=\"axis\"" + attribute("x1", frame_.left) + attribute("x2", frame_.right) +
            attribute("y1", frame_.bottom) + attribute("y2", frame_.bottom) + "/>";
    text((frame_.left + frame_.right) / 2, height_ - 5, "tick", plot_.x.title, " text-anchor=\"middle\"");
  }

  void marks() {
    double free_from = frame_.left;
    for (const mark& m : plot_.marks) {
      if (!within(m.at_s))
        continue;
      const double at = x(m.at_s);
      out_ += "<g class=\"mark\"><title>" + escaped(clock(m.at_s) + ' ' + m.text) + "</title><line" +
              attribute("x1", at) + attribute("x2", at) + attribute("y1", frame_.top) +
              attribute("y2", frame_.bottom) + "/>";
      const double needed = text_width(m.text);
      // To the right of the line, else to its left, else only the line.
      if (at >= free_from && at + 4 + needed <= frame_.right) {
        text(at + 4, frame_.top + 11, "said", m.text);
        free_from = at + 10 + needed;
      } else if (at - 4 - needed >= free_from) {
        text(at - 4, frame_.top + 11, "said", m.text, " text-anchor=\"end\"");
        free_from = at + 4;
      }
      out_ += "</g>";
    }
  }

  void line(const curve& c) {
    std::string path;
    double first = 0;
    double last = 0;
    bool down = false;
    for (const point& p : c.points) {
      if (plot_.y.logarithmic && p.y <= 0) {
        down = false;
        continue;
      }
      const double at = x(p.x);
      if (path.empty())
        first = at;
      last = at;
      path += (down ? 'L' : 'M') + number(at) + ' ' + number(y(p.y));
      down = true;
    }
    if (path.empty())
      return;
    const std::string colour = "c" + std::to_string(c.colour % 8);
    if (c.filled)
      out_ += "<path class=\"area " + colour + "\" d=\"" + path + 'L' + number(last) + ' ' +
              number(frame_.bottom) + 'L' + number(first) + ' ' + number(frame_.bottom) + "Z\"/>";
    out_ += "<path class=\"curve " + colour + (c.dashed ? " dashed" : "") + "\" d=\"" + path + "\"/>";
  }

  // Names beside the last points, moved apart where they would lie over each other.
  void labels_at_ends() {
    if (plot_.curves.size() < 2)
      return;
    struct label {
      double at;
      const curve* of;
    };
    std::vector<label> all;
    for (const curve& c : plot_.curves)
      if (!c.points.empty())
        all.push_back({.at = y(c.points.back().y), .of = &c});
    std::stable_sort(all.begin(), all.end(), [](const label& a, const label& b) { return a.at < b.at; });
    for (std::size_t i = 1; i < all.size(); ++i)
      all[i].at = std::max(all[i].at, all[i - 1].at + line_height);
    double limit = frame_.bottom;
    for (std::size_t i = all.size(); i-- > 0; limit -= line_height)
      all[i].at = std::min(all[i].at, limit);
    for (const label& each : all)
      text(frame_.right + 7, each.at + 4, ("name t" + std::to_string(each.of->colour % 8)).c_str(),
           each.of->name);
  }

  void labels_above() {
    if (plot_.curves.size() < 2)
      return;
    double at = frame_.left;
    for (const curve& c : plot_.curves) {
      if (c.points.empty() || at + text_width(c.name, bold_letter) > width_)
        continue;
      text(at, 12, ("name t" + std::to_string(c.colour % 8)).c_str(), c.name);
      at += text_width(c.name, bold_letter) + 14;
    }
  }

  // Strips that nobody sees; who points at one is told the values there.
  void tips() {
    const int strips = static_cast<int>((frame_.right - frame_.left) / tip_width);
    for (int i = 0; i < strips; ++i) {
      const double left = frame_.left + i * tip_width;
      std::string said;
      for (const curve& c : plot_.curves) {
        const point* found = nullptr;
        for (const point& p : c.points)
          if (x(p.x) >= left && x(p.x) < left + tip_width)
            found = &p;
        if (found == nullptr)
          continue;
        if (said.empty())
          said = tick_text(found->x, plot_.x.what);
        said += '\n' + c.name + ": " + tick_text(found->y, plot_.y.what);
      }
      if (!said.empty())
        out_ += "<rect class=\"tip\"" + attribute("x", left) + attribute("y", frame_.top) +
                attribute("width", tip_width) + attribute("height", frame_.bottom - frame_.top) + "><title>" +
                escaped(said) + "</title></rect>";
    }
  }

  const plot& plot_;
  const double width_;
  const double height_;
  const std::string& id_;
  const bool wide_;
  const ends x_ends_;
  const frame frame_;
  const scale x_;
  const scale y_;
  std::string out_;
};

} // namespace

bool has_points(const plot& p) {
  return std::any_of(p.curves.begin(), p.curves.end(), [](const curve& c) { return !c.points.empty(); });
}

std::string to_svg(const plot& p, double width, double height, const std::string& id) {
  return drawing(p, width, height, id).draw();
}

std::string in_words(const plot& p) {
  std::string result = p.y.title + " over " + p.x.title + '.';
  for (const curve& c : p.curves) {
    if (c.points.empty())
      continue;
    const auto by_y = [](const point& a, const point& b) { return a.y < b.y; };
    const auto [least, most] = std::minmax_element(c.points.begin(), c.points.end(), by_y);
    const auto value = [&](const point& at) { return tick_text(at.y, p.y.what); };
    result += ' ' + c.name + ": from " + value(c.points.front()) + " to " + value(c.points.back()) +
              ", least " + value(*least) + ", most " + value(*most) + '.';
  }
  return result;
}

std::string tick_text(double value, measure what) {
  const auto short_form = [](std::string text) {
    // "1.00 k" is "1 k", "0.20" is "0.2".
    const std::size_t end = std::min(text.find(' '), text.size());
    if (const std::size_t dot = text.find('.'); dot < end) {
      std::size_t keep = text.find_last_not_of('0', end - 1);
      keep = keep == dot ? dot : keep + 1;
      text.erase(keep, end - keep);
    }
    return text;
  };
  switch (what) {
  case measure::bytes:
    return short_form(bytes(value));
  case measure::nanoseconds:
    return value == 0 ? "0" : short_form(duration(value));
  case measure::percent:
    return short_form(brief(value)) + " %";
  case measure::clock:
    return clock(value);
  case measure::percentile: {
    const double share = 100 * (1 - std::pow(10, -value));
    return short_form(fixed(share, std::max(0, static_cast<int>(std::ceil(value)) - 1))) + " %";
  }
  case measure::number:
    break;
  }
  return short_form(brief(value));
}

} // namespace perron::soak
