// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string_view>

/// The files of page/, put into the program by the build.
namespace chat::page {

extern const std::string_view index_html;
extern const std::string_view style_css;
extern const std::string_view app_js;
extern const std::string_view session_js;
extern const std::string_view storage_js;

} // namespace chat::page
