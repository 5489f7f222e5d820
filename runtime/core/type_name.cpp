// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/type_name.hpp>

#include <cxxabi.h>

#include <cstdlib>
#include <memory>

namespace perron::runtime::core {

std::string type_name(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free);
  return status == 0 ? text.get() : type.name();
}

} // namespace perron::runtime::core
