// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/files/listing.hpp>

#include <perron/httpd/error_page.hpp>
#include <perron/httpd/files/wanted_path.hpp>
#include <perron/httpd/json.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <tuple>

namespace perron::httpd::files {

namespace {

/// "2026-01-31", "12:00:05"; in UTC.
struct moment {
  explicit moment(http_time when) noexcept {
    const auto day = std::chrono::floor<std::chrono::days>(when);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(when - day);
    std::snprintf(text_.data(), text_.size(), "%04d-%02u-%02u %02d:%02d:%02d", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()));
  }
  std::string to_minute() const { return std::string(text_.data()).substr(0, 16); }
  std::string to_iso() const {
    std::string all(text_.data());
    all[10] = 'T';
    return all += 'Z';
  }

private:
  std::array<char, 64> text_{};
};

std::string to_size(std::uint64_t bytes) {
  constexpr std::array<const char*, 7> units{"B", "KB", "MB", "GB", "TB", "PB", "EB"};
  std::size_t unit = 0;
  auto value = static_cast<double>(bytes);
  for (; value >= 1000 && unit + 1 < units.size(); ++unit)
    value /= 1000;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), unit == 0 || value >= 99.95 ? "%.0f %s" : "%.1f %s", value,
                units[unit]);
  return text.data();
}

constexpr std::string_view style =
    ":root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{max-width:60rem;margin:2rem auto;"
    "padding:0 1rem}h1{font-size:1.25rem;overflow-wrap:anywhere}table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #8884}th a{text-decoration:none}"
    "td:first-child{overflow-wrap:anywhere}td+td,th+th{white-space:nowrap;font-variant-numeric:tabular-nums}"
    "td:nth-child(2),th:nth-child(2){text-align:right}tr:hover td{background:#8881}";

constexpr std::array<std::string_view, 3> key_names{"name", "size", "time"};
constexpr std::array<std::string_view, 3> key_titles{"Name", "Size", "Changed (UTC)"};

/// The head of a column: a click sorts by it, or turns the order round.
void put_title(std::string& page, std::size_t column, list_order order) {
  const bool is_key = static_cast<std::size_t>(order.key) == column;
  page += "<th";
  if (is_key)
    page.append(" aria-sort=\"").append(order.descending ? "descending" : "ascending").append("\"");
  page.append("><a href=\"?sort=").append(key_names[column]).append("&amp;order=");
  page.append(is_key && !order.descending ? "desc" : "asc").append("\">").append(key_titles[column]);
  if (is_key)
    page.append(order.descending ? " \u25be" : " \u25b4");
  page += "</a></th>";
}

void put_entry(std::string& page, const listed& entry, std::string_view query) {
  const std::string_view slash = entry.is_folder ? "/" : "";
  page.append("<tr><td><a href=\"").append(to_uri_path(entry.name)).append(slash);
  if (entry.is_folder)
    page.append(query); // so that the order stays
  page.append("\"><bdi>")
      .append(escape_html(entry.name))
      .append("</bdi>")
      .append(slash)
      .append("</a></td><td>");
  page.append(entry.is_folder ? "" : to_size(entry.size)).append("</td><td>");
  page.append(moment(entry.changed).to_minute()).append("</td></tr>\n");
}

} // namespace

list_order parse_list_order(const query_view& query) {
  list_order order;
  const auto key = query.get("sort").value_or("");
  if (key == "size")
    order.key = list_key::size;
  else if (key == "time")
    order.key = list_key::time;
  order.descending = query.get("order").value_or("") == "desc";
  return order;
}

void sort(folder_content& content, list_order order) {
  const auto is_before = [&](const listed& a, const listed& b) {
    if (a.is_folder != b.is_folder)
      return a.is_folder;
    const listed& first = order.descending ? b : a;
    const listed& second = order.descending ? a : b;
    if (order.key == list_key::size && first.size != second.size)
      return first.size < second.size;
    if (order.key == list_key::time && first.changed != second.changed)
      return first.changed < second.changed;
    return order.key == list_key::name ? first.name < second.name : a.name < b.name;
  };
  std::sort(content.entries.begin(), content.entries.end(), is_before);
}

std::string to_page(std::string_view path, const folder_content& content, list_order order, bool has_parent) {
  std::string query = "?sort=";
  query.append(key_names[static_cast<std::size_t>(order.key)]).append("&amp;order=");
  query += order.descending ? "desc" : "asc";
  const std::string title = escape_html(path);
  std::string page;
  page.reserve(2048 + content.entries.size() * 160);
  page.append("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>")
      .append(title)
      .append("</title><meta name=\"viewport\" content=\"width=device-width\"><style>")
      .append(style)
      .append("</style></head>\n<body><h1><bdi>")
      .append(title)
      .append("</bdi></h1>\n<table><thead><tr>");
  for (std::size_t column = 0; column < key_names.size(); ++column)
    put_title(page, column, order);
  page += "</tr></thead><tbody>\n";
  if (has_parent)
    page.append("<tr><td><a href=\"../").append(query).append("\">../</a></td><td></td><td></td></tr>\n");
  for (const auto& entry : content.entries)
    put_entry(page, entry, query);
  page += "</tbody></table>\n";
  if (!content.is_whole)
    page.append("<p>There are more than these ")
        .append(std::to_string(content.entries.size()))
        .append(".</p>\n");
  return page += "</body></html>\n";
}

std::string to_json(std::string_view path, const folder_content& content) {
  auto entries = nlohmann::ordered_json::array();
  for (const auto& entry : content.entries) {
    nlohmann::ordered_json one{{"name", entry.name}, {"type", entry.is_folder ? "folder" : "file"}};
    if (!entry.is_folder)
      one["size"] = entry.size;
    one["modified"] = moment(entry.changed).to_iso();
    entries.push_back(std::move(one));
  }
  const nlohmann::ordered_json all{
      {"path", path}, {"complete", content.is_whole}, {"entries", std::move(entries)}};
  return all.dump() + '\n';
}

} // namespace perron::httpd::files
