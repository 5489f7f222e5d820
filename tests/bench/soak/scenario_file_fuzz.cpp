// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/scenario_file.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace perron::soak;
  const auto read = parse_scenario({reinterpret_cast<const char*>(data), size}, "f");
  if (!read && (read.error().text.size() < 6 || !read.error().text.starts_with("f:")))
    std::abort();
  if (read && (read->shares.empty() || read->phases.size() < 2 || connections_of(*read) == 0))
    std::abort();
  return 0;
}
