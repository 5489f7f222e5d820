// SPDX-License-Identifier: BSD-3-Clause
//
// Walks the table of keys, so that no key is there without an example that can be read, a place in the
// manual, and a member of its own.
#include <perron/httpd/program/config/document.hpp>
#include <perron/httpd/program/config/document_settings.hpp>
#include <perron/httpd/program/config/keys.hpp>
#include <perron/httpd/program/config/manual.hpp>
#include <perron/httpd/program/config/reader.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace perron::httpd::program;

namespace {

/// A section, and how to make a struct of it.
struct kind_of_table {
  const section* keys;
  std::shared_ptr<void> (*make)();
};

template <class Object>
std::shared_ptr<void> make() {
  return std::make_shared<Object>();
}

const std::vector<kind_of_table> tables{
    {&top_keys(), make<document_settings>},
    {&server_keys(), make<process_settings>},
    {&log_keys(), make<log_settings>},
    {&admin_keys(), make<admin_settings>},
    {&limit_keys(), make<limit_settings>},
    {&listener_keys(), make<listener_settings>},
    {&tls_keys(), make<tls_settings>},
    {&certificate_keys(), make<certificate_settings>},
    {&site_keys(), make<site_definition>},
    {&location_keys(), make<location_settings>},
    {&settings_keys(), make<site_settings>},
    {&compression_keys(), make<compression_settings>},
    {&file_cache_keys(), make<file_cache_settings>},
    {&redirect_keys(), make<redirect_settings>},
    {&rewrite_keys(), make<rewrite_settings>},
    {&header_keys(), make<header_settings>},
    {&auth_keys(), make<auth_settings>},
    {&cors_keys(), make<cors_settings>},
    {&rate_limit_keys(), make<rate_limit_settings>},
};

/// Calls f(table, key) for all of them.
template <class F>
void each_key(F f) {
  for (const auto& table : tables)
    for (const auto& one : table.keys->keys) {
      SCOPED_TRACE(std::string(table.keys->name) + ' ' + std::string(one.name));
      f(table, one);
    }
}

/// What reading `toml` as the value of a key has to say.
std::string errors_of(const key& one, std::string_view toml, void* object) {
  const auto [top, error] = parse_toml(std::string(one.name) + " = " + std::string(toml), "x.toml");
  if (error)
    return error->to_string();
  reading r(false);
  r.read_key(one, top.members.at(0).place, top.members.at(0).value, object);
  return to_text(r.take_errors());
}

/// All values of a struct as they would be printed; of tables, how many there are.
std::map<std::string_view, std::string> shown(const section& keys, const void* object) {
  std::map<std::string_view, std::string> all;
  for (const auto& one : keys.keys)
    all[one.name] = one.value.inside == nullptr ? one.value.show(object)
                                                : std::to_string(one.value.objects(object).size());
  return all;
}

TEST(keys, every_section_that_a_key_leads_to_is_walked) {
  std::set<const section*> walked;
  for (const auto& table : tables)
    walked.insert(table.keys);
  each_key([&](const kind_of_table&, const key& one) {
    EXPECT_TRUE(one.value.inside == nullptr || walked.count(one.value.inside) == 1);
  });
}

TEST(keys, names_are_unique_and_alike) {
  for (const auto& table : tables) {
    std::set<std::string_view> names;
    for (const auto& one : table.keys->keys) {
      EXPECT_TRUE(names.insert(one.name).second) << one.name;
      EXPECT_EQ(one.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"), std::string_view::npos)
          << one.name;
    }
  }
}

TEST(keys, every_key_has_a_text_and_an_example_that_is_read_and_printed) {
  each_key([](const kind_of_table& table, const key& one) {
    EXPECT_FALSE(one.text.empty());
    EXPECT_FALSE(one.value.type.empty());
    EXPECT_EQ(one.example.empty(), one.value.inside != nullptr);
    if (one.example.empty())
      return;
    const auto object = table.make();
    EXPECT_EQ(errors_of(one, one.example, object.get()), "");
    const auto printed = one.value.show(object.get());
    const auto again = table.make();
    ASSERT_FALSE(printed.empty());
    EXPECT_EQ(errors_of(one, printed, again.get()), "");
    EXPECT_EQ(one.value.show(again.get()), printed);
  });
}

TEST(keys, every_table_is_read) {
  each_key([](const kind_of_table& table, const key& one) {
    if (one.value.inside == nullptr)
      return;
    // With what must be in it, if anything must.
    std::string toml = "{ ";
    for (const auto& inner : one.value.inside->keys)
      if (inner.required)
        toml.append(toml.size() == 2 ? "" : ", ").append(inner.name).append(" = ").append(inner.example);
    toml += " }";
    const auto object = table.make();
    EXPECT_EQ(errors_of(one, one.value.many ? '[' + toml + ", " + toml + ']' : toml, object.get()), "");
    EXPECT_EQ(one.value.objects(object.get()).size(), one.value.many ? 2U : 1U);
    EXPECT_NE(errors_of(one, one.value.many ? toml : '[' + toml + ']', object.get()), "");
  });
}

TEST(keys, every_key_changes_its_own_value_and_no_other) {
  const std::set<std::string_view> parts_of_one{"certificate", "key", "ocsp", "certificates"};
  each_key([&](const kind_of_table& table, const key& one) {
    if (one.value.inside != nullptr)
      return;
    std::vector<std::string> candidates{std::string(one.example),
                                        "true",
                                        "false",
                                        "7",
                                        "9000",
                                        "\"7s\"",
                                        "\"77s\"",
                                        "\"7k\"",
                                        "\"html\"",
                                        "\"text/x-other\"",
                                        "\"all\"",
                                        "\"/other\"",
                                        "301"};
    // Those of "common, combined or json".
    std::string word;
    for (const char c : one.value.range + ' ')
      if (c != ' ' && c != ',')
        word += c;
      else if (!word.empty())
        candidates.push_back('"' + std::exchange(word, {}) + '"');
    std::string changed;
    for (const auto& candidate : candidates) {
      const auto object = table.make();
      const auto before = shown(*table.keys, object.get());
      if (!errors_of(one, candidate, object.get()).empty())
        continue;
      for (const auto& [name, value] : shown(*table.keys, object.get()))
        if (value != before.at(name) && !(name != one.name && parts_of_one.count(name) == 1))
          changed.append(changed.empty() ? "" : " ").append(name);
      if (!changed.empty())
        break;
    }
    EXPECT_EQ(changed, one.name);
  });
}

TEST(keys, no_key_takes_what_is_of_another_kind) {
  each_key([](const kind_of_table& table, const key& one) {
    const auto object = table.make();
    const auto before = shown(*table.keys, object.get());
    for (const char* const wrong : {"1979-05-27", "1.5", "[[1]]", "[1979-05-27]", "-1"})
      EXPECT_NE(errors_of(one, wrong, object.get()), "") << wrong;
  });
}

TEST(keys, the_manual_has_every_key_with_its_example) {
  const auto manual = configuration_manual();
  const auto as_roff = [](std::string_view text) {
    std::string out;
    for (const char c : text)
      out.append(c == '-' ? "\\-" : c == '~' ? "\\(ti" : c == '\\' ? "\\e" : std::string(1, c));
    return out;
  };
  each_key([&](const kind_of_table& table, const key& one) {
    EXPECT_NE(manual.find(".TP\n\\fB" + std::string(one.name) + "\\fP = "), std::string::npos);
    EXPECT_NE(
        manual.find(".SH \"" + std::string(table.keys->name == "the top of the file" ? "THE TOP OF THE FILE"
                                                                                     : table.keys->name)),
        std::string::npos);
    EXPECT_TRUE(one.example.empty() || manual.find(as_roff(std::string(one.name) + " = " +
                                                           std::string(one.example))) != std::string::npos);
  });
}

TEST(keys, there_are_this_many) {
  std::size_t count = 0;
  for (const auto& table : tables)
    if (table.keys != &site_keys() && table.keys != &location_keys())
      count += table.keys->keys.size();
  count += site_keys().keys.size() + location_keys().keys.size() - 2 * settings_keys().keys.size();
  EXPECT_GE(count, 150U);
  RecordProperty("keys", static_cast<int>(count));
}

} // namespace
