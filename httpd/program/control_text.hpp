// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>

namespace perron::httpd::program {

/// What the control socket has answered to a command, for people; ends in a line end, or is empty.
std::string control_text(std::string_view command, const nlohmann::json& said);

} // namespace perron::httpd::program
