// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <typeinfo>

namespace perron::runtime::core {

/// A type as a person would write it. Slow; for reports.
std::string type_name(const std::type_info& type);

} // namespace perron::runtime::core
