// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/scenario_file.hpp>

#include <toml++/toml.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <exception>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

namespace perron::soak {

namespace {

/// What is wrong, and where. Does not leave this file.
struct mistake : std::exception {
  mistake(const toml::source_region& at, std::string key, std::string what)
      : line(at.begin.line), text(std::move(key) + ": " + std::move(what)) {}
  std::uint32_t line;
  std::string text;
};

/// Numbers have to be from `least` to `most`.
struct range {
  double least = 0;
  double most = 1e12;
};

void put(const toml::node& from, const std::string& key, double& to, range within) {
  if (!from.is_number())
    throw mistake(from.source(), key, "has to be a number");
  const double value =
      from.is_integer() ? static_cast<double>(from.as_integer()->get()) : from.as_floating_point()->get();
  if (!std::isfinite(value) || value < within.least || value > within.most) {
    std::ostringstream text;
    text << "has to be from " << within.least << " to " << within.most;
    throw mistake(from.source(), key, text.str());
  }
  to = value;
}

template <class Integer>
void put(const toml::node& from, const std::string& key, Integer& to, range within) {
  if (!from.is_integer())
    throw mistake(from.source(), key, "has to be a whole number");
  double value = 0;
  put(from, key, value, within);
  to = static_cast<Integer>(value);
}

void put(const toml::node& from, const std::string& key, std::string& to) {
  const std::optional<std::string> value = from.value<std::string>();
  if (!value || !from.is_string())
    throw mistake(from.source(), key, "has to be a text");
  to = *value;
}

/// One of an enumeration, by the names it has in name_of().
template <class Enum>
void put_name(const toml::node& from, const std::string& key, Enum& to) {
  std::string name;
  put(from, key, name);
  std::string known;
  for (std::uint8_t i = 0; i < static_cast<std::uint8_t>(Enum::count); ++i) {
    const auto each = static_cast<Enum>(i);
    if (name == name_of(each)) {
      to = each;
      return;
    }
    (known += known.empty() ? "" : ", ") += name_of(each);
  }
  throw mistake(from.source(), key, "there is no \"" + name + "\"; there are " + known);
}

using reader = std::function<void(const toml::node&, const std::string&)>;

/// Reads each key of a table by its reader.
void read_table(const toml::table& from, const std::string& name,
                const std::map<std::string_view, reader>& keys) {
  for (const auto& [key, node] : from) {
    const std::string full = name + (name.empty() ? "" : ".") + std::string(key.str());
    const auto known = keys.find(key.str());
    if (known == keys.end())
      throw mistake(key.source(), full, "there is no such key");
    known->second(node, full);
  }
}

share read_share(const toml::table& from, const std::string& name) {
  share s;
  const auto number = [](auto& to, range within) {
    return [&to, within](const toml::node& n, const std::string& key) { put(n, key, to, within); };
  };
  read_table(from, name,
             {{"mode", [&](const toml::node& n, const std::string& key) { put_name(n, key, s.what); }},
              {"connections", number(s.connections, {1, 10'000'000})},
              {"path", [&](const toml::node& n, const std::string& key) { put(n, key, s.path); }},
              {"rate", number(s.rate, {})},
              {"room", number(s.room, {1, 19'000})},
              {"messages", number(s.messages, {})},
              {"bytes", number(s.bytes, {})},
              {"read_rate", number(s.read_rate, {1, 1e12})}});
  if (!from.contains("mode"))
    throw mistake(from.source(), name + ".mode", "is missing");
  if (!s.path.empty() && s.path.front() != '/')
    throw mistake(from["path"].node()->source(), name + ".path", "has to begin with a slash");
  if (s.what == mode::chat && s.connections % s.room != 0)
    throw mistake(from.source(), name + ".connections", "has to be a multiple of room");
  return s;
}

phase read_phase(const toml::table& from, const std::string& name) {
  phase p;
  const auto number = [](auto& to, range within) {
    return [&to, within](const toml::node& n, const std::string& key) { put(n, key, to, within); };
  };
  if (const toml::node* const kind = from.get("kind"))
    put_name(*kind, name + ".kind", p.what);
  else
    throw mistake(from.source(), name + ".kind", "is missing");
  std::map<std::string_view, reader> keys{{"kind", [](const toml::node&, const std::string&) {}}};
  switch (p.what) {
  case phase_kind::ramp:
    keys.emplace("rate", number(p.rate, {}));
    break;
  case phase_kind::publish:
    keys.emplace("count", number(p.count, {1, 1e6}));
    keys.emplace("every", number(p.every, {}));
    break;
  case phase_kind::calm:
  case phase_kind::chaos:
    keys.emplace("crash", number(p.wrong.crash, {0, 1}));
    keys.emplace("vanish", number(p.wrong.vanish, {0, 1}));
    keys.emplace("kill_every", number(p.wrong.kill_every, {}));
    [[fallthrough]];
  case phase_kind::hold:
    keys.emplace("seconds", number(p.seconds, {0, 1e7}));
    break;
  default:
    break;
  }
  read_table(from, name, keys);
  return p;
}

template <class Part>
std::vector<Part> read_parts(const toml::table& all, std::string_view name,
                             Part (*read)(const toml::table&, const std::string&)) {
  const toml::node* const node = all.get(name);
  if (node == nullptr)
    throw mistake(all.source(), std::string(name), "is missing");
  const toml::array* const list = node->as_array();
  if (list == nullptr || !list->is_homogeneous(toml::node_type::table))
    throw mistake(node->source(), std::string(name), "has to be tables, [[" + std::string(name) + "]]");
  std::vector<Part> parts;
  for (const toml::node& each : *list)
    parts.push_back(read(*each.as_table(), std::string(name)));
  return parts;
}

scenario read_all(const toml::table& all) {
  scenario s;
  read_table(all, "",
             {{"title", [&](const toml::node& n, const std::string& key) { put(n, key, s.title); }},
              {"share", [](const toml::node&, const std::string&) {}},
              {"phase", [](const toml::node&, const std::string&) {}}});
  s.shares = read_parts<share>(all, "share", read_share);
  s.phases = read_parts<phase>(all, "phase", read_phase);
  constexpr std::size_t most_shares = 200;
  if (s.shares.size() > most_shares)
    throw mistake(all.get("share")->source(), "share", "there are more than 200");
  if (s.phases.front().what != phase_kind::ramp)
    throw mistake(all.get("phase")->as_array()->front().source(), "phase", "the first has to be a ramp");
  for (std::size_t i = 0; i + 1 < s.phases.size(); ++i)
    if (s.phases[i].what == phase_kind::drain)
      throw mistake(all.get("phase")->as_array()->at(i).source(), "phase", "a drain has to be the last");
  if (s.phases.back().what != phase_kind::drain) {
    phase last;
    last.what = phase_kind::drain;
    s.phases.push_back(last);
  }
  return s;
}

} // namespace

runtime::result<scenario> parse_scenario(std::string_view text, const std::string& name) {
  const auto wrong = [&](std::uint32_t line, std::string_view what) {
    return runtime::error{name + ':' + std::to_string(line) + ": " + std::string(what), EINVAL};
  };
  try {
    scenario s = read_all(toml::parse(text, name));
    if (s.title.empty())
      s.title = name;
    return s;
  } catch (const toml::parse_error& e) {
    return wrong(e.source().begin.line, e.description());
  } catch (const mistake& e) {
    return wrong(e.line, e.text);
  }
}

runtime::result<scenario> read_scenario(const std::string& file) {
  std::ifstream from(file, std::ios::binary);
  std::ostringstream text;
  if (!from || !(text << from.rdbuf()))
    return runtime::error{file + ": " + std::strerror(errno), errno};
  return parse_scenario(text.str(), file);
}

} // namespace perron::soak
