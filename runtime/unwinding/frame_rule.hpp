// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/unwinding/registers.hpp>

#include <array>
#include <cstdint>
#include <optional>

namespace perron::runtime::unwinding {

/// How to get from a function, at one place in it, to its caller: what .eh_frame says, as far as compilers
/// say it of functions that call others. Anything else, expressions above all, has no such rule.
struct frame_rule {
  enum class knowledge : std::uint8_t {
    all,
    no_caller, ///< there are no tables: here the stack ends, as far as unwinding goes
    left_to_libgcc
  };
  std::int32_t frame_offset = 0;   ///< from frame_register to the frame's address
  std::uint8_t frame_register = 0; ///< index into registers
  knowledge known = knowledge::all;
  std::array<std::int16_t, registers::kept>
      saved{};                      ///< where below the frame's address, in words; 0: nowhere
  std::uint32_t argument_bytes = 0; ///< pushed for the call under way; a landing pad is without them
};

/// What .eh_frame says of one place in a function.
struct function_tables {
  frame_rule rule;
  std::uint64_t personality = 0;               ///< 0: none
  const std::uint8_t* language_data = nullptr; ///< .gcc_except_table's part for the function
};

/// Of the function that `description` (an FDE) is of, at the instruction at or before `place`. Nothing if it
/// says what frame_rule cannot. Pure.
std::optional<function_tables> read_tables(const void* description, std::uint64_t place) noexcept;

} // namespace perron::runtime::unwinding
