// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace perron::httpd::core {

/// Where a writer writes to: the conversation itself, or a filter before it. See writer for what each does.
class body_output {
public:
  virtual void write(std::span<const std::string_view> parts) = 0;
  virtual void sendfile(int file, std::uint64_t offset, std::uint64_t count) = 0;
  virtual void trailer(std::string name, std::string value) = 0;
  virtual void end() = 0;

protected:
  ~body_output() = default;
};

} // namespace perron::httpd::core
