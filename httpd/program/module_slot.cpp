// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/module_slot.hpp>

#include <perron/httpd/module.hpp>

namespace perron::httpd::program {

runtime::result<void> module_slot::load() {
  if (routes_ != nullptr)
    return {};
  auto loaded = load_module(path_, options_);
  if (!loaded)
    return runtime::error{place_ + "module: " + loaded.error().text, loaded.error().code};
  auto routes = std::make_unique<router>();
  if (prefix_.empty())
    *routes = std::move(loaded->routes);
  else
    routes->mount(prefix_, loaded->routes);
  routes_ = std::move(routes);
  return {};
}

handler module_slot::answer(std::shared_ptr<module_slot> of) {
  return [of = std::move(of)](request& r) { return r.forward(*of->routes_, ""); };
}

} // namespace perron::httpd::program
