// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/config/document.hpp>
#include <perron/httpd/program/config/document_settings.hpp>
#include <perron/httpd/program/config/keys.hpp>
#include <perron/httpd/program/config/print.hpp>

#include <string_view>
#include <vector>

namespace perron::httpd::program {

namespace {

bool is_empty(std::string_view toml) noexcept { return toml == "\"\"" || toml == "[]" || toml == "{}"; }

/// Writes the keys of a table: all of them, or those that are not as in `inherited`.
class printing {
public:
  void table(const section& keys, const void* object, const void* inherited, const std::string& path) {
    for (const auto& one : keys.keys)
      if (one.value.inside == nullptr)
        value(one, object, inherited == nullptr ? keys.fresh : inherited, inherited == nullptr);
      else if (inherited != nullptr && one.value.objects(object).empty() &&
               !one.value.objects(inherited).empty())
        text_.append(one.name).append(one.value.many ? " = []\n" : " = false\n");
    for (const bool last : {false, true})
      for (const auto& one : keys.keys)
        if (one.value.inside != nullptr && one.last == last)
          inner(one, object, inherited, path + std::string(one.name));
  }

  const std::string& text() const noexcept { return text_; }

private:
  void value(const key& one, const void* object, const void* other, bool all) {
    const auto toml = one.value.show(object);
    if (toml.empty() || (toml == one.value.show(other) && (!all || is_empty(toml))))
      return;
    text_.append(one.name).append(" = ").append(toml).append("\n");
  }

  void inner(const key& one, const void* object, const void* inherited, const std::string& path) {
    const auto now = one.value.objects(object);
    const auto before = inherited == nullptr ? std::vector<const void*>{} : one.value.objects(inherited);
    if (one.value.inside == &location_keys()) {
      const location_settings as_site{.settings = static_cast<const site_definition*>(object)->settings};
      for (const auto* location : now)
        block(one, location, &as_site, path);
    } else if (inherited == nullptr || !are_equal(one, now, before)) {
      for (const auto* item : now)
        block(one, item, one.value.many || before.empty() ? nullptr : before.front(), path);
    }
  }

  void block(const key& one, const void* object, const void* inherited, const std::string& path) {
    text_.append(one.value.many ? "\n[[" : "\n[").append(path).append(one.value.many ? "]]\n" : "]\n");
    table(*one.value.inside, object, inherited, path + '.');
  }

  static bool are_equal(const key& one, const std::vector<const void*>& a,
                        const std::vector<const void*>& b) {
    if (a.size() != b.size())
      return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
      printing difference;
      difference.table(*one.value.inside, a[i], b[i], "");
      if (!difference.text_.empty())
        return false;
    }
    return true;
  }

  std::string text_{};
};

} // namespace

std::string to_toml(const configuration& whole) {
  const auto part = [&](const section& keys, const void* object, const std::string& path) {
    printing one;
    one.table(keys, object, nullptr, path + '.');
    return '[' + path + "]\n" + one.text() + '\n';
  };
  std::string text = part(server_keys(), &whole.server, "server") + part(log_keys(), &whole.log, "log") +
                     part(admin_keys(), &whole.admin, "admin");
  const auto list = [&](const section& keys, const auto& objects, const std::string& path) {
    for (const auto& object : objects) {
      printing one;
      one.table(keys, &object, nullptr, path + '.');
      text.append("[[").append(path).append("]]\n").append(one.text()).append("\n");
    }
  };
  list(listener_keys(), whole.listeners, "listener");
  list(site_keys(), whole.sites, "site");
  return text;
}

} // namespace perron::httpd::program
