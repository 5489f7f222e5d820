// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/result.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace perron::httpd {

/// Users and hashes of their passwords: a file as Apache's htpasswd writes it, `user:hash` in each line, '#'
/// begins a comment. Hashes are bcrypt ($2y$, $2a$, $2b$), SHA-crypt ($5$, $6$), yescrypt ($y$) and Apache's
/// MD5 ($apr1$); {SHA} is read because nginx has it, but it is no protection. Plain text and DES are refused.
///
///     htpasswd -B -c users alice
///
/// The file is looked at again at most once a second and read again when it has changed; one that cannot be
/// read or has a bad line then leaves the users as they were. Any thread.
class htpasswd {
public:
  /// Reads the file. Errors say which line is bad and why.
  static runtime::result<std::shared_ptr<htpasswd>> open(std::string file);
  /// The same of a text, which never changes.
  static runtime::result<std::shared_ptr<htpasswd>> of(std::string_view text);
  ~htpasswd();

  /// Whether this is the user's password. Expensive, by design: 50 ms and more, in which the calling process
  /// waits aside of its worker (blocking()); an unknown user costs as much as a known one. Passwords that
  /// were right are remembered for a minute as a keyed hash, so that not every request pays: then it takes 2
  /// µs. For processes.
  bool verify(std::string_view user, std::string_view password);

private:
  class state;
  explicit htpasswd(std::unique_ptr<state> s);

  std::unique_ptr<state> state_;
};

} // namespace perron::httpd
