// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/rules/error_page_files.hpp>

#include <perron/httpd/accept.hpp>
#include <perron/httpd/error_page.hpp>
#include <perron/httpd/rules/requirement.hpp>
#include <perron/httpd/rules/whole_file.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <utility>

namespace perron::httpd {
namespace {

constexpr std::array<std::string_view, 6> names{"status", "reason", "why", "path", "host", "method"};

/// What a page is about.
struct facts {
  std::array<std::string_view, names.size()> values; ///< in the order of `names`
};

class page_template {
public:
  static runtime::result<page_template> parse(std::string_view text) {
    page_template made;
    for (;;) {
      const std::size_t open = std::min(text.find("{{"), text.size());
      made.pieces_.push_back({.text = std::string(text.substr(0, open)), .which = names.size()});
      text.remove_prefix(open);
      if (text.empty())
        return made;
      const std::size_t close = text.find("}}");
      const auto name = text.substr(2, close == std::string_view::npos ? 0 : close - 2);
      const auto known = std::find(names.begin(), names.end(), name);
      if (known == names.end())
        return runtime::error{
            "'{{" + std::string(name) +
            "}}' is not one of {{status}}, {{reason}}, {{why}}, {{path}}, {{host}} and {{method}}"};
      made.pieces_.back().which = static_cast<std::size_t>(known - names.begin());
      text.remove_prefix(close + 2);
    }
  }

  std::string fill(const facts& of) const {
    std::string out;
    for (const piece& p : pieces_) {
      out += p.text;
      if (p.which != names.size())
        out += escape_html(of.values[p.which]);
    }
    return out;
  }

private:
  struct piece {
    std::string text{};
    std::size_t which = 0; ///< of `names`, behind the text; their number: none
  };

  std::vector<piece> pieces_;
};

runtime::result<page_template> read_page(const std::string& file) {
  const auto text = core::read_whole_file(file);
  if (!text)
    return text.error();
  auto page = page_template::parse(*text);
  if (!page)
    return runtime::error{file + ": " + page.error().text};
  return page;
}

/// The first and the last status that a text stands for; {0, 0}: none.
std::pair<int, int> range_of(std::string_view text) noexcept {
  if (text == "all")
    return {400, 599};
  if (text.size() != 3 || (text[0] != '4' && text[0] != '5'))
    return {0, 0};
  const int hundred = (text[0] - '0') * 100;
  if (text.substr(1) == "xx")
    return {hundred, hundred + 99};
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (!is_digit(text[1]) || !is_digit(text[2]))
    return {0, 0};
  const int exact = hundred + (text[1] - '0') * 10 + (text[2] - '0');
  return {exact, exact};
}

struct page_for {
  int first, last;
  page_template page;
};

} // namespace

runtime::result<void> check(const error_page_file& file) {
  if (range_of(file.statuses).first == 0)
    return runtime::error{"'" + file.statuses + "' is no status of an error such as 404, 4xx, 5xx or all"};
  if (const auto page = read_page(file.file); !page)
    return page.error();
  return {};
}

error_pages error_pages_from(const std::vector<error_page_file>& files) {
  auto pages = std::make_shared<std::vector<page_for>>();
  for (const error_page_file& file : files) {
    core::require(check(file));
    const auto [first, last] = range_of(file.statuses);
    pages->push_back({first, last, read_page(file.file).value()});
  }
  std::stable_sort(pages->begin(), pages->end(),
                   [](const page_for& a, const page_for& b) { return a.last - a.first < b.last - b.first; });
  return [pages = std::shared_ptr<const std::vector<page_for>>(std::move(pages))](
             const request& r, int status, std::string_view why) {
    const auto of = std::find_if(pages->begin(), pages->end(), [status](const page_for& p) {
      return p.first <= status && status <= p.last;
    });
    const auto type =
        best_type(r.headers(), {"text/html", "text/plain", "application/problem+json", "application/json"});
    if (of == pages->end() || (type && *type != "text/html"))
      return error_page(r.headers(), status, why);
    const std::string number = std::to_string(status);
    response page =
        html(of->page.fill({{number, reason_phrase(status), why, r.path(), r.host(), r.method()}}), status);
    page.headers.emplace_back("Vary", "Accept");
    return page;
  };
}

} // namespace perron::httpd
