// SPDX-License-Identifier: BSD-3-Clause
//
// Clients for faults_test to kill: `clients_program PORT COUNT` opens COUNT connections, each in the middle
// of something, says "ready" and waits for its end.
#include "support/raw_client.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string_view>
#include <vector>

namespace {

constexpr std::string_view beginnings[] = {
    "GET / HTTP/1.1\r\nHost: te",                                       // a head
    "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhalf",  // a body
    "GET /wait HTTP/1.1\r\nHost: test\r\n\r\n",                         // a request that is being worked on
    "GET /wait HTTP/1.1\r\nHost: test\r\n\r\nGET / HTTP/1.1\r\nHost: ", // and with another behind it
};

} // namespace

int main(int argc, char** argv) {
  if (argc != 3)
    return 2;
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  std::vector<perron::testing::raw_client> all;
  for (int i = 0; i < std::atoi(argv[2]); ++i) {
    perron::testing::raw_client c;
    if (!c.connect(port) || !c.send(beginnings[i % 4]))
      return 1;
    all.push_back(std::move(c));
  }
  static_cast<void>(!::write(STDOUT_FILENO, "ready\n", 6));
  ::pause();
}
