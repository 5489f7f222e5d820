// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/config/reader.hpp>
#include <perron/httpd/program/config/spelling.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace perron::httpd::program {

namespace {

/// Where else a key of this name would be at home.
std::string_view home_of(std::string_view name) {
  for (const auto* one : {&server_keys(), &log_keys(), &admin_keys(), &limit_keys(), &listener_keys(),
                          &tls_keys(), &site_keys(), &location_keys(), &top_keys()})
    if (one->find(name) != nullptr)
      return one->name;
  return {};
}

} // namespace

const key* section::find(std::string_view which) const noexcept {
  const auto found = std::find_if(keys.begin(), keys.end(), [&](const key& k) { return k.name == which; });
  return found == keys.end() ? nullptr : &*found;
}

std::vector<key> lifted(const section& part, const std::function<void*(void*)>& to_part) {
  // Nothing is changed through the pointers of show and objects.
  const auto to_const = [to_part](const void* object) -> const void* {
    return to_part(const_cast<void*>(object));
  };
  std::vector<key> keys = part.keys;
  for (auto& one : keys) {
    auto& value = one.value;
    value.read = [read = value.read, to_part](reading& r, const toml_value& v, void* object) {
      read(r, v, to_part(object));
    };
    if (value.show)
      value.show = [show = value.show, to_const](const void* object) { return show(to_const(object)); };
    if (value.objects)
      value.objects = [objects = value.objects, to_const](const void* object) {
        return objects(to_const(object));
      };
  }
  return keys;
}

std::string resolved(std::string_view path, std::string_view named_in) {
  const auto slash = named_in.rfind('/');
  if (path.empty() || path.front() == '/' || slash == std::string_view::npos)
    return std::string(path);
  return std::string(named_in.substr(0, slash + 1)).append(path);
}

std::string without_indexes(std::string_view path) {
  std::string text;
  bool inside = false;
  for (const char c : path) {
    inside = inside ? c != ']' : c == '[';
    if (!inside && c != ']')
      text += c;
  }
  return text;
}

void reading::read_table(const section& keys, const toml_value& table, void* object) {
  for (const bool last : {false, true})
    for (const auto& member : table.members) {
      const auto* const found = keys.find(member.name);
      if (found == nullptr && !last)
        refuse_unknown(keys, member);
      else if (found != nullptr && found->last == last)
        read_key(*found, member.place, member.value, object);
    }
  for (const auto& one : keys.keys)
    if (one.required && table.find(one.name) == nullptr)
      add({.place = table.place,
           .key =
               without_indexes(path_.empty() ? std::string(one.name) : path_ + '.' + std::string(one.name)),
           .what = "is missing",
           .remedy = "write " + std::string(one.name) + " = " + std::string(one.example)});
}

void reading::read_item(const section& keys, const toml_value& table, void* object, std::size_t index) {
  const auto before = path_;
  path_.append("[").append(std::to_string(index)).append("]");
  places_[path_] = table.place;
  read_table(keys, table, object);
  path_ = before;
}

void reading::read_key(const key& which, const source_place& name, const toml_value& value, void* object) {
  const auto before = path_;
  const auto* const outer = std::exchange(current_, &which);
  path_.append(path_.empty() ? "" : ".").append(which.name);
  places_[path_] = name;
  which.value.read(*this, value, object);
  path_ = before;
  current_ = outer;
}

void reading::fail(const source_place& place, std::string what, std::string remedy) {
  add({.place = place, .key = without_indexes(path_), .what = std::move(what), .remedy = std::move(remedy)});
}

void reading::fail_kind(const toml_value& value, std::string_view wanted, std::string_view example) {
  std::string remedy = "write ";
  if (example.empty())
    remedy.append(wanted);
  else
    remedy.append(wanted)
        .append(": ")
        .append(current_ == nullptr ? "" : current_->name)
        .append(" = ")
        .append(example);
  fail(value.place, "is " + std::string(name_of(value.kind)), std::move(remedy));
}

void reading::fail_at(std::string_view path, std::string what, std::string remedy) {
  std::string_view written = path;
  auto found = places_.find(written);
  while (found == places_.end() && !written.empty()) {
    const auto cut = written.find_last_of(".[");
    written = cut == std::string_view::npos ? std::string_view() : written.substr(0, cut);
    found = places_.find(written);
  }
  add({.place = found == places_.end() ? source_place{} : found->second,
       .key = without_indexes(path),
       .what = std::move(what),
       .remedy = std::move(remedy)});
}

source_place reading::place_of(std::string_view path) const {
  const auto found = places_.find(path);
  return found == places_.end() ? source_place{} : found->second;
}

void reading::refuse_unknown(const section& keys, const toml_member& member) {
  std::vector<std::string_view> known;
  std::string_view meant;
  for (const auto& one : keys.keys) {
    known.push_back(one.name);
    if (has_word(one.others, member.name))
      meant = one.name;
  }
  if (meant.empty())
    meant = closest(member.name, known);
  std::string remedy;
  if (!meant.empty()) {
    remedy = "did you mean " + std::string(meant) + '?';
  } else if (const auto home = home_of(member.name); !home.empty() && home != keys.name) {
    remedy = "it is a key of " + std::string(home);
  } else {
    remedy = "take it out; " + std::string(keys.name) + " has ";
    std::sort(known.begin(), known.end());
    for (std::size_t i = 0; i < known.size(); ++i)
      remedy.append(i == 0 ? "" : ", ").append(known[i]);
  }
  const auto before = path_;
  path_.append(path_.empty() ? "" : ".").append(toml_name(member.name));
  fail(member.place, "is no key", std::move(remedy));
  path_ = before;
}

} // namespace perron::httpd::program
