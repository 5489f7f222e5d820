// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

namespace perron::httpd::access_log_detail {

/// Replaces a file by `path`.gz with the same content, mode and time. Waits for the disk. False: it could
/// not, and the file is as it was.
bool compress_file(const std::string& path);

} // namespace perron::httpd::access_log_detail
