// SPDX-License-Identifier: BSD-3-Clause
#pragma once

// For the sources of this folder.

#include <perron/runtime/result.hpp>
#include <perron/runtime/tls/library.hpp>
#include <perron/runtime/tls/options.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace perron::runtime::tls::detail {

/// What the issuer says of a certificate, and for how long.
struct staple {
  std::string der;
  std::chrono::system_clock::time_point not_before;
  std::chrono::system_clock::time_point not_after; ///< that it does not say is taken as a week
};

/// A certificate as its files hold it.
struct certificate {
  certificate_files files;
  owned_certificate own;
  std::vector<owned_certificate> chain; ///< from its issuer on
  owned_key key;
  std::optional<staple> ocsp;
  std::vector<std::string> names; ///< host names it is for, small letters; "*.example.org"
};

/// Reads and checks the files of one. Blocks on the disk.
result<certificate> load_certificate(const certificate_files& files);

/// A whole file.
result<std::string> read_file(const std::string& path);

std::chrono::system_clock::time_point time_of(const ::ASN1_TIME* when);

/// What is out of date now, a line each.
void add_warnings(const certificate& of, std::vector<std::string>& out);

} // namespace perron::runtime::tls::detail
