// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>

namespace perron::httpd::core {

/// Why a text is no hash of a password that can be checked here, or nullptr: see htpasswd for the kinds.
const char* find_hash_fault(std::string_view hash) noexcept;

/// Whether this is the password that the hash was made of. As slow as the hash wants it: 1 ms to seconds, and
/// uses 32 KB of the heap; not for workers. Passwords with a NUL or above 511 bytes are nobody's. Compares in
/// constant time.
bool check_password(const std::string& hash, const std::string& password);

} // namespace perron::httpd::core
