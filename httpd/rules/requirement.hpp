// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/result.hpp>

#include <stdexcept>

namespace perron::httpd::core {

/// Options that are wrong are the programmer's mistake: throws std::invalid_argument with what check() says.
inline void require(const runtime::result<void>& checked) {
  if (!checked)
    throw std::invalid_argument("perron: " + checked.error().text);
}

} // namespace perron::httpd::core
