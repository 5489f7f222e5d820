// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/result.hpp>

#include <memory>
#include <string>

namespace perron::httpd::core {

/// A shared library in memory, loaded from a copy of its file: the file may be replaced, and loading it again
/// gives a library of its own, for which the dynamic linker would else give this one. Unloaded by the
/// destructor.
class module_image {
public:
  /// May wait for the disk. Errors begin in the middle of a sentence about the file.
  static runtime::result<std::shared_ptr<module_image>> load(const std::string& path);

  module_image(void* library, int copy) noexcept : library_(library), copy_(copy) {}
  module_image(const module_image&) = delete;
  module_image& operator=(const module_image&) = delete;
  ~module_image();

  /// Null if there is none of that name.
  void* find(const char* name) const noexcept;
  /// It stays until the program ends.
  void keep() noexcept { is_kept_ = true; }
  /// Called before it is unloaded; may be null.
  void tell_at_end(void (*unload)()) noexcept { unload_ = unload; }

private:
  void* library_;
  int copy_; ///< open as long as the library is there, as its number is in the name that the linker knows
  void (*unload_)() = nullptr;
  bool is_kept_ = false;
};

} // namespace perron::httpd::core
