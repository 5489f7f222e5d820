// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <cstring>

namespace perron::runtime::unwinding {

/// Reads the numbers of .eh_frame and .gcc_except_table (DWARF 7.6, Linux Standard Base 10.5). The tables are
/// the compiler's and trusted; what it does not know is told by ok().
class table_reader {
public:
  explicit table_reader(const void* at) noexcept : at_(static_cast<const std::uint8_t*>(at)) {}

  const std::uint8_t* at() const noexcept { return at_; }
  bool ok() const noexcept { return ok_; }
  void skip(std::uint64_t bytes) noexcept { at_ += bytes; }

  template <class T>
  T fixed() noexcept {
    T value;
    std::memcpy(&value, at_, sizeof value);
    at_ += sizeof value;
    return value;
  }
  std::uint8_t byte() noexcept { return *at_++; }

  std::uint64_t unsigned_leb() noexcept { return read_leb().value; }

  std::int64_t signed_leb() noexcept {
    const leb read = read_leb();
    const bool negative = read.bits < 64 && (read.last & 0x40U) != 0;
    return static_cast<std::int64_t>(negative ? read.value | ~std::uint64_t(0) << read.bits : read.value);
  }

  /// A pointer in one of the DW_EH_PE_ encodings: absolute or relative to itself, direct or not.
  std::uint64_t pointer(std::uint8_t encoding) noexcept {
    const auto origin = reinterpret_cast<std::uint64_t>(at_);
    std::uint64_t value = 0;
    switch (encoding & 0x0fU) {
    case 0x00: // absptr
    case 0x04: // udata8
    case 0x0c: // sdata8
      value = fixed<std::uint64_t>();
      break;
    case 0x01:
      value = unsigned_leb();
      break;
    case 0x02:
      value = fixed<std::uint16_t>();
      break;
    case 0x03:
      value = fixed<std::uint32_t>();
      break;
    case 0x09:
      value = static_cast<std::uint64_t>(signed_leb());
      break;
    case 0x0a:
      value = static_cast<std::uint64_t>(std::int64_t{fixed<std::int16_t>()});
      break;
    case 0x0b:
      value = static_cast<std::uint64_t>(std::int64_t{fixed<std::int32_t>()});
      break;
    default:
      ok_ = false;
      return 0;
    }
    if (value == 0)
      return 0;
    const unsigned relative = encoding & 0x70U;
    if (relative == 0x10U)
      value += origin;
    else if (relative != 0)
      ok_ = false;
    if ((encoding & 0x80U) != 0 && ok_) {
      std::uint64_t pointed = 0;
      std::memcpy(&pointed, reinterpret_cast<const void*>(value), sizeof pointed);
      value = pointed;
    }
    return value;
  }

  /// How many bytes a pointer of that encoding takes, 0 if that depends on it.
  static unsigned size_of(std::uint8_t encoding) noexcept {
    switch (encoding & 0x07U) {
    case 0x00:
    case 0x04:
      return 8;
    case 0x02:
      return 2;
    case 0x03:
      return 4;
    default:
      return 0;
    }
  }

  /// Whether one of a row of such pointers can be read without those before it.
  static bool has_places(std::uint8_t encoding) noexcept {
    return size_of(encoding) != 0 && (encoding & 0x70U) <= 0x10U;
  }

  static constexpr std::uint8_t omitted = 0xff;

private:
  struct leb {
    std::uint64_t value = 0;
    unsigned bits = 0;     ///< that were read
    std::uint8_t last = 0; ///< the last byte, which has the sign of a signed one
  };

  leb read_leb() noexcept {
    leb out;
    do {
      out.last = byte();
      if (out.bits < 64)
        out.value |= std::uint64_t(out.last & 0x7fU) << out.bits;
      out.bits += 7;
    } while ((out.last & 0x80U) != 0);
    return out;
  }

  const std::uint8_t* at_;
  bool ok_ = true;
};

} // namespace perron::runtime::unwinding
