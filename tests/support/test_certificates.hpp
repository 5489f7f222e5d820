// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace perron::testing {

/// A certificate (ECDSA P-256, valid for a day) with its key, both as PEM.
struct test_certificate {
  std::string certificate;
  std::string key;
};

/// For these names ("localhost", "127.0.0.1"); the first is also the common name. Signed by `issuer`, or by
/// itself where that is null; `authority`: it may sign others.
test_certificate make_certificate(const std::vector<std::string>& names,
                                  const test_certificate* issuer = nullptr, bool authority = false);

/// Writes it to two files in `folder`, "<name>.pem" and "<name>.key".
struct certificate_paths {
  std::string certificate;
  std::string key;
};
certificate_paths write_certificate(const test_certificate& what, const std::filesystem::path& folder,
                                    const std::string& name);

} // namespace perron::testing
