// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/config/file_checks.hpp>
#include <perron/httpd/program/config/spelling.hpp>
#include <perron/httpd/program/config/units.hpp>
#include <perron/httpd/program/config/value_parts.hpp>

#include <algorithm>
#include <utility>

namespace perron::httpd::program::values {

std::string_view example_of(const reading& r) {
  return r.current() == nullptr ? std::string_view() : r.current()->example;
}

std::string either(const std::vector<std::string>& choices) {
  std::string text;
  for (std::size_t i = 0; i < choices.size(); ++i)
    text.append(i == 0 ? "" : i + 1 == choices.size() ? " or " : ", ").append(choices[i]);
  return text;
}

const std::string* text_of(reading& r, const toml_value& value, std::string_view wanted) {
  if (value.kind == toml_kind::text)
    return &value.text;
  r.fail_kind(value, wanted, example_of(r));
  return nullptr;
}

bool fits(reading& r, const source_place& place, const std::string& text, const word_rule& rule) {
  if (rule.fits(text))
    return true;
  r.fail(place, toml_text(text) + " is no " + std::string(rule.type), std::string(rule.right));
  return false;
}

namespace {

bool is_choice(reading& r, const toml_value& value, const std::vector<std::string>& choices) {
  if (std::find(choices.begin(), choices.end(), value.text) != choices.end())
    return true;
  const std::vector<std::string_view> known(choices.begin(), choices.end());
  const auto meant = closest(value.text, known);
  r.fail(value.place, toml_text(value.text) + " is not possible",
         "write " + either(choices) + (meant.empty() ? "" : "; did you mean " + toml_text(meant) + '?'));
  return false;
}

/// Calls f(item) for a text or each text of a list, as long as it is content; whether all were.
template <class F>
bool each_text(reading& r, const toml_value& value, F f) {
  if (value.kind == toml_kind::text)
    return f(value);
  if (value.kind != toml_kind::array) {
    r.fail_kind(value, "a text or a list of texts", example_of(r));
    return false;
  }
  bool good = true;
  for (const auto& item : value.items)
    good = text_of(r, item) != nullptr && f(item) && good;
  return good;
}

std::string list_text(const std::vector<std::string>& list) {
  std::string text = "[";
  for (const auto& one : list)
    text.append(text.size() == 1 ? "" : ", ").append(toml_text(one));
  return text + ']';
}

std::string map_text(const std::vector<text_pair>& map) {
  std::string text = "{";
  for (const auto& [first, second] : map)
    text.append(text.size() == 1 ? " " : ", ")
        .append(toml_name(first))
        .append(" = ")
        .append(toml_text(second));
  return text + (map.empty() ? "}" : " }");
}

void put(std::vector<text_pair>& map, const std::string& first, std::string second) {
  const auto found =
      std::find_if(map.begin(), map.end(), [&](const text_pair& pair) { return pair.first == first; });
  if (found != map.end())
    found->second = std::move(second);
  else
    map.push_back({.first = first, .second = std::move(second)});
}

/// How far a media range is from naming one type: 0 does, 2 takes all.
int width_of(std::string_view range) noexcept {
  return range == "*" || range == "*/*" ? 2 : range.ends_with("/*") ? 1 : 0;
}

value_codec list_codec(access_to<std::vector<std::string>> to, std::string type,
                       std::function<bool(reading&, const toml_value&, std::string&)> convert) {
  value_codec codec{.type = std::move(type)};
  codec.read = [to, convert = std::move(convert)](reading& r, const toml_value& value, void* object) {
    std::vector<std::string> list;
    each_text(r, value, [&](const toml_value& item) {
      std::string text;
      const bool good = convert(r, item, text);
      if (good && std::find(list.begin(), list.end(), text) != list.end()) {
        r.fail(item.place, toml_text(item.text) + " stands there twice", "take one out");
        return false;
      }
      list.push_back(std::move(text));
      return good;
    });
    to(object) = std::move(list);
  };
  codec.show = [to](const void* object) { return list_text(to(mutable_of(object))); };
  return codec;
}

value_codec map_codec(access_to<std::vector<text_pair>> to, std::string type, const word_rule& names,
                      std::function<bool(reading&, const toml_value&, std::string&)> convert) {
  value_codec codec{.type = std::move(type)};
  codec.read = [to, &names, convert = std::move(convert)](reading& r, const toml_value& value, void* object) {
    if (value.kind != toml_kind::table) {
      r.fail_kind(value, "a table of texts", example_of(r));
      return;
    }
    for (const auto& member : value.members) {
      std::string text;
      if (fits(r, member.place, member.name, names) && text_of(r, member.value) != nullptr &&
          convert(r, member.value, text))
        put(to(object), member.name, std::move(text));
    }
  };
  codec.show = [to](const void* object) { return map_text(to(mutable_of(object))); };
  return codec;
}

std::function<bool(reading&, const toml_value&, std::string&)> by_rule(const word_rule& rule) {
  return [&rule](reading& r, const toml_value& value, std::string& out) {
    out = value.text;
    return fits(r, value.place, value.text, rule);
  };
}

std::function<bool(reading&, const toml_value&, std::string&)> by_path(path_kind kind) {
  return [kind](reading& r, const toml_value& value, std::string& out) {
    return read_path(r, value, kind, out);
  };
}

std::string path_type(path_kind kind) {
  switch (kind) {
  case path_kind::folder:
    return "folder";
  case path_kind::output:
    return "file, stdout, stderr or off";
  case path_kind::log:
    return "file, stdout, stderr, syslog or off";
  default:
    return "file";
  }
}

} // namespace

value_codec flag(access_to<bool> to) {
  value_codec codec{.type = "true or false"};
  codec.read = [to](reading& r, const toml_value& value, void* object) {
    if (value.kind == toml_kind::flag)
      to(object) = value.flag;
    else
      r.fail_kind(value, "true or false, without quotes", "");
  };
  codec.show = [to](const void* object) { return std::string(to(mutable_of(object)) ? "true" : "false"); };
  return codec;
}

value_codec text(access_to<std::string> to, const word_rule& rule) {
  value_codec codec{.type = std::string(rule.type)};
  codec.read = [to, &rule](reading& r, const toml_value& value, void* object) {
    const auto* const text = text_of(r, value);
    if (text != nullptr && fits(r, value.place, *text, rule))
      to(object) = *text;
  };
  codec.show = [to](const void* object) { return toml_text(to(mutable_of(object))); };
  return codec;
}

value_codec choice(access_to<std::string> to, std::vector<std::string> choices) {
  value_codec codec{.type = "text", .range = either(choices)};
  codec.read = [to, choices = std::move(choices)](reading& r, const toml_value& value, void* object) {
    if (text_of(r, value) != nullptr && is_choice(r, value, choices))
      to(object) = value.text;
  };
  codec.show = [to](const void* object) { return toml_text(to(mutable_of(object))); };
  return codec;
}

value_codec listing(access_to<std::string> to) {
  auto codec = choice(to, {"off", "html", "json"});
  codec.type = "text, true or false";
  codec.read = [to, read = codec.read](reading& r, const toml_value& value, void* object) {
    if (value.kind == toml_kind::flag)
      to(object) = value.flag ? "html" : "off";
    else
      read(r, value, object);
  };
  return codec;
}

value_codec path(access_to<std::string> to, path_kind kind) {
  value_codec codec{.type = path_type(kind)};
  codec.read = [to, kind](reading& r, const toml_value& value, void* object) {
    if (text_of(r, value, "the path of a file") != nullptr)
      read_path(r, value, kind, to(object));
  };
  codec.show = [to](const void* object) { return toml_text(to(mutable_of(object))); };
  return codec;
}

value_codec texts(access_to<std::vector<std::string>> to, const word_rule& rule) {
  return list_codec(std::move(to), std::string(rule.type) + ", or a list of them", by_rule(rule));
}

value_codec choices(access_to<std::vector<std::string>> to, std::vector<std::string> allowed) {
  auto range = either(allowed);
  auto codec =
      list_codec(std::move(to), "text, or a list of them",
                 [allowed = std::move(allowed)](reading& r, const toml_value& value, std::string& out) {
                   out = value.text;
                   return is_choice(r, value, allowed);
                 });
  codec.range = std::move(range);
  return codec;
}

value_codec paths(access_to<std::vector<std::string>> to, path_kind kind) {
  return list_codec(std::move(to), path_type(kind) + ", or a list of them", by_path(kind));
}

value_codec map(access_to<std::vector<text_pair>> to, const word_rule& names, const word_rule& texts) {
  return map_codec(std::move(to), "table: " + std::string(names.type) + " = " + std::string(texts.type),
                   names, by_rule(texts));
}

value_codec path_map(access_to<std::vector<text_pair>> to, const word_rule& names) {
  return map_codec(std::move(to), "table: " + std::string(names.type) + " = file", names,
                   by_path(path_kind::file));
}

value_codec by_type(access_to<std::vector<text_pair>> to, const word_rule& texts) {
  auto codec = map_codec(to, "text, or table: media type = text", words::media_range, by_rule(texts));
  codec.read = [to, &texts, read = codec.read](reading& r, const toml_value& value, void* object) {
    auto& map = to(object);
    if (value.kind == toml_kind::text) {
      map.clear();
      if (fits(r, value.place, value.text, texts) && !value.text.empty())
        map.push_back({.first = "*", .second = value.text});
      return;
    }
    read(r, value, object);
    std::stable_sort(map.begin(), map.end(), [](const text_pair& a, const text_pair& b) {
      return width_of(a.first) < width_of(b.first);
    });
  };
  // A text replaces what was inherited, a table is merged with it.
  codec.show = [to](const void* object) {
    const auto& map = to(mutable_of(object));
    if (map.empty())
      return toml_text("");
    return map.size() == 1 && map.front().first == "*" ? toml_text(map.front().second) : map_text(map);
  };
  return codec;
}

namespace {

std::optional<endpoint> endpoint_of(reading& r, const toml_value& value) {
  if (value.kind == toml_kind::integer && value.integer >= 0 && value.integer <= 65'535)
    return endpoint{.host = "::", .port = static_cast<std::uint16_t>(value.integer)};
  const auto* const text = text_of(r, value, "an address and a port");
  if (text == nullptr)
    return std::nullopt;
  auto at = parse_endpoint(*text);
  if (!at)
    r.fail(value.place, toml_text(*text) + " is nothing to listen on",
           "write an address and a port, like \"127.0.0.1:8080\", \"[::1]:8080\", \":80\" for all addresses, "
           "or \"unix:/run/perron/web.sock\"");
  return at;
}

} // namespace

value_codec address(access_to<std::optional<endpoint>> to) {
  value_codec codec{.type = "address and port, or false"};
  codec.read = [to](reading& r, const toml_value& value, void* object) {
    if (value.kind == toml_kind::flag && !value.flag)
      to(object).reset();
    else if (auto at = endpoint_of(r, value))
      to(object) = std::move(at);
  };
  codec.show = [to](const void* object) {
    const auto& at = to(mutable_of(object));
    return at ? toml_text(endpoint_text(*at)) : "false";
  };
  return codec;
}

value_codec addresses(access_to<std::vector<endpoint>> to) {
  value_codec codec{.type = "address and port, or a list of them"};
  codec.read = [to](reading& r, const toml_value& value, void* object) {
    auto& all = to(object);
    all.clear();
    const auto add = [&](const toml_value& item) {
      if (auto at = endpoint_of(r, item))
        all.push_back(std::move(*at));
    };
    if (value.kind != toml_kind::array)
      return add(value);
    if (value.items.empty())
      r.fail(value.place, "is empty", "write an address and a port, like \":80\"");
    for (const auto& item : value.items)
      add(item);
  };
  codec.show = [to](const void* object) {
    std::vector<std::string> texts;
    for (const auto& at : to(mutable_of(object)))
      texts.push_back(endpoint_text(at));
    return texts.empty() ? std::string() : list_text(texts);
  };
  return codec;
}

bool is_table(reading& r, const toml_value& value, const section& inside) {
  if (value.kind == toml_kind::table)
    return true;
  if (value.kind == toml_kind::array)
    r.fail(value.place, "is a list",
           "there is one only: write " + std::string(inside.name) + " with single brackets");
  else
    r.fail(value.place, "is " + std::string(name_of(value.kind)),
           "write a table " + std::string(inside.name));
  return false;
}

bool is_list_of_tables(reading& r, const toml_value& value, const section& inside) {
  if (value.kind == toml_kind::table) {
    r.fail(value.place, "is one table, and there may be several", "write " + std::string(inside.name));
    return false;
  }
  if (value.kind != toml_kind::array) {
    r.fail(value.place, "is " + std::string(name_of(value.kind)),
           "write a table " + std::string(inside.name));
    return false;
  }
  const auto other = std::find_if(value.items.begin(), value.items.end(),
                                  [](const toml_value& item) { return item.kind != toml_kind::table; });
  if (other == value.items.end())
    return true;
  r.fail(other->place, "is " + std::string(name_of(other->kind)), "write tables " + std::string(inside.name));
  return false;
}

} // namespace perron::httpd::program::values
