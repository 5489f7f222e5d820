// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/routes.hpp>
#include <perron/runtime/result.hpp>

#include <memory>
#include <string>
#include <utility>

namespace perron::httpd::program {

/// A module that a location names, and the handler that answers with it. What is assembled does not load it
/// yet: a module may start processes when it is loaded, and when the program begins there are none. Loaded by
/// the keeper, before any server knows the handler.
class module_slot {
public:
  /// `prefix`: below which its routes hold; `place`: where in the configuration it is named.
  module_slot(std::string place, std::string path, std::string options, std::string prefix)
      : place_(std::move(place)), path_(std::move(path)), options_(std::move(options)),
        prefix_(std::move(prefix)) {}

  /// Once; later calls do nothing. In a process. The error begins with the place.
  runtime::result<void> load();

  /// What answers once it is loaded.
  static handler answer(std::shared_ptr<module_slot> of);

private:
  const std::string place_;
  const std::string path_;
  const std::string options_;
  const std::string prefix_;
  std::unique_ptr<const router> routes_; ///< written by load(), before anybody else knows of this
};

} // namespace perron::httpd::program
