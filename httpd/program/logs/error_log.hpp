// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/access_log/log_file.hpp>
#include <perron/runtime/result.hpp>

#include <memory>
#include <string>

namespace perron::httpd::program {

struct error_log_options {
  /// Where to: file.path is a file, "stdout", "stderr", "syslog" (facility daemon) or "off". Where systemd
  /// has connected stderr or stdout with its journal, lines there have a priority and no time, as it adds
  /// one.
  log_file_options file{.path = "stderr"};
  std::string level = "info"; ///< and what is worse: trace, debug, info, warning, error, critical
};

/// The log of the program itself and its crash reports: what spdlog's logger "perron", which the runtime logs
/// to, writes. Lines are written by whoever logs, under a lock: it is for what is rare.
///
/// Made before the node, in main(); configured again at each reload, while others log.
class error_log {
public:
  /// Registers the logger, which writes to stderr from level info on.
  error_log();
  /// It goes on to write, to stderr.
  ~error_log();
  error_log(const error_log&) = delete;
  error_log& operator=(const error_log&) = delete;

  /// Errors: the file cannot be opened, there is no such level; all stays as it was.
  runtime::result<void> configure(const error_log_options& options);
  /// Opens the file again, as others have put it aside.
  runtime::result<void> reopen();

private:
  class sink;

  const std::shared_ptr<sink> sink_;
};

} // namespace perron::httpd::program
