// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/roff.hpp>

#include <algorithm>

namespace perron::httpd::program {

namespace {

/// Text in which nothing is taken for a request or an escape, and quotes and hyphens stay what they are.
std::string plain(std::string_view text) {
  std::string out;
  bool at_line_start = true;
  for (const char c : text) {
    if (at_line_start && (c == '.' || c == '\''))
      out += "\\&";
    at_line_start = c == '\n';
    switch (c) {
    case '\\':
      out += "\\e";
      break;
    case '-':
      out += "\\-";
      break;
    case '\'':
      out += "\\(aq";
      break;
    case '`':
      out += "\\(ga";
      break;
    case '^':
      out += "\\(ha";
      break;
    case '~':
      out += "\\(ti";
      break;
    default:
      out += c;
    }
  }
  return out;
}

/// As an argument of a macro.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : plain(text))
    out.append(c == '"' ? "\\(dq" : std::string(1, c));
  return out + '"';
}

} // namespace

roff::roff(std::string_view name, int section, std::string_view about) {
  std::string upper(name);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  text_.append(".TH ").append(quoted(upper)).append(" ").append(std::to_string(section));
  text_.append(" \"\" \"Perron\" ").append(section == 5 ? "\"File Formats\"\n" : "\"User Commands\"\n");
  heading("NAME");
  text_.append(plain(name)).append(" \\- ").append(plain(about)).append("\n");
}

roff& roff::heading(std::string_view text) {
  text_.append(".SH ").append(quoted(text)).append("\n");
  return *this;
}

roff& roff::paragraph(std::string_view text) {
  text_.append(".PP\n").append(plain(text)).append("\n");
  return *this;
}

roff& roff::item(std::string_view bold, std::string_view behind, std::string_view text) {
  text_.append(".TP\n\\fB").append(plain(bold)).append("\\fP").append(plain(behind)).append("\n");
  text_.append(plain(text)).append("\n");
  return *this;
}

roff& roff::more(std::string_view text) {
  text_.append(".br\n").append(plain(text)).append("\n");
  return *this;
}

roff& roff::code(std::string_view lines) {
  text_.append(".PP\n.in +4n\n.nf\n")
      .append(plain(lines))
      .append(lines.ends_with('\n') ? "" : "\n")
      .append(".fi\n.in\n");
  return *this;
}

} // namespace perron::httpd::program
