// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/config/document.hpp>
#include <perron/httpd/program/config/units.hpp>
#include <perron/httpd/program/config/value_parts.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace perron::httpd::program::values {

namespace {

std::string range_text(const std::string& low, const std::string& high, bool bounded) {
  return bounded ? low + " to " + high : low + " or more";
}

/// Reads a number that is written as an integer or, with a unit, as a text.
value_codec number_codec(number_access to, std::string type, std::uint64_t low, std::uint64_t high,
                         bool bounded, std::string (*show)(std::uint64_t),
                         std::function<std::optional<std::uint64_t>(reading&, const toml_value&)> convert) {
  value_codec codec{.type = std::move(type), .range = range_text(show(low), show(high), bounded)};
  codec.read = [to, low, high, show, range = codec.range,
                convert = std::move(convert)](reading& r, const toml_value& value, void* object) {
    const auto wanted = convert(r, value);
    if (!wanted)
      return;
    if (*wanted < low || *wanted > high)
      r.fail(value.place, "is " + show(*wanted) + (*wanted < low ? ", too little" : ", too much"),
             "write " + range);
    else
      to.set(object, *wanted);
  };
  codec.show = [to, show](const void* object) { return show(to.get(object)); };
  return codec;
}

std::string plain_number(std::uint64_t value) { return std::to_string(value); }

std::optional<std::uint64_t> count_of(reading& r, const toml_value& value) {
  if (value.kind != toml_kind::integer) {
    r.fail_kind(value, "an integer", example_of(r));
    return std::nullopt;
  }
  if (value.integer < 0) {
    r.fail(value.place, "is " + std::to_string(value.integer) + ", less than 0",
           "write 0 or more: " + std::string(example_of(r)));
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(value.integer);
}

std::optional<std::uint64_t> size_of(reading& r, const toml_value& value) {
  if (value.kind == toml_kind::integer)
    return count_of(r, value);
  const auto* const text = text_of(r, value, "a size");
  if (text == nullptr)
    return std::nullopt;
  const auto size = parse_size(*text);
  if (!size)
    r.fail(value.place, toml_text(*text) + " is no size",
           "write a whole number of bytes, or with k, M, G or T: \"64k\", \"10M\", \"1GiB\"");
  return size;
}

std::optional<milliseconds> duration_of(reading& r, const toml_value& value) {
  if (value.kind == toml_kind::integer) {
    if (value.integer == 0)
      return milliseconds(0);
    r.fail(value.place, "is " + std::to_string(value.integer) + " without a unit",
           "write one: \"" + std::to_string(value.integer) + "s\" for seconds; there are ms, s, m, h, d, w");
    return std::nullopt;
  }
  const auto* const text = text_of(r, value, "a duration");
  if (text == nullptr)
    return std::nullopt;
  const auto time = parse_duration(*text);
  if (!time)
    r.fail(value.place, toml_text(*text) + " is no duration",
           "write whole numbers with ms, s, m, h, d or w: \"30s\", \"1h30m\"");
  return time;
}

value_codec duration_codec(access_to<milliseconds> to, milliseconds low, milliseconds high, bool whole) {
  value_codec codec{.type = "duration", .range = duration_text(low) + " to " + duration_text(high)};
  codec.read = [to = std::move(to), low, high, whole,
                range = codec.range](reading& r, const toml_value& value, void* object) {
    const auto time = duration_of(r, value);
    if (!time)
      return;
    if (*time < low || *time > high)
      r.fail(value.place, "is " + duration_text(*time) + (*time < low ? ", too short" : ", too long"),
             "write " + range);
    else if (whole && time->count() % 1000 != 0)
      r.fail(value.place, "is " + duration_text(*time) + ", no whole number of seconds",
             "write whole seconds, like \"2s\"");
    else
      to(object) = *time;
  };
  return codec;
}

} // namespace

value_codec count(number_access to, std::uint64_t low, std::uint64_t high) {
  return number_codec(std::move(to), "integer", low, high, high < largest, plain_number, count_of);
}

value_codec size(number_access to, std::uint64_t low, std::uint64_t high) {
  return number_codec(
      std::move(to), "size", low, high, high < largest,
      [](std::uint64_t bytes) {
        const auto text = size_text(bytes);
        return text.find_first_not_of("0123456789") == std::string::npos ? text : toml_text(text);
      },
      size_of);
}

value_codec mode(number_access to) {
  return number_codec(
      std::move(to), "permissions", 0, 0777, true,
      [](std::uint64_t m) { return toml_text(mode_text(static_cast<unsigned>(m))); },
      [](reading& r, const toml_value& value) -> std::optional<std::uint64_t> {
        // An integer was written as 0o600; one without 0o would be something else than it looks like.
        const auto* const text = text_of(r, value, "permissions in quotes");
        const auto parsed = text == nullptr ? std::nullopt : parse_mode(*text);
        if (text != nullptr && !parsed)
          r.fail(value.place, toml_text(*text) + " is no permissions",
                 "write three octal digits: \"0600\", \"0660\"");
        return parsed ? std::optional<std::uint64_t>(*parsed) : std::nullopt;
      });
}

value_codec status(number_access to, std::initializer_list<unsigned> allowed) {
  std::vector<std::string> names;
  for (const auto one : allowed)
    names.push_back(std::to_string(one));
  value_codec codec{.type = "status", .range = names.empty() ? "200 to 599" : either(names)};
  codec.read = [to, list = std::vector<unsigned>(allowed),
                range = codec.range](reading& r, const toml_value& value, void* object) {
    const auto wanted = count_of(r, value);
    if (!wanted)
      return;
    if (list.empty() ? *wanted < 200 || *wanted > 599
                     : std::find(list.begin(), list.end(), *wanted) == list.end())
      r.fail(value.place, "is " + std::to_string(*wanted) + ", no status for this", "write " + range);
    else
      to.set(object, *wanted);
  };
  codec.show = [to](const void* object) {
    return to.get(object) == 0 ? std::string() : plain_number(to.get(object));
  };
  return codec;
}

value_codec duration(access_to<milliseconds> to, milliseconds low, milliseconds high) {
  auto codec = duration_codec(to, low, high, false);
  codec.show = [to](const void* object) { return toml_text(duration_text(to(mutable_of(object)))); };
  return codec;
}

value_codec seconds(access_to<milliseconds> to, milliseconds low, milliseconds high) {
  auto codec = duration_codec(to, low, high, true);
  codec.show = [to](const void* object) { return toml_text(duration_text(to(mutable_of(object)))); };
  return codec;
}

} // namespace perron::httpd::program::values
