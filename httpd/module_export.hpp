// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/module_abi.h>
#include <perron/httpd/request.hpp>
#include <perron/httpd/response.hpp>
#include <perron/httpd/routes.hpp>

#include <cstddef>
#include <exception>
#include <string>
#include <string_view>

/// Makes a shared library a module in C++: handlers as in any program, which may block, spawn and receive.
///
///     #include <perron/httpd/module_export.hpp>
///     PERRON_MODULE("visits", "1.0", [](std::string_view configuration) {
///       perron::httpd::router r;
///       r.get("/", [](perron::httpd::request&) { return perron::httpd::text("hello\n"); });
///       return r;
///     })
///
/// The last argument is a function without captures that gives the routes; what it throws refuses the load.
/// The library is not linked with Perron but takes it from the program that loads it, and has to be built by
/// the same compiler from the same version; load_module refuses others where it can tell. Compile it with
/// -fno-gnu-unique, so that the static variables of two versions of it are not one. Exactly one of these in a
/// library.
#define PERRON_MODULE(module_name, module_version, ...)                                                      \
  extern "C" PERRON_MODULE_EXPORT const perron_module* perron_module_v1(void) {                              \
    static const perron_module made = {                                                                      \
        PERRON_MODULE_ABI,                                                                                   \
        sizeof(perron_module),                                                                               \
        module_name,                                                                                         \
        module_version,                                                                                      \
        nullptr,                                                                                             \
        nullptr,                                                                                             \
        nullptr,                                                                                             \
        perron::httpd::detail::module_build(),                                                               \
        [](void* into, const char* configuration, char* why, std::size_t why_size) {                         \
          return perron::httpd::detail::make_module_routes(__VA_ARGS__, into, configuration, why, why_size); \
        }};                                                                                                  \
    return &made;                                                                                            \
  }

namespace perron::httpd::detail {

/// What has to be the same on both sides for C++ to be understood, as far as a program can tell.
inline const char* module_build() {
  static const std::string text =
      std::string("c++ ") + __VERSION__ + ", router " + std::to_string(sizeof(router)) + ", request " +
      std::to_string(sizeof(request)) + ", response " + std::to_string(sizeof(response));
  return text.c_str();
}

template <class Make>
int make_module_routes(const Make& make, void* into, const char* configuration, char* why,
                       std::size_t why_size) {
  const auto tell = [&](const char* text) {
    if (why_size != 0)
      why[std::string_view(text).copy(why, why_size - 1)] = '\0';
    return 1;
  };
  try {
    *static_cast<router*>(into) = make(std::string_view(configuration));
    return 0;
  } catch (const std::exception& e) {
    return tell(e.what());
  } catch (...) {
    return tell("an exception of an unknown type");
  }
}

} // namespace perron::httpd::detail
