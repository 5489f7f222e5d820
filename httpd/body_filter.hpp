// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>

namespace perron::httpd {

/// Changes the bytes of a body on their way to the client, as compression does: bytes in, bytes out. Given to
/// request::filter_body(). Used by the request's process alone; what it throws is a crash as that of a
/// handler.
class body_filter {
public:
  body_filter() = default;
  body_filter(const body_filter&) = delete;
  body_filter& operator=(const body_filter&) = delete;
  virtual ~body_filter() = default;

  /// Takes the next bytes, at most some ten thousand, and appends what is ready to `out`. With `flush` that
  /// is all that the client needs to have these bytes.
  virtual void take(std::string_view bytes, bool flush, std::string& out) = 0;
  /// Appends the end. Nothing is taken behind it.
  virtual void finish(std::string& out) = 0;
};

} // namespace perron::httpd
