// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "support/program.hpp"
#include "support/raw_client.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perron::testing {

/// A program that serves HTTP on a port of its choice, which it says on standard output. `path` is below
/// bin/.
class web_program : public program {
public:
  web_program(const std::string& path, std::vector<std::string> arguments)
      : program(PERRON_BIN_DIR "/" + path, std::move(arguments)) {
    const std::string line = read_line();
    const std::string begin = path.substr(path.rfind('/') + 1) + ": http://127.0.0.1:";
    EXPECT_EQ(line.substr(0, begin.size()), begin) << logged();
    if (line.size() > begin.size())
      port_ = static_cast<std::uint16_t>(std::atoi(line.c_str() + begin.size()));
  }

  raw_client client() const { return raw_client::to(port_); }
  std::uint16_t port() const { return port_; }
  bool listens() const { return raw_client().connect(port_); }

  /// Tells it to stop; it must do so in order, and leave nothing.
  void expect_orderly_end() {
    signal(SIGTERM);
    EXPECT_EQ(wait(), 0) << logged();
    EXPECT_EQ(logged().find("could not be ended"), std::string::npos) << logged();
    EXPECT_FALSE(listens());
  }

private:
  std::uint16_t port_ = 0;
};

/// The JSON value of an answer; discarded if it has none.
inline nlohmann::json json_of(const answer& a) { return nlohmann::json::parse(a.body, nullptr, false); }

} // namespace perron::testing
