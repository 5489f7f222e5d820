// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace perron::runtime {

/// Where an address of this program comes from. What is unknown is empty or 0.
struct source_frame {
  std::string function; ///< demangled
  std::string file;     ///< as the compiler saw it; without debug information, the shared object
  int line = 0;
  bool inlined = false; ///< part of the function that the next frame names
};

/// "room::join(int) (chat/room.cpp:42)"; the address stands alone when nothing is known about it.
std::string to_string(const source_frame& frame);

/// Turns return addresses of this program into functions and lines, by its debug information (looked for on
/// this machine only, never in the network) and, where there is none, by the dynamic symbol table.
///
/// For reports, not for anything hot: the first lookup reads the list of loaded modules and the tables of the
/// module it hits, which takes tens of milliseconds and keeps them mapped; later ones take
/// about a millisecond, known addresses a microsecond. Modules loaded later are noticed. One thread at a
/// time. Never throws but std::bad_alloc.
class symboliser {
public:
  symboliser();
  ~symboliser();
  symboliser(const symboliser&) = delete;
  symboliser& operator=(const symboliser&) = delete;

  /// The frames behind `return_address`, innermost first: functions that were inlined there, then the one
  /// that was really called. Never empty. The address is taken as the one behind a call, so it is the byte
  /// before it that is looked up; for the address of an instruction itself, add one.
  std::vector<source_frame> lookup(const void* return_address);

private:
  class modules;
  std::unique_ptr<modules> modules_;
};

} // namespace perron::runtime
