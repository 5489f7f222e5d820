// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/exit_reason.hpp>
#include <perron/supervisors/supervisor.hpp>

#include <string>
#include <string_view>
#include <vector>

/// The common words into which both sides translate what they see, so that traces can be compared.
namespace perron::conformance {

/// The parts between any of these characters; empty ones are left out.
std::vector<std::string> split(std::string_view text, char between);

/// "normal", "shutdown", "shutdown:TEXT", "kill"; anything else is a crash with that text.
runtime::exit_reason reason_of(std::string_view word);
std::string word(const runtime::exit_reason& why);
/// The text of an error, in which OTP's tuples are words with colons between.
std::string error_word(std::string_view text);

std::string word(supervisors::shutdown_rule rule);
/// "permanent false 5000 worker"
std::string terms(supervisors::restart_type restart, bool significant, supervisors::shutdown_rule shutdown,
                  supervisors::child_type type);

/// What check() objects to: "bad_combination". Empty if the text is another error.
std::string objection(std::string_view text);

} // namespace perron::conformance
