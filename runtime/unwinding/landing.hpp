// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <typeinfo>

namespace perron::runtime::unwinding {

/// What a function does with an exception that comes out of one of its calls: what .gcc_except_table says of
/// the call (Itanium C++ ABI, exception handling, 2.5).
struct landing {
  std::uint64_t pad = 0; ///< where it goes on; 0: nothing is done, the caller is next
  const std::uint8_t* language_data = nullptr;
  std::uint32_t actions = 0;      ///< the handlers, from language_data on; 0: there are none
  std::uint32_t types = 0;        ///< the table that their types are looked up in, likewise
  std::uint8_t type_pointers = 0; ///< how those are written
  bool cleans = false;            ///< there is something to do even if no handler takes it
  bool left_to_libgcc = false;    ///< an exception here means std::terminate, or meets a specification
};

/// Of the call that returns to `place` + 1, in the function that begins at `function`. Pure.
landing read_landing(const std::uint8_t* language_data, std::uint64_t function, std::uint64_t place) noexcept;

/// A handler that takes an exception.
struct handler {
  std::int32_t selector = 0; ///< tells the landing pad which one it is
  const std::uint8_t* action = nullptr;
  void* object = nullptr; ///< the part of the exception that the handler gets
};

/// The first handler there that takes an exception of that type, as the C++ library decides it.
std::optional<handler> find_handler(const landing& at, const std::type_info& type, void* object) noexcept;

} // namespace perron::runtime::unwinding
