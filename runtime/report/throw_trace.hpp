// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <exception>
#include <typeinfo>

namespace perron::runtime {

/// Where the last exception of a process was thrown: by the time it is caught at the process's edge its stack
/// has been unwound, so the addresses are taken at the throw.
struct throw_record {
  static constexpr int most_frames = 32;

  void* frames[most_frames]; ///< return addresses, the one in the throwing function first
  int depth = 0;             ///< how many of them are set
  const std::type_info* type = nullptr;
  const void* object = nullptr; ///< the exception itself; only to compare, as it may be gone
  /// Throws of these types are not recorded: they are no errors, and the walk would be a third of their cost.
  const std::type_info* unrecorded[2] = {};

  /// True if it was `thrown` whose throw is recorded here. It may have been another: a later exception that
  /// was caught on the way out overwrites the record.
  bool tells_of(const std::exception_ptr& thrown) const noexcept;
  bool passes_over(const std::type_info* thrown) const noexcept;
};

/// From now on throws on this thread are recorded in `record`; nullptr ends it, which is how threads start.
///
/// The scheduler sets it on the threads that run processes. `record` must live until another one is set.
/// Costs a function call and a store.
///
/// The recording is done by a __cxa_throw of ours, which stands before that of the C++ library in every
/// program that links this file, and calls on to it. A throw, 0.1 µs by itself where unwinding/raise.hpp
/// stands in for libgcc, takes some 5 ns longer for each frame it records; where libgcc does all, 2 to 4 µs
/// and 0.15 µs a frame (g++ 12, -O2). Without a record it only reads a thread_local. Rethrowing and
/// std::rethrow_exception record nothing, so the first throw stays recorded.
void set_throw_record(throw_record* record) noexcept;

/// What was set last on this thread.
throw_record* current_throw_record() noexcept;

} // namespace perron::runtime
