// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>

namespace perron::soak {

// Numbers as people read them, the same in the terminal and in the report. None depends on the locale.

/// "1,234,567".
std::string grouped(std::uint64_t n);

/// At most four digits and a step of a thousand: "950", "12.3 k", "1.00 M".
std::string brief(double n);

/// "812 B", "3.41 kB", "5.12 GB"; steps of 1,000.
std::string bytes(double n);

/// Of nanoseconds: "850 ns", "12.3 us" (with the Greek letter), "4.56 ms", "1.20 s".
std::string duration(double ns);

/// "0:07", "12:34", "1:02:03".
std::string clock(double seconds);

/// With `decimals` digits behind the point, and none of the sign and digits of a locale.
std::string fixed(double n, int decimals);

} // namespace perron::soak
