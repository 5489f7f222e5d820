// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/type_name.hpp>

#include <cxxabi.h>

#include <cstddef>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>

namespace perron::runtime::core {
namespace {

std::string demangled(const char* name) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(abi::__cxa_demangle(name, nullptr, nullptr, &status),
                                                         &std::free);
  return status == 0 ? text.get() : name;
}

struct text_hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
};

/// The names that were asked for, by mangled name: as many as the program has types that crash or are
/// started.
struct known_names {
  std::mutex lock;
  std::unordered_map<std::string, std::string, text_hash, std::equal_to<>> by_mangled;
};

/// Never destroyed: a process may crash while the program ends.
known_names& known() {
  static auto& names = *new known_names;
  return names;
}

} // namespace

std::string type_name(const std::type_info& type) {
  known_names& names = known();
  const std::lock_guard hold(names.lock);
  auto at = names.by_mangled.find(std::string_view(type.name()));
  if (at == names.by_mangled.end())
    at = names.by_mangled.emplace(type.name(), demangled(type.name())).first;
  return at->second;
}

} // namespace perron::runtime::core
