// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/service/pid_file.hpp>

#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

namespace perron::httpd::program {
namespace {

class pid_file_test : public ::testing::Test {
protected:
  std::string path() const { return folder_.path() / "perron.pid"; }
  std::string content() const {
    std::ifstream in(path());
    std::string line;
    std::getline(in, line);
    return line;
  }

  const perron::testing::temporary_folder folder_;
};

TEST_F(pid_file_test, has_the_number_and_goes_with_the_program) {
  {
    const pid_file file = pid_file::create(path()).value();
    EXPECT_EQ(content(), std::to_string(::getpid()));
  }
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(pid_file_test, one_that_a_crash_has_left_does_not_matter) {
  std::ofstream(path()) << "123456789 and more\n";
  const pid_file file = pid_file::create(path()).value();
  EXPECT_EQ(content(), std::to_string(::getpid()));
}

TEST_F(pid_file_test, one_that_is_in_use_does) {
  std::optional<pid_file> file = pid_file::create(path()).value();
  const auto second = pid_file::create(path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, EEXIST);
  EXPECT_THAT(second.error().text, ::testing::HasSubstr(path()));
  EXPECT_EQ(content(), std::to_string(::getpid())) << "and is not harmed by the attempt";
  file.reset();
  EXPECT_TRUE(pid_file::create(path()));
}

TEST_F(pid_file_test, what_cannot_be_made_is_told) {
  EXPECT_EQ(pid_file::create(path() + "/none").error().code, ENOENT);
}

} // namespace
} // namespace perron::httpd::program
