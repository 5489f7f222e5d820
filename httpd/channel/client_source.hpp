// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string_view>

/// client.js, put into the library by the build.
namespace perron::httpd::channel_source {

extern const std::string_view client_js;

} // namespace perron::httpd::channel_source
