// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/run_record.hpp>
#include <perron/runtime/result.hpp>

#include <string>
#include <string_view>

namespace perron::soak {

/// The whole record as JSON, format "perron-soak/1" (bench/soak/README.md lists the names, which stay). What
/// is not UTF-8 in a text is replaced.
std::string to_json(const run_record& run);

/// The record that to_json() gave. Names it does not know are passed over, those not there keep their
/// defaults; an error says what is wrong where.
runtime::result<run_record> run_from_json(std::string_view text);

} // namespace perron::soak
