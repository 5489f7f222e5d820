// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/result.hpp>
#include <perron/supervisors/supervisor.hpp>

#include <chrono>

namespace perron::supervisors::core {

/// What is wrong with a spec, in OTP's order of looking (otp-semantics 5.1). `by_id`: it needs an id.
runtime::result<void> check_child(const child_spec& spec, auto_shutdown_type auto_shutdown, bool by_id);

runtime::result<void> check_period(std::chrono::seconds period);

} // namespace perron::supervisors::core
