// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/metrics/exposition.hpp>

#include <perron/httpd/accept.hpp>

#include <array>
#include <charconv>
#include <cmath>

namespace perron::httpd::program {
namespace {

std::string_view name_of(metric_type type) noexcept {
  switch (type) {
  case metric_type::counter:
    return "counter";
  case metric_type::gauge:
    return "gauge";
  case metric_type::histogram:
    return "histogram";
  }
  return "untyped";
}

/// A backslash before each backslash and line end, and before quotes where they would end the text.
void append_escaped(std::string& out, std::string_view text, bool quotes) {
  for (const char c : text) {
    if (c == '\n')
      out += "\\n";
    else if (c == '\\' || (quotes && c == '"'))
      (out += '\\') += c;
    else
      out += c;
  }
}

} // namespace

std::string_view content_type_of(metrics_format format) noexcept {
  return format == metrics_format::openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                               : "text/plain; version=0.0.4; charset=utf-8";
}

metrics_format metrics_format_for(header_view asked) {
  constexpr std::string_view plain = "text/plain;version=0.0.4";
  constexpr std::string_view open = "application/openmetrics-text;version=1.0.0";
  return best_type(asked, {plain, open}) == open ? metrics_format::openmetrics : metrics_format::prometheus;
}

void exposition::family(std::string_view name, metric_type type, std::string_view help) {
  name_ = name;
  type_ = type;
  const bool open = format_ == metrics_format::openmetrics;
  const std::string_view total = type == metric_type::counter && !open ? "_total" : "";
  ((out_ += "# HELP ") += name) += total;
  out_ += ' ';
  append_escaped(out_, help, open);
  ((out_ += "\n# TYPE ") += name) += total;
  ((out_ += ' ') += name_of(type)) += '\n';
}

void exposition::sample(labels of, std::uint64_t value) {
  line(type_ == metric_type::counter ? "_total" : "", of, std::to_string(value));
}

void exposition::sample(labels of, double value) {
  line(type_ == metric_type::counter ? "_total" : "", of, number(value));
}

/// The shortest text that reads back as the same, which OpenMetrics wants to look like a float.
std::string exposition::number(double value) {
  if (std::isnan(value))
    return "NaN";
  if (std::isinf(value))
    return value > 0 ? "+Inf" : "-Inf";
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  std::string out(text.data(), end);
  if (out.find_first_of(".e") == std::string::npos)
    out += ".0";
  return out;
}

void exposition::bucket(labels of, std::string_view bound, std::uint64_t value) {
  line("_bucket", of, std::to_string(value), bound);
}

void exposition::line(std::string_view suffix, labels of, std::string_view value, std::string_view bound) {
  (out_ += name_) += suffix;
  bool first = true;
  for (const auto& [name, text] : of)
    label(first, name, text);
  if (!bound.empty())
    label(first, "le", bound);
  if (!first)
    out_ += '}';
  ((out_ += ' ') += value) += '\n';
}

void exposition::label(bool& first, std::string_view name, std::string_view value) {
  out_ += first ? '{' : ',';
  first = false;
  (out_ += name) += "=\"";
  append_escaped(out_, value, true);
  out_ += '"';
}

std::string exposition::text() && {
  if (format_ == metrics_format::openmetrics)
    out_ += "# EOF\n";
  return std::move(out_);
}

} // namespace perron::httpd::program
