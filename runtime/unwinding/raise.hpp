// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/unwinding/registers.hpp>

// How an exception gets from its throw to its handler.
//
// libgcc looks for the handler first, frame by frame, and then goes the same way once more to clean up. For
// each frame, each time, it searches the tables of the object file, reads the frame's part of them, and asks
// the language's personality, which reads its own: 100 to 200 ns a frame and time, more with cold caches, and
// once more for each cleanup. But the tables say the same of a call whenever an exception comes out of it.
// find_frame() keeps what they say, and with that a frame costs some nanoseconds.
//
// This file's _Unwind_RaiseException, _Unwind_Resume and _Unwind_Resume_or_Rethrow stand before libgcc's in
// every program that links it, as __cxa_throw in report/throw_trace.cpp does. Each goes the way that libgcc
// would go as long as it knows it, and leaves the same marks in the exception; at the first frame that it has
// no rule for it calls libgcc's, with nothing changed. So the two can take turns. libgcc has all of it:
// exceptions of other languages, forced unwinding (thread cancellation), code that was loaded later (dlopen),
// and what ends in std::terminate.
//
// They are weak: where libgcc is linked statically, its own stand.
//
// A debugger that steps over a throw looks for libgcc's handing over to the handler, and does not see ours:
// use `catch catch`, a breakpoint in the handler, or leave_to_libgcc().

namespace perron::runtime::unwinding {

/// Calls `visit(argument, pc)` for the return address of each call on the stack, the innermost, which is in
/// this function itself, first, until that gives false. False: there was one that only libgcc knows the
/// caller of, and what was visited is not all.
bool walk_stack(bool (*visit)(void* argument, void* pc), void* argument) noexcept;

/// From now on libgcc does all of it, or not; for tests, and for debuggers that want to step over a throw.
void leave_to_libgcc(bool all) noexcept;

/// How often libgcc was called, since the program started: a throw may count several times.
std::uint64_t left_to_libgcc() noexcept;

} // namespace perron::runtime::unwinding
