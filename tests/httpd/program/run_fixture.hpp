// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "support/program.hpp"
#include "support/raw_client.hpp"
#include "support/temporary_folder.hpp"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace perron::testing {

/// The real program with a configuration in a folder of its own.
class run_fixture : public ::testing::Test {
protected:
  std::filesystem::path path(const std::string& name) const { return folder_.path() / name; }
  std::filesystem::path control() const { return path("control.sock"); }

  void write(const std::string& name, std::string_view text) const {
    std::filesystem::create_directories(path(name).parent_path());
    std::ofstream(path(name)) << text;
  }
  /// Begins with what every test has.
  void configure(const std::string& rest) const {
    write("perron.toml", "[server]\ncontrol = \"control.sock\"\ndrain_time = \"5s\"\n" + rest);
  }
  static program perron(std::vector<std::string> arguments) {
    return program(PERRON_BIN_DIR "/perron", std::move(arguments));
  }

  /// Starts it; gives the port of the listener that is told of first.
  std::uint16_t start(std::size_t listeners = 1) {
    running_ = std::make_unique<program>(PERRON_BIN_DIR "/perron",
                                         std::vector<std::string>{"run", path("perron.toml").string()});
    ports_.clear();
    for (std::size_t i = 0; i < listeners; ++i) {
      const std::string line = running_->read_line();
      const std::size_t colon = line.rfind(':');
      EXPECT_NE(line.find("listening on "), std::string::npos) << line << '\n' << running_->logged();
      ports_.push_back(static_cast<std::uint16_t>(std::atoi(line.c_str() + colon + 1)));
    }
    return ports_.front();
  }
  std::uint16_t port(std::size_t i = 0) const { return ports_.at(i); }

  raw_client client(std::size_t i = 0) const { return raw_client::to(port(i)); }
  answer get(const std::string& target, const std::string& host = "test", std::size_t i = 0) const {
    return client(i).ask("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
  }
  answer ask_control(const std::string& method, const std::string& target) const {
    return raw_client::to(control()).ask(method + ' ' + target +
                                         " HTTP/1.1\r\nHost: control\r\nContent-Length: 0\r\n\r\n");
  }
  nlohmann::json status() const { return nlohmann::json::parse(ask_control("GET", "/status").body); }

  program& running() { return *running_; }
  /// By SIGTERM; gives the exit code.
  int stop() {
    running_->signal(SIGTERM);
    return running_->wait();
  }

private:
  temporary_folder folder_;
  std::unique_ptr<program> running_;
  std::vector<std::uint16_t> ports_;
};

} // namespace perron::testing
