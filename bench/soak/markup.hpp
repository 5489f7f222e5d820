// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>

namespace perron::soak {

/// A text as it may stand in HTML, in SVG and in an attribute's quotes, whoever wrote it: what has a meaning
/// there is escaped, what XML does not allow (control characters, what is no UTF-8) becomes U+FFFD.
std::string escaped(std::string_view text);

} // namespace perron::soak
