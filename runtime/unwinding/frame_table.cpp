// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/unwinding/frame_table.hpp>

#ifdef PERRON_FAST_UNWINDING

#include <algorithm>
#include <array>
#include <utility>

#include <link.h>

// Of libgcc, version GCC_3.0.
struct dwarf_eh_bases {
  void* text;
  void* data;
  void* function;
};
extern "C" const void* _Unwind_Find_FDE(void* pc, dwarf_eh_bases* bases);
// Of the C++ library; only its address is wanted.
extern "C" void __gxx_personality_v0();

namespace perron::runtime::unwinding {
namespace {

static_assert(sizeof(frame) == 64);

constexpr std::uint64_t being_filled = 1;
constexpr unsigned table_bits = 11;
constexpr std::size_t table_size = std::size_t{1} << table_bits;
constexpr std::size_t most_probes = 8;
std::array<frame, table_size> table;

/// The code that was there when the program started, and stays until it ends; what is loaded later may be
/// unloaded, and other code take its place.
class lasting_code {
public:
  lasting_code() {
    ::dl_iterate_phdr(
        [](dl_phdr_info* object, std::size_t, void* argument) {
          auto& self = *static_cast<lasting_code*>(argument);
          for (std::size_t i = 0; i < object->dlpi_phnum; ++i) {
            const auto& part = object->dlpi_phdr[i];
            if (part.p_type == PT_LOAD && (part.p_flags & PF_X) != 0 && self.count_ < self.ranges_.size())
              self.ranges_[self.count_++] = {object->dlpi_addr + part.p_vaddr, part.p_memsz};
          }
          return 0;
        },
        this);
  }
  bool contains(std::uint64_t place) const noexcept {
    return std::any_of(ranges_.begin(), ranges_.begin() + static_cast<std::ptrdiff_t>(count_),
                       [&](const auto& range) { return place - range.first < range.second; });
  }

private:
  std::array<std::pair<std::uint64_t, std::uint64_t>, 128> ranges_;
  std::size_t count_ = 0;
};
const lasting_code code;

void describe(frame& out, std::uint64_t place) noexcept {
  using knowledge = frame_rule::knowledge;
  dwarf_eh_bases bases{};
  const void* const description = ::_Unwind_Find_FDE(reinterpret_cast<void*>(place), &bases);
  if (description == nullptr) {
    out.rule.known = knowledge::no_caller;
    return;
  }
  const auto tables = read_tables(description, place);
  if (!tables) {
    out.rule.known = knowledge::left_to_libgcc;
    return;
  }
  out.rule = tables->rule;
  if (tables->personality == 0 || tables->language_data == nullptr)
    return;
  // C++'s own; its tables are what read_landing reads
  if (tables->personality == reinterpret_cast<std::uint64_t>(&__gxx_personality_v0))
    out.landing = read_landing(tables->language_data, reinterpret_cast<std::uint64_t>(bases.function), place);
  else
    out.landing.left_to_libgcc = true;
}

} // namespace

const frame* find_frame(std::uint64_t pc) noexcept {
  constexpr std::uint64_t spread = 0x9e3779b97f4a7c15;
  const std::size_t first = (pc * spread) >> (64U - table_bits);
  std::size_t i = 0;
  for (; i < most_probes; ++i) {
    const frame& at = table[(first + i) % table_size];
    // acquire: pairs with the publishing below
    const std::uint64_t seen = at.pc.load(std::memory_order_acquire);
    if (seen == pc)
      return &at;
    if (seen == 0)
      break;
  }
  const std::uint64_t place = pc - 1; // in the call, which may be the function's last instruction
  if (pc <= being_filled || i == most_probes || !code.contains(place))
    return nullptr;
  frame made;
  describe(made, place);
  for (; i < most_probes; ++i) {
    frame& at = table[(first + i) % table_size];
    std::uint64_t expected = 0;
    // relaxed: it is claimed, and says nothing yet. Two threads may both fill in the same frame: one is never
    // found
    if (!at.pc.compare_exchange_strong(expected, being_filled, std::memory_order_relaxed))
      continue;
    at.rule = made.rule;
    at.landing = made.landing;
    // release: who finds the pc finds the rest
    at.pc.store(pc, std::memory_order_release);
    return &at;
  }
  return nullptr;
}

} // namespace perron::runtime::unwinding

#endif
