// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/result.hpp>

#include <cstddef>
#include <string>

namespace perron::httpd::core {

/// The content of a small regular file, at most `most` bytes. Errors name the file and say why not. Waits for
/// the disk.
runtime::result<std::string> read_whole_file(const std::string& file, std::size_t most = std::size_t(16)
                                                                                         << 20);

} // namespace perron::httpd::core
