// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/answer_reader.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace perron::soak;

void require(bool holds) {
  if (!holds)
    std::abort();
}

/// All that was read, as text; the same however the bytes arrive, but where they were found to be wrong.
std::string read(std::string_view input, std::size_t piece) {
  std::string told;
  std::string rest;
  answer_state state;
  while (!input.empty()) {
    rest += input.substr(0, piece);
    input.remove_prefix(std::min(piece, input.size()));
    for (;;) {
      const answer_step step = next_step(state, rest);
      if (step.wrong != nullptr)
        return told + " wrong";
      require(step.used <= rest.size() && step.body.size() <= step.used);
      require(step.used != 0 || !step.whole);
      told += step.body;
      if (step.whole)
        told += " whole " + std::to_string(state.status) + (state.closes ? " closes\n" : "\n");
      rest.erase(0, step.used);
      if (step.used == 0 || rest.empty())
        break;
    }
    require(rest.size() <= most_head + piece + 4);
  }
  return told;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  require(size > most_head || read(input, size + 1) == read(input, 1 + size / 3));
  require(size > 2'000 || read(input, size + 1) == read(input, 1));
  return 0;
}
