// SPDX-License-Identifier: BSD-3-Clause
#pragma once

// For the sources of this folder.

#include <perron/runtime/tls/session_info.hpp>

#include <string>

namespace perron::runtime::tls::detail {

/// What is known of a session, with the texts that its views show.
struct known {
  session_info info;
  std::string texts;
};

} // namespace perron::runtime::tls::detail
