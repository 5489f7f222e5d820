// SPDX-License-Identifier: BSD-3-Clause
//
// Runs a chapter of README.md: `guide processes`. Without one it names them all.
#include "chapters.hpp"

#include <perron/runtime/node.hpp>

#include <array>
#include <cstdio>
#include <string_view>

namespace {

struct chapter {
  std::string_view name;
  void (*run)();
};

constexpr std::array<chapter, 11> chapters{{{"processes", guide::processes},
                                            {"isolation", guide::isolation},
                                            {"monitors", guide::monitors},
                                            {"links", guide::links},
                                            {"trap_exits", guide::trap_exits},
                                            {"calls", guide::calls},
                                            {"deadlines", guide::deadlines},
                                            {"supervisor", guide::supervisor},
                                            {"intensity", guide::intensity},
                                            {"strategies", guide::strategies},
                                            {"requests", guide::requests}}};

} // namespace

int main(int argc, char** argv) {
  const std::string_view wanted = argc > 1 ? argv[1] : "";
  if (wanted == "tree")
    return guide::tree(argc - 1, argv + 1);
  for (const chapter& each : chapters)
    if (each.name == wanted) {
      perron::runtime::node here;
      return here.run(each.run) == perron::runtime::exit_reason::normal() ? 0 : 1;
    }
  for (const chapter& each : chapters)
    std::printf("%.*s\n", static_cast<int>(each.name.size()), each.name.data());
  std::printf("tree\n");
  return wanted.empty() ? 0 : 2;
}
