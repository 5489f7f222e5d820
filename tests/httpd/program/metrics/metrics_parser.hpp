// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cctype>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perron::testing {

/// Reads Prometheus text format 0.0.4 or OpenMetrics 1.0 and throws std::runtime_error at whatever is not
/// quite as the two specifications say. Written from those, not from the writer.
class metrics_parser {
public:
  struct sample {
    std::string name;
    std::map<std::string, std::string> labels;
    double value = 0;
  };
  struct family {
    std::string type;
    std::string help;
    std::vector<sample> samples;
  };
  using families = std::map<std::string, family>;

  static families parse(std::string_view text, bool open_metrics) {
    metrics_parser p(open_metrics);
    return p.all(text);
  }

  /// The value of a sample by name and labels; throws if there is none.
  static double value(const families& all, const std::string& name,
                      const std::map<std::string, std::string>& labels = {}) {
    for (const auto& [family_name, f] : all)
      for (const sample& s : f.samples)
        if (s.name == name && s.labels == labels)
          return s.value;
    throw std::runtime_error("no sample " + name);
  }

private:
  explicit metrics_parser(bool open_metrics) : open_(open_metrics) {}

  [[noreturn]] void fail(const std::string& why) const {
    throw std::runtime_error("line " + std::to_string(line_) + ": " + why);
  }

  families all(std::string_view text) {
    bool ended = false;
    while (!text.empty()) {
      ++line_;
      const std::size_t end = text.find('\n');
      if (end == std::string_view::npos)
        fail("no end of line");
      const std::string_view line = text.substr(0, end);
      text.remove_prefix(end + 1);
      if (ended)
        fail("something behind # EOF");
      if (open_ && line == "# EOF")
        ended = true;
      else if (line.substr(0, 7) == "# HELP ")
        begin_family(line.substr(7));
      else if (line.substr(0, 7) == "# TYPE ")
        take_type(line.substr(7));
      else
        take_sample(line);
    }
    if (open_ && !ended)
      fail("no # EOF");
    for (const auto& [name, f] : out_)
      if (f.type == "histogram")
        check_histogram(name, f);
    return out_;
  }

  static bool is_name(std::string_view name) {
    if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) != 0)
      return false;
    for (const char c : name)
      if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_' && c != ':')
        return false;
    return true;
  }

  /// HELP comes first, so a name that comes again is a family in two places.
  void begin_family(std::string_view rest) {
    const std::size_t space = rest.find(' ');
    current_ = rest.substr(0, space);
    if (!is_name(current_) || !out_.try_emplace(current_).second)
      fail("bad name, or a family in two places: " + current_);
    if (space == std::string_view::npos || space + 1 == rest.size())
      fail("no help");
    const std::string_view help = rest.substr(space + 1);
    for (std::size_t i = 0; i < help.size(); ++i)
      if (help[i] == '\\' &&
          (++i == help.size() || (help[i] != '\\' && help[i] != 'n' && !(open_ && help[i] == '"'))))
        fail("bad escape in help");
    out_[current_].help = help;
  }

  void take_type(std::string_view rest) {
    const std::size_t space = rest.find(' ');
    const std::string name(rest.substr(0, space));
    if (name != current_ || !out_[name].type.empty() || !out_[name].samples.empty())
      fail("TYPE out of place");
    out_[name].type = rest.substr(space + 1);
    const std::set<std::string> types{"counter", "gauge", "histogram"};
    if (types.count(out_[name].type) == 0)
      fail("bad type");
    const bool total = name.size() > 6 && name.compare(name.size() - 6, 6, "_total") == 0;
    if (out_[name].type == "counter" && total == open_)
      fail("_total where it must not be, or not where it must");
  }

  void take_sample(std::string_view line) {
    sample s;
    std::size_t i = line.find_first_of("{ ");
    if (i == std::string_view::npos)
      fail("no value");
    s.name = line.substr(0, i);
    check_name_of_sample(s.name);
    if (line[i] == '{')
      i = take_labels(line, i + 1, s);
    if (i >= line.size() || line[i] != ' ')
      fail("no single space before the value");
    s.value = number(line.substr(i + 1));
    if (!seen_.insert({s.name, s.labels}).second)
      fail("a sample for the second time");
    const std::string& type = out_[current_].type;
    if ((type == "counter" || type == "histogram") && (s.value < 0 || s.value != s.value))
      fail("a counter below zero");
    out_[current_].samples.push_back(std::move(s));
  }

  void check_name_of_sample(const std::string& name) const {
    const auto f = out_.find(current_);
    if (f == out_.end() || f->second.type.empty())
      fail("a sample without its type");
    if (name.compare(0, current_.size(), current_) != 0)
      fail("a sample of another family");
    const std::string suffix = name.substr(current_.size());
    const std::string& type = f->second.type;
    const bool right = type == "histogram" ? suffix == "_bucket" || suffix == "_sum" || suffix == "_count"
                       : type == "counter" && open_ ? suffix == "_total"
                                                    : suffix.empty();
    if (!right)
      fail("bad suffix: " + suffix);
  }

  std::size_t take_labels(std::string_view line, std::size_t i, sample& s) {
    for (;;) {
      const std::size_t equals = line.find('=', i);
      if (equals == std::string_view::npos)
        fail("no =");
      const std::string name(line.substr(i, equals - i));
      if (!is_name(name) || name.find(':') != std::string::npos)
        fail("bad label: " + name);
      i = equals + 1;
      if (i >= line.size() || line[i] != '"')
        fail("no quote");
      std::string value;
      for (++i; i < line.size() && line[i] != '"'; ++i) {
        if (line[i] != '\\') {
          value += line[i];
          continue;
        }
        if (++i == line.size() || (line[i] != '\\' && line[i] != '"' && line[i] != 'n'))
          fail("bad escape");
        value += line[i] == 'n' ? '\n' : line[i];
      }
      if (i + 1 >= line.size() || !s.labels.emplace(name, value).second)
        fail("no end, or a label twice");
      ++i;
      if (line[i] == '}')
        return i + 1;
      if (line[i] != ',')
        fail("no comma");
      ++i;
    }
  }

  double number(std::string_view text) const {
    const std::string copy(text);
    if (copy == "+Inf" || copy == "-Inf" || copy == "NaN")
      return std::strtod(copy.c_str(), nullptr);
    if (copy.empty() || copy.find_first_not_of("0123456789+-.e") != std::string::npos)
      fail("bad number: " + copy);
    char* end = nullptr;
    const double value = std::strtod(copy.c_str(), &end);
    if (end != copy.c_str() + copy.size())
      fail("bad number: " + copy);
    return value;
  }

  /// For each set of labels: bounds rise, counts too, the last bound is +Inf and its count the _count.
  void check_histogram(const std::string& name, const family& f) const {
    struct one {
      double bound = -1;
      double count = 0;
      bool has_sum = false;
      double total = -1;
    };
    std::map<std::map<std::string, std::string>, one> all;
    for (const sample& s : f.samples) {
      auto labels = s.labels;
      if (s.name == name + "_bucket") {
        const std::string le = labels.at("le");
        if (open_ && le != "+Inf" && le.find_first_of(".e") == std::string::npos)
          fail("le is no float: " + le);
        labels.erase("le");
        one& h = all[labels];
        const double bound = number(le);
        if (bound <= h.bound || s.value < h.count)
          fail("buckets out of order");
        h.bound = bound;
        h.count = s.value;
      } else {
        one& h = all[labels];
        (s.name == name + "_sum" ? h.has_sum = true : (h.total = s.value, false));
      }
    }
    for (const auto& [labels, h] : all)
      if (h.bound != number("+Inf") || h.count != h.total || !h.has_sum)
        fail("an incomplete histogram");
  }

  const bool open_;
  int line_ = 0;
  std::string current_;
  families out_;
  std::set<std::pair<std::string, std::map<std::string, std::string>>> seen_;
};

} // namespace perron::testing
