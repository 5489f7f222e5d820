// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace perron::testing {

/// What a certificate for a test says.
struct certificate_plan {
  std::string common_name = "localhost";
  std::vector<std::string> names{"localhost", "127.0.0.1", "::1"}; ///< host names and addresses
  bool rsa = false;                                                ///< RSA of 2048 bits instead of P-256
  bool is_authority = false;
  std::chrono::seconds from{-3600};        ///< valid since, from now
  std::chrono::seconds until{30 * 86'400}; ///< valid until, from now
};

/// A certificate with its key, in files that are gone when a test is over.
struct certificate_paths {
  std::string certificate;
  std::string key;
};

/// Makes certificates for one test. They are in files of a folder of its own, P-256 unless asked otherwise.
class test_authority {
public:
  explicit test_authority(const std::string& common_name = "Test Authority");
  test_authority(const test_authority&) = delete;
  test_authority& operator=(const test_authority&) = delete;
  ~test_authority();

  /// Its own certificate: whom to trust.
  const std::string& certificate() const noexcept;
  /// A certificate that it has issued, in `<name>.pem` and `<name>.key`, replacing what is there.
  certificate_paths issue(const std::string& name, const certificate_plan& plan = {});
  /// What it says about one of its certificates, as DER in `<name>.ocsp`; its path.
  std::string ocsp(const std::string& name, const certificate_paths& of, std::chrono::seconds from,
                   std::chrono::seconds until);
  /// Where all of this is.
  const std::filesystem::path& folder() const noexcept;
  /// The key of a certificate behind a password; its path.
  std::string lock(const certificate_paths& of) const;
  /// Files one after the other in a file `name`; its path.
  std::string join(const std::string& name, const std::vector<std::string>& paths) const;
  /// Writes a file into it; its path.
  std::string write(const std::string& name, const std::string& content) const;

private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

} // namespace perron::testing
