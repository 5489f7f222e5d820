// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/result.hpp>

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>

namespace perron::runtime::net::detail {

/// The error of an operation that the operating system refused. Any thread.
inline error failure(std::string_view what, int code) {
  return {std::string(what) + ": " + std::generic_category().message(code), code};
}

/// The error of an operation that did not get there in the caller's time, told apart by its text from the
/// network's own ETIMEDOUT. Codes of other reasons to give up are passed to failure().
inline error gave_up(std::string_view what, int code) {
  return code == ETIMEDOUT ? error{std::string(what) + ": no time left", code} : failure(what, code);
}

inline error is_closed(std::string_view what) {
  return {std::string(what) + ": the socket is closed", EBADF};
}

} // namespace perron::runtime::net::detail
