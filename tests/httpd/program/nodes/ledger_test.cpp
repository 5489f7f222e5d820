// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/nodes/ledger.hpp>

#include <perron/httpd/program/config/load.hpp>
#include <perron/httpd/program/config/print.hpp>

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <memory>

namespace perron::httpd::program {
namespace {

using namespace std::chrono_literals;

class ledger_test : public ::testing::Test {
protected:
  const std::shared_ptr<shared_text> text_ = shared_text::make("test").value();
};

TEST_F(ledger_test, an_empty_one_is_a_new_one) { EXPECT_EQ(ledger::read(*text_), ledger()); }

TEST_F(ledger_test, says_in_one_process_what_was_written_in_another) {
  ledger mine;
  mine.file = "/etc/perron/perron.toml";
  mine.toml = "[server]\nname = \"\xff\"\n";
  mine.generation = 3;
  mine.reloads = 4;
  mine.failed = 2;
  mine.loaded = std::chrono::system_clock::time_point(1'795'719'600'123ms);
  mine.last = {mine.loaded + 1s, false, "line 1: bad\nline 2: worse"};
  const pid_t child = ::fork();
  if (child == 0) {
    ledger before;
    before.toml = std::string(100'000, 'x'); // longer than what takes its place
    before.write(*text_);
    mine.toml = "[server]\n";
    mine.write(*text_);
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  mine.toml = "[server]\n";
  EXPECT_EQ(ledger::read(*text_), mine);
}

TEST_F(ledger_test, gives_the_configuration_again) {
  const auto first = load_text("[server]\nprocesses = 3\n[[listener]]\nlisten = \":80\"\n"
                               "[[site]]\nroot = \"www\"\nlisting = true\n",
                               "conf/x.toml", false);
  ASSERT_TRUE(first.errors.empty());
  const ledger mine{.file = first.value.file, .toml = to_toml(first.value)};
  const auto again = mine.read_configuration();
  ASSERT_TRUE(again) << again.error().text;
  EXPECT_EQ(again->file, "conf/x.toml");
  EXPECT_EQ(again->server, first.value.server);
  EXPECT_EQ(again->listeners.size(), 1U);
  EXPECT_EQ(again->sites.front().settings, first.value.sites.front().settings);
}

TEST_F(ledger_test, a_turn_goes_with_the_process_that_had_it) {
  int given[2];
  ASSERT_EQ(::pipe(given), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto turn = text_->take_turn();
    static_cast<void>(!::write(given[1], "x", 1));
    ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(given[0], &byte, 1), 1);
  ::kill(child, SIGKILL);
  { const auto turn = text_->take_turn(); }
  ::waitpid(child, nullptr, 0);
  ::close(given[0]);
  ::close(given[1]);
}

} // namespace
} // namespace perron::httpd::program
