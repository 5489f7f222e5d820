// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace perron::runtime::core {

struct stack;
struct process;
struct carrier;

/// The one place where stacks are switched. A switch saves and restores the machine context (Boost.Context),
/// the C++ exception globals, which belong to a thread but must follow a process that is suspended in a catch
/// block, and errno; and it tells ASan and TSan. About 5 ns without sanitizers.

/// Lays the first frame of `p` onto its stack. It will call process_main(p).
void prepare_context(process& p) noexcept;

/// Back to the carrier, for a process that never comes back. The other switches: context_switch.hpp.
[[noreturn]] void switch_out_for_good() noexcept;

/// Drops what sanitizers know of a stack that is unmapped.
void forget_stack(stack& s) noexcept;

} // namespace perron::runtime::core
