// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/module.hpp>

#include <perron/httpd/core/module_image.hpp>
#include <perron/httpd/core/module_request.hpp>
#include <perron/httpd/module_export.hpp>
#include <perron/runtime/blocking.hpp>
#include <perron/runtime/process.hpp>

#include <array>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

namespace perron::httpd {
namespace {

using core::module_image;
using why_buffer = std::array<char, 512>;

std::string text_or(const char* text, std::string_view other) {
  return std::string(text != nullptr && *text != '\0' ? std::string_view(text) : other);
}

/// Empty: it may be used.
std::string fault_of(const perron_module& m) {
  if (m.abi != PERRON_MODULE_ABI)
    return "is for version " + std::to_string(m.abi) + " of the module interface, this program has version " +
           std::to_string(PERRON_MODULE_ABI);
  if (m.size < sizeof(perron_module))
    return "says that its description has " + std::to_string(m.size) + " bytes, less than there must be";
  if (m.make_routes == nullptr)
    return m.handle == nullptr ? "has neither `handle` nor routes" : "";
  if (const std::string built = text_or(m.build, "nothing that is known"); built != detail::module_build())
    return "was built with " + built + ", this program with " + detail::module_build();
  return {};
}

runtime::result<router> routes_of(const perron_module& m, const std::shared_ptr<module_image>& image,
                                  const std::string& configuration) {
  why_buffer why{};
  router routes;
  if (m.make_routes != nullptr) {
    if (m.make_routes(&routes, configuration.c_str(), why.data(), why.size()) != 0)
      return runtime::error{text_or(why.data(), "no reason given"), ECANCELED};
    return routes;
  }
  if (m.load != nullptr && m.load(&core::module_host(), configuration.c_str(), why.data(), why.size()) != 0)
    return runtime::error{text_or(why.data(), "no reason given"), ECANCELED};
  image->tell_at_end(m.unload);
  const handler answers = [image, handle = m.handle](request& r) { return core::ask_module(handle, r); };
  routes.any("/", answers).any("/*rest", answers);
  return routes;
}

} // namespace

runtime::result<loaded_module> load_module(const std::string& path, const std::string& configuration) {
  const auto fail = [&](const std::string& what, int code) {
    return runtime::error{"module " + path + ' ' + what, code};
  };
  const auto open = [&] { return module_image::load(path); };
  auto image = runtime::self_or_none() ? runtime::blocking(open) : open();
  if (!image)
    return fail(image.error().text, image.error().code);
  const auto entry = reinterpret_cast<perron_module_function>((*image)->find("perron_module_v1"));
  if (entry == nullptr)
    return fail("has no function perron_module_v1: it is no module of Perron, or for another version",
                ENOEXEC);
  const perron_module* m = entry();
  if (m == nullptr)
    return fail("gives nothing", ENOEXEC);
  if (const std::string fault = fault_of(*m); !fault.empty())
    return fail(fault, ENOEXEC);
  if (m->make_routes != nullptr)
    (*image)->keep();
  auto routes = routes_of(*m, *image, configuration);
  if (!routes)
    return fail("refuses: " + routes.error().text, routes.error().code);
  return loaded_module{text_or(m->name, "unnamed"), text_or(m->version, ""), std::move(*routes)};
}

} // namespace perron::httpd
