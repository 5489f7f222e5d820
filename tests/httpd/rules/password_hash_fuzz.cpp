// SPDX-License-Identifier: BSD-3-Clause
// A file as htpasswd writes it, or none: bad lines are refused with their number, the kinds that are cheap
// are checked with a password.
#include <perron/httpd/rules/htpasswd.hpp>
#include <perron/httpd/rules/password_hash.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace perron::httpd;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto users = htpasswd::of(text);
  if (!users && users.error().text.substr(0, 5) != "line ")
    std::abort();
  if (core::find_hash_fault(text) == nullptr && (text.starts_with("$apr1$") || text.starts_with("{SHA}")))
    core::check_password(text, text);
  return 0;
}
