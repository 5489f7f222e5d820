// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/unwinding/frame_rule.hpp>

#include <perron/runtime/unwinding/table_reader.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <link.h>
#include <unistd.h>

namespace perron::runtime::unwinding {
namespace {

#if defined(__x86_64__)

/// A function's tables, and where it lies.
struct function {
  const void* description;
  std::uint64_t begin;
};

/// All that the sorted table in .eh_frame_hdr names (Linux Standard Base 10.6.2).
std::vector<function> functions_of(std::uint64_t header) {
  table_reader in(reinterpret_cast<const void*>(header));
  const std::uint8_t version = in.byte();
  const std::uint8_t frame_pointer = in.byte();
  const std::uint8_t count_encoding = in.byte();
  const std::uint8_t table_encoding = in.byte();
  constexpr std::uint8_t data_relative_4 = 0x3b;
  if (version != 1 || table_encoding != data_relative_4)
    return {};
  in.pointer(frame_pointer);
  std::vector<function> out(in.pointer(count_encoding));
  for (function& each : out) {
    each.begin = header + static_cast<std::uint64_t>(std::int64_t{in.fixed<std::int32_t>()});
    each.description = reinterpret_cast<const void*>(
        header + static_cast<std::uint64_t>(std::int64_t{in.fixed<std::int32_t>()}));
  }
  return out;
}

/// Those of each object file of this program.
std::vector<std::vector<function>> functions_of_this_program() {
  std::vector<std::vector<function>> out;
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* into) {
        for (std::size_t i = 0; i < info->dlpi_phnum; ++i)
          if (info->dlpi_phdr[i].p_type == PT_GNU_EH_FRAME)
            static_cast<std::vector<std::vector<function>>*>(into)->push_back(
                functions_of(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr));
        return 0;
      },
      &out);
  return out;
}

/// This program and its libraries, as elfutils knows them.
class program_tables {
public:
  program_tables() {
    ::dwfl_linux_proc_report(program_, ::getpid());
    ::dwfl_report_end(program_, nullptr, nullptr);
  }
  ~program_tables() { ::dwfl_end(program_); }
  program_tables(const program_tables&) = delete;
  program_tables& operator=(const program_tables&) = delete;

  /// The tables for the code there, and how far the addresses in them are off.
  std::pair<Dwarf_CFI*, Dwarf_Addr> of(std::uint64_t place) {
    Dwarf_Addr bias = 0;
    Dwfl_Module* const module = ::dwfl_addrmodule(program_, place);
    return {module != nullptr ? ::dwfl_module_eh_cfi(module, &bias) : nullptr, bias};
  }

private:
  static constexpr Dwfl_Callbacks callbacks_{.find_elf = ::dwfl_linux_proc_find_elf,
                                             .find_debuginfo = ::dwfl_standard_find_debuginfo,
                                             .section_address = nullptr,
                                             .debuginfo_path = nullptr};
  Dwfl* program_ = ::dwfl_begin(&callbacks_);
};

/// What elfutils says of one place: the same as a frame_rule, or nothing where there is none.
std::optional<frame_rule> rule_of(Dwarf_Frame* frame) {
  constexpr int numbers[] = {3, 6, 12, 13, 14, 15, 7}; // DWARF's, in the order of registers
  frame_rule out;
  Dwarf_Op* ops = nullptr;
  std::size_t count = 0;
  if (::dwarf_frame_cfa(frame, &ops, &count) != 0 || count != 1)
    return std::nullopt;
  std::uint64_t reg = 0;
  std::uint64_t offset = 0;
  if (ops[0].atom == DW_OP_bregx) {
    reg = ops[0].number;
    offset = ops[0].number2;
  } else if (ops[0].atom >= DW_OP_breg0 && ops[0].atom <= DW_OP_breg31) {
    reg = static_cast<std::uint64_t>(ops[0].atom) - DW_OP_breg0;
    offset = ops[0].number;
  } else {
    return std::nullopt;
  }
  const auto* const at = std::find(std::begin(numbers), std::end(numbers), static_cast<int>(reg));
  if (at == std::end(numbers))
    return std::nullopt;
  out.frame_register = static_cast<std::uint8_t>(at - std::begin(numbers));
  out.frame_offset = static_cast<std::int32_t>(offset);
  for (int number = 0; number <= 16; ++number) {
    Dwarf_Op memory[3];
    if (::dwarf_frame_register(frame, number, memory, &ops, &count) != 0)
      return std::nullopt;
    if (count == 0) { // the same as before, or not to be known
      if (number == 16)
        return std::nullopt;
      continue;
    }
    if (number == 7)
      continue; // elfutils knows by itself that it is the frame's address
    if (count > 2 || ops[0].atom != DW_OP_call_frame_cfa || (count == 2 && ops[1].atom != DW_OP_plus_uconst))
      return std::nullopt;
    const auto below = count == 2 ? static_cast<std::int64_t>(ops[1].number) : 0;
    if (number == 16) {
      if (below != -8)
        return std::nullopt;
      continue;
    }
    const auto* const kept = std::find(std::begin(numbers), std::end(numbers), number);
    if (kept == std::end(numbers))
      return std::nullopt;
    out.saved[static_cast<std::size_t>(kept - std::begin(numbers))] = static_cast<std::int16_t>(below / 8);
  }
  return out;
}

std::optional<frame_rule> rule_by_elfutils(Dwarf_CFI* tables, Dwarf_Addr place) {
  Dwarf_Frame* frame = nullptr;
  if (::dwarf_cfi_addrframe(tables, place, &frame) != 0)
    return std::nullopt;
  bool is_signal = false;
  ::dwarf_frame_info(frame, nullptr, nullptr, &is_signal);
  const auto rule = is_signal ? std::nullopt : rule_of(frame);
  std::free(frame); // as elfutils wants it
  return rule;
}

bool equal(const frame_rule& a, const frame_rule& b) {
  return a.frame_offset == b.frame_offset && a.frame_register == b.frame_register && a.saved == b.saved;
}

/// All functions of this program and of the libraries it uses, at many places in each.
TEST(frame_rule, says_what_elfutils_says) {
  program_tables program;
  std::size_t compared = 0;
  for (const std::vector<function>& functions : functions_of_this_program()) {
    const auto [tables, bias] = program.of(functions.empty() ? 0 : functions.front().begin);
    if (tables == nullptr)
      continue; // the kernel's own
    for (std::size_t i = 0; i < functions.size(); ++i) {
      const function& f = functions[i];
      // most functions end within this; beyond the end both sides say nothing
      for (const unsigned step :
           {0U, 1U, 2U, 3U, 4U, 5U, 6U, 8U, 10U, 12U, 15U, 20U, 30U, 50U, 80U, 130U, 210U, 340U}) {
        const std::uint64_t place = f.begin + step;
        if (i + 1 < functions.size() && place >= functions[i + 1].begin)
          break;
        const auto ours = read_tables(f.description, place);
        const auto theirs = rule_by_elfutils(tables, place - bias);
        ASSERT_EQ(ours.has_value(), theirs.has_value()) << std::hex << place - bias;
        if (theirs) {
          ASSERT_TRUE(equal(ours->rule, *theirs)) << std::hex << place - bias;
          ++compared;
        }
      }
    }
  }
  EXPECT_GT(compared, 10'000U);
  RecordProperty("compared", static_cast<int>(compared));
}

#endif

TEST(frame_rule, reads_numbers_of_any_length) {
  const std::uint8_t bytes[] = {0xe5, 0x8e, 0x26, 0x7f, 0x80, 0x7f, 0x02};
  table_reader in(static_cast<const std::uint8_t*>(bytes));
  EXPECT_EQ(in.unsigned_leb(), 624485U);
  EXPECT_EQ(in.signed_leb(), -1);
  EXPECT_EQ(in.signed_leb(), -128);
  EXPECT_EQ(in.signed_leb(), 2);
}

TEST(frame_rule, reads_pointers_relative_to_themselves) {
  std::int32_t table[] = {8, 0, 17};
  table_reader in(static_cast<const std::int32_t*>(table));
  EXPECT_EQ(in.pointer(0x1b), reinterpret_cast<std::uint64_t>(table) + 8);
  EXPECT_EQ(in.pointer(0x1b), 0U) << "no pointer stays none";
  EXPECT_EQ(in.pointer(0x0b), 17U);
  EXPECT_TRUE(in.ok());
  table_reader unknown(static_cast<const std::int32_t*>(table));
  unknown.pointer(0x3b);
  EXPECT_FALSE(unknown.ok());
}

} // namespace
} // namespace perron::runtime::unwinding
