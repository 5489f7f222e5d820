// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/frame_reader.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace perron::soak;
  const auto require = [](bool holds) {
    if (!holds)
      std::abort();
  };
  std::string_view input(reinterpret_cast<const char*>(data), size);
  for (;;) {
    const frame f = read_frame(input);
    require(f.used <= input.size() && f.payload.size() <= most_frame);
    require(f.wrong == nullptr || f.used == 0);
    if (f.used == 0)
      return 0;
    // The same frame alone is whole, and without its last byte it is not.
    require(read_frame(input.substr(0, f.used)).used == f.used);
    require(read_frame(input.substr(0, f.used - 1)).used == 0);
    require(f.payload.data() + f.payload.size() == input.data() + f.used);
    if (f.kind == opcode::close)
      static_cast<void>(close_code(f.payload));
    input.remove_prefix(f.used);
  }
}
