// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <typeinfo>

namespace perron::runtime::core {

/// A type as a person would write it; for reports. Slow the first time, a copy under a lock from then on. Any
/// thread.
std::string type_name(const std::type_info& type);

} // namespace perron::runtime::core
