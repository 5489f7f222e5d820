// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/writer.hpp>

#include <perron/httpd/core/body_output.hpp>

#include <stdexcept>

namespace perron::httpd {

core::body_output& writer::open() const {
  if (of_ == nullptr)
    throw std::logic_error("perron: this writer was moved from, or has ended");
  return *of_;
}

void writer::write(std::span<const std::string_view> parts) { open().write(parts); }

void writer::sendfile(int file, std::uint64_t offset, std::uint64_t count) {
  open().sendfile(file, offset, count);
}

void writer::trailer(std::string name, std::string value) {
  open().trailer(std::move(name), std::move(value));
}

response writer::end() {
  open().end();
  of_ = nullptr;
  response r;
  r.sent = true;
  return r;
}

} // namespace perron::httpd
