// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/config/check.hpp>
#include <perron/httpd/program/config/document_settings.hpp>
#include <perron/httpd/program/config/load.hpp>
#include <perron/httpd/program/config/reader.hpp>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <glob.h>
#include <iterator>
#include <memory>
#include <sys/stat.h>
#include <utility>

namespace perron::httpd::program {

namespace {

/// Which file a path leads to, whatever it is called.
std::string identity_of(const std::string& file) {
  const std::unique_ptr<char, void (*)(void*)> real(realpath(file.c_str(), nullptr), std::free);
  return real ? std::string(real.get()) : file;
}

bool has_pattern(std::string_view text) noexcept {
  return text.find_first_of("*?[") != std::string_view::npos;
}

/// Puts the files together into one table, each value with its own place.
class gathering {
public:
  explicit gathering(reading& r) noexcept : reading_(r) {}

  void file(const std::string& name, const source_place& named_at) {
    const auto identity = identity_of(name);
    const auto open =
        std::find_if(open_.begin(), open_.end(), [&](const auto& one) { return one.second == identity; });
    if (open != open_.end()) {
      std::string circle;
      for (auto one = open; one != open_.end(); ++one)
        circle.append(one->first).append(" includes ");
      return fail(named_at, "is a circle: " + circle + name, "take one of them out");
    }
    if (std::find(read_.begin(), read_.end(), identity) != read_.end())
      return fail(named_at, name + " is included twice", "name it once");
    errno = 0;
    struct stat found {};
    if (stat(name.c_str(), &found) == 0 && S_ISDIR(found.st_mode))
      return fail(named_at, name + " is a folder", "write " + toml_text(name + "/*.toml"));
    std::ifstream stream(name, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    if (!stream)
      return fail(named_at, (named_at.line == 0 ? "" : name + ": ") + std::strerror(errno == 0 ? EIO : errno),
                  named_at.line == 0 ? "name the file of the configuration" : "name a file that can be read");
    read_.push_back(identity);
    files_.push_back(name);
    open_.emplace_back(name, identity);
    this->text(text, name, true);
    open_.pop_back();
  }

  void text(std::string_view text, const std::string& name, bool may_include) {
    auto [top, error] = parse_toml(text, name);
    if (error) {
      reading_.add(std::move(*error));
      is_whole_ = false;
    }
    if (whole_.place.file.empty())
      whole_.place = {.file = name};
    for (auto& member : top.members)
      if (member.name == "include")
        include(member, may_include);
      else
        put(std::move(member));
  }

  const toml_value& whole() const noexcept { return whole_; }
  /// Whether all files could be read.
  bool is_whole() const noexcept { return is_whole_; }
  std::vector<std::string> take_files() { return std::move(files_); }

private:
  void fail(const source_place& place, std::string what, std::string remedy) {
    is_whole_ = false;
    reading_.add({.place = place,
                  .key = place.line == 0 ? "" : "include",
                  .what = std::move(what),
                  .remedy = std::move(remedy)});
  }

  void include(const toml_member& member, bool may_include) {
    document_settings patterns;
    const auto before = reading_.errors().size();
    reading_.read_key(*top_keys().find("include"), member.place, member.value, &patterns);
    if (reading_.errors().size() != before)
      return;
    if (!may_include)
      return fail(member.place, "this text may not include others", "write all into it");
    const auto& items =
        member.value.kind == toml_kind::array ? member.value.items : std::vector{member.value};
    for (const auto& item : items)
      matches(item);
  }

  void matches(const toml_value& pattern) {
    const auto path = resolved(pattern.text, pattern.place.file);
    if (!has_pattern(pattern.text))
      return file(path, pattern.place);
    const auto folder = path.substr(0, path.rfind('/') + 1);
    struct stat there {};
    if (!has_pattern(folder) && !folder.empty() && stat(folder.c_str(), &there) != 0)
      return fail(pattern.place, "there is no folder " + folder, "make it, or take the pattern out");
    glob_t found{};
    const int code = glob(path.c_str(), GLOB_ERR, nullptr, &found);
    const std::vector<std::string> names(found.gl_pathv, found.gl_pathv + (code == 0 ? found.gl_pathc : 0));
    globfree(&found);
    if (code != 0 && code != GLOB_NOMATCH)
      fail(pattern.place, path + ": " + std::strerror(errno == 0 ? EIO : errno),
           "let this user read the folder");
    for (const auto& name : names)
      file(name, pattern.place);
  }

  /// Listeners and sites of all files are one list; of anything else there is one.
  void put(toml_member member) {
    const auto there = std::find_if(whole_.members.begin(), whole_.members.end(),
                                    [&](const toml_member& m) { return m.name == member.name; });
    if (there == whole_.members.end()) {
      whole_.members.push_back(std::move(member));
    } else if (there->value.kind == toml_kind::array && member.value.kind == toml_kind::array) {
      std::move(member.value.items.begin(), member.value.items.end(), std::back_inserter(there->value.items));
    } else {
      reading_.add({.place = member.place,
                    .key = member.name,
                    .what = "stands in another file already: " + there->place.to_string(),
                    .remedy = "write it in one of them"});
    }
  }

  reading& reading_;
  toml_value whole_{};
  bool is_whole_ = true;
  std::vector<std::string> files_{}; ///< in the order of reading
  std::vector<std::string> read_{};  ///< what they are
  std::vector<std::pair<std::string, std::string>>
      open_{}; ///< name and identity, the first includes the next
};

/// Whether what was wrong with a key may be because of what was wrong with one in it, or around it.
bool is_told(const std::vector<diagnostic>& errors, std::string_view key) {
  return std::any_of(errors.begin(), errors.end(), [&](const diagnostic& error) {
    const auto shorter = std::min(key.size(), error.key.size());
    return !error.key.empty() && key.substr(0, shorter) == error.key.substr(0, shorter);
  });
}

loaded finish(reading& r, gathering& all) {
  loaded out;
  document_settings settings;
  r.read_table(top_keys(), all.whole(), &settings);
  out.value.file = all.whole().place.file;
  out.value.files = all.take_files();
  out.value.server = std::move(settings.server);
  out.value.log = std::move(settings.log);
  out.value.admin = std::move(settings.admin);
  out.value.listeners = std::move(settings.listeners);
  out.value.sites = std::move(settings.sites);
  complete(out.value, settings.limits);
  out.errors = r.take_errors();
  // Of a file that is no TOML nobody knows what it says.
  if (!all.is_whole())
    return out;
  check(out.value, settings.limits, settings.defaults, r);
  const auto told = out.errors;
  for (auto& error : r.take_errors())
    if (!is_told(told, error.key))
      out.errors.push_back(std::move(error));
  return out;
}

} // namespace

loaded load_file(const std::string& file) {
  reading r(true);
  gathering all(r);
  all.file(file, {.file = file});
  if (all.whole().place.file.empty())
    return {.value = {}, .errors = r.take_errors()};
  return finish(r, all);
}

loaded load_text(std::string_view text, const std::string& file, bool looks_at_system) {
  reading r(looks_at_system);
  gathering all(r);
  all.text(text, file, false);
  return finish(r, all);
}

runtime::result<configuration> load(const std::string& file) {
  auto read = load_file(file);
  if (!read.errors.empty())
    return runtime::error{.text = to_text(std::move(read.errors))};
  return std::move(read.value);
}

} // namespace perron::httpd::program
