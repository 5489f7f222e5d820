// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/unwinding/frame_rule.hpp>

#include <perron/runtime/unwinding/table_reader.hpp>

#include <limits>

namespace perron::runtime::unwinding {
namespace {

/// DWARF's numbers for the registers of x86-64.
constexpr std::size_t rbx = 3;
constexpr std::size_t rbp = 6;
constexpr std::size_t rsp = 7;
constexpr std::size_t r12 = 12;
constexpr std::size_t return_address = 16;
constexpr std::size_t columns = 17;

constexpr std::uint8_t unmapped = 0xff;

constexpr std::uint8_t index_of(std::uint64_t column) noexcept {
  if (column == rbx)
    return 0;
  if (column == rbp)
    return 1;
  if (column >= r12 && column < r12 + 4)
    return static_cast<std::uint8_t>(column - r12 + 2);
  return column == rsp ? static_cast<std::uint8_t>(registers::sp) : unmapped;
}

struct column_rule {
  enum class kind : std::uint8_t { same, saved, other } what = kind::same;
  std::int64_t offset = 0;
};

struct row {
  std::array<column_rule, columns> column;
  std::uint64_t frame_register = columns;
  std::int64_t frame_offset = 0;
  bool frame_is_plain = true;
};

/// Runs the instructions up to one place.
class row_reader {
public:
  row_reader(std::uint64_t code_factor, std::int64_t data_factor, std::uint8_t encoding) noexcept
      : code_factor_(code_factor), data_factor_(data_factor), encoding_(encoding) {}

  /// False: an instruction it does not know.
  bool run(table_reader in, const std::uint8_t* end, std::uint64_t from, std::uint64_t place) noexcept {
    std::uint64_t location = from;
    while (in.at() < end) {
      const std::uint8_t op = in.byte();
      const std::uint8_t low = op & 0x3fU;
      switch (op & 0xc0U) {
      case 0x40: // advance_loc
        location += low * code_factor_;
        if (location > place)
          return true;
        continue;
      case 0x80: // offset
        save(low, static_cast<std::int64_t>(in.unsigned_leb()) * data_factor_);
        continue;
      case 0xc0: // restore
        restore(low);
        continue;
      default:
        break;
      }
      if (op >= 0x01 && op <= 0x04) {
        location = advanced(in, op, location);
        if (location > place)
          return true;
      } else if (!column_instruction(in, op) && !frame_instruction(in, op) && !state_instruction(in, op)) {
        return false;
      }
      if (!in.ok() || broken_)
        return false;
    }
    return true;
  }

  void end_of_common_part() noexcept { initial_ = now_; }
  const row& now() const noexcept { return now_; }
  std::uint64_t argument_bytes() const noexcept { return argument_bytes_; }

private:
  static constexpr std::size_t most_remembered = 8;

  std::uint64_t advanced(table_reader& in, std::uint8_t op, std::uint64_t location) const noexcept {
    switch (op) {
    case 0x01: // set_loc
      return in.pointer(encoding_);
    case 0x02:
      return location + in.fixed<std::uint8_t>() * code_factor_;
    case 0x03:
      return location + in.fixed<std::uint16_t>() * code_factor_;
    default:
      return location + in.fixed<std::uint32_t>() * code_factor_;
    }
  }

  bool column_instruction(table_reader& in, std::uint8_t op) noexcept {
    if (op < 0x05 || (op > 0x09 && op != 0x10 && op != 0x11 && (op < 0x14 || op > 0x16) && op != 0x2f))
      return false;
    const std::uint64_t column = in.unsigned_leb();
    switch (op) {
    case 0x05: // offset_extended
      save(column, static_cast<std::int64_t>(in.unsigned_leb()) * data_factor_);
      break;
    case 0x06: // restore_extended
      restore(column);
      break;
    case 0x08: // same_value
      set(column, {});
      break;
    case 0x11: // offset_extended_sf
      save(column, in.signed_leb() * data_factor_);
      break;
    case 0x2f: // GNU_negative_offset_extended
      save(column, -static_cast<std::int64_t>(in.unsigned_leb()) * data_factor_);
      break;
    default: // undefined, register, expression, val_offset, val_offset_sf, val_expression
      set(column, {column_rule::kind::other, 0});
      if (op == 0x10 || op == 0x16)
        in.skip(in.unsigned_leb());
      else if (op == 0x15)
        in.signed_leb();
      else if (op != 0x07)
        in.unsigned_leb();
    }
    return true;
  }

  bool frame_instruction(table_reader& in, std::uint8_t op) noexcept {
    switch (op) {
    case 0x0c: // def_cfa
      now_.frame_register = in.unsigned_leb();
      now_.frame_offset = static_cast<std::int64_t>(in.unsigned_leb());
      now_.frame_is_plain = true;
      return true;
    case 0x0d: // def_cfa_register
      now_.frame_register = in.unsigned_leb();
      now_.frame_is_plain = true;
      return true;
    case 0x0e: // def_cfa_offset
      now_.frame_offset = static_cast<std::int64_t>(in.unsigned_leb());
      return true;
    case 0x0f: // def_cfa_expression
      now_.frame_is_plain = false;
      in.skip(in.unsigned_leb());
      return true;
    case 0x12: // def_cfa_sf
      now_.frame_register = in.unsigned_leb();
      now_.frame_offset = in.signed_leb() * data_factor_;
      now_.frame_is_plain = true;
      return true;
    case 0x13: // def_cfa_offset_sf
      now_.frame_offset = in.signed_leb() * data_factor_;
      return true;
    default:
      return false;
    }
  }

  bool state_instruction(table_reader& in, std::uint8_t op) noexcept {
    switch (op) {
    case 0x00:
      return true;
    case 0x0a: // remember_state
      broken_ |= remembered_ == most_remembered;
      if (!broken_)
        memory_[remembered_++] = now_;
      return true;
    case 0x0b: // restore_state
      broken_ |= remembered_ == 0;
      if (!broken_)
        now_ = memory_[--remembered_];
      return true;
    case 0x2e: // GNU_args_size
      argument_bytes_ = in.unsigned_leb();
      return true;
    default:
      return false;
    }
  }

  void set(std::uint64_t column, column_rule rule) noexcept {
    if (column < columns)
      now_.column[column] = rule;
  }
  void save(std::uint64_t column, std::int64_t offset) noexcept {
    set(column, {column_rule::kind::saved, offset});
  }
  void restore(std::uint64_t column) noexcept {
    if (column < columns)
      now_.column[column] = initial_.column[column];
  }

  std::uint64_t code_factor_;
  std::int64_t data_factor_;
  std::uint8_t encoding_;
  bool broken_ = false;
  row now_;
  row initial_;
  std::array<row, most_remembered> memory_;
  std::size_t remembered_ = 0;
  std::uint64_t argument_bytes_ = 0;
};

std::optional<frame_rule> rule_of(const row& r, std::uint64_t argument_bytes) noexcept {
  using kind = column_rule::kind;
  frame_rule out;
  out.frame_register = index_of(r.frame_register);
  if (!r.frame_is_plain || out.frame_register == unmapped || r.frame_offset < 0 ||
      r.frame_offset > std::numeric_limits<std::int32_t>::max() ||
      argument_bytes > std::numeric_limits<std::uint32_t>::max())
    return std::nullopt;
  out.frame_offset = static_cast<std::int32_t>(r.frame_offset);
  out.argument_bytes = static_cast<std::uint32_t>(argument_bytes);
  for (std::size_t i = 0; i < columns; ++i) {
    const column_rule& each = r.column[i];
    if (i == return_address) {
      if (each.what != kind::saved || each.offset != -8)
        return std::nullopt;
      continue;
    }
    if (each.what == kind::same)
      continue;
    const std::uint8_t at = index_of(i);
    if (each.what != kind::saved || at >= registers::kept || each.offset == 0 || each.offset % 8 != 0 ||
        each.offset / 8 < std::numeric_limits<std::int16_t>::min() ||
        each.offset / 8 > std::numeric_limits<std::int16_t>::max())
      return std::nullopt;
    out.saved[at] = static_cast<std::int16_t>(each.offset / 8);
  }
  return out;
}

/// What the part that functions have in common (a CIE) says.
struct common_part {
  std::uint64_t code_factor = 1;
  std::int64_t data_factor = 1;
  std::uint64_t personality = 0;
  std::uint8_t pointers = 0;
  std::uint8_t language_pointers = table_reader::omitted;
  bool has_sizes = false;
  table_reader instructions{nullptr};
  const std::uint8_t* end = nullptr;
};

std::optional<common_part> read_common(const std::uint8_t* at) noexcept {
  constexpr std::uint32_t is_64_bit = 0xffffffff;
  table_reader in(at);
  const auto length = in.fixed<std::uint32_t>();
  common_part out;
  out.end = in.at() + length;
  if (length == is_64_bit || in.fixed<std::uint32_t>() != 0)
    return std::nullopt;
  const std::uint8_t version = in.byte();
  if (version != 1 && version != 3)
    return std::nullopt;
  const auto* letters = reinterpret_cast<const char*>(in.at());
  in.skip(std::strlen(letters) + 1);
  out.code_factor = in.unsigned_leb();
  out.data_factor = in.signed_leb();
  if ((version == 1 ? in.byte() : in.unsigned_leb()) != return_address)
    return std::nullopt;
  if (*letters == 'z') {
    out.has_sizes = true;
    in.unsigned_leb();
    ++letters;
  }
  for (; *letters != '\0'; ++letters) {
    if (!out.has_sizes)
      return std::nullopt;
    switch (*letters) {
    case 'L':
      out.language_pointers = in.byte();
      break;
    case 'R':
      out.pointers = in.byte();
      break;
    case 'P': {
      const std::uint8_t encoding = in.byte();
      out.personality = in.pointer(encoding);
      break;
    }
    default: // 'S', a signal's frame, among others
      return std::nullopt;
    }
  }
  if (!in.ok())
    return std::nullopt;
  out.instructions = in;
  return out;
}

} // namespace

std::optional<function_tables> read_tables(const void* description, std::uint64_t place) noexcept {
  table_reader in(description);
  const auto length = in.fixed<std::uint32_t>();
  const std::uint8_t* const end = in.at() + length;
  const std::uint8_t* const back_from = in.at();
  const auto common = read_common(back_from - in.fixed<std::int32_t>());
  if (!common)
    return std::nullopt;
  const std::uint64_t begin = in.pointer(common->pointers);
  const std::uint64_t size = in.pointer(common->pointers & 0x0fU);
  if (!in.ok() || place < begin || place - begin >= size)
    return std::nullopt;
  function_tables out;
  out.personality = common->personality;
  if (common->has_sizes) {
    const std::uint64_t bytes = in.unsigned_leb();
    const std::uint8_t* const behind = in.at() + bytes;
    if (common->language_pointers != table_reader::omitted)
      out.language_data = reinterpret_cast<const std::uint8_t*>(in.pointer(common->language_pointers));
    if (!in.ok())
      return std::nullopt;
    in = table_reader(behind);
  }
  row_reader rows(common->code_factor, common->data_factor, common->pointers);
  if (!rows.run(common->instructions, common->end, begin, ~std::uint64_t(0)))
    return std::nullopt;
  rows.end_of_common_part();
  if (!rows.run(in, end, begin, place))
    return std::nullopt;
  const auto rule = rule_of(rows.now(), rows.argument_bytes());
  if (!rule)
    return std::nullopt;
  out.rule = *rule;
  return out;
}

} // namespace perron::runtime::unwinding
