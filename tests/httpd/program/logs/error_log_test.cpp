// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/logs/error_log.hpp>

#include "support/temporary_folder.hpp"

#include <perron/runtime/report/log.hpp>

#include <spdlog/spdlog.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace perron::httpd::program {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

class error_log_test : public ::testing::Test {
protected:
  std::string path(const std::string& file = "error.log") const { return folder_.path() / file; }
  std::string content(const std::string& file = "error.log") const {
    std::ifstream in(path(file));
    std::stringstream all;
    all << in.rdbuf();
    return all.str();
  }
  error_log_options to_file(std::string level = "info") const {
    error_log_options o;
    o.file.path = path();
    o.level = std::move(level);
    return o;
  }

  const perron::testing::temporary_folder folder_;
};

TEST_F(error_log_test, has_what_the_runtime_logs) {
  error_log log;
  ASSERT_TRUE(log.configure(to_file()));
  runtime::perron_log()->info("hello {}", 1);
  EXPECT_THAT(content(), HasSubstr("[perron] [info] hello 1\n"));
}

TEST_F(error_log_test, leaves_out_what_is_below_its_level) {
  error_log log;
  ASSERT_TRUE(log.configure(to_file("warning")));
  const auto kept = runtime::perron_log();
  kept->info("one");
  kept->warn("two");
  ASSERT_TRUE(log.configure(to_file("debug")));
  kept->debug("three");
  kept->trace("four");
  EXPECT_THAT(content(), Not(HasSubstr("one")));
  EXPECT_THAT(content(), HasSubstr("two"));
  EXPECT_THAT(content(), HasSubstr("three")) << "who has the logger already writes to the new place too";
  EXPECT_THAT(content(), Not(HasSubstr("four")));
}

TEST_F(error_log_test, mistakes_change_nothing) {
  error_log log;
  ASSERT_TRUE(log.configure(to_file()));
  EXPECT_THAT(log.configure(to_file("loud")).error().text, HasSubstr("'loud'"));
  EXPECT_FALSE(log.configure(to_file("off")));
  error_log_options nowhere = to_file();
  nowhere.file.path += "/none";
  EXPECT_EQ(log.configure(nowhere).error().code, ENOTDIR);
  runtime::perron_log()->info("still here");
  EXPECT_THAT(content(), EndsWith("still here\n"));
}

TEST_F(error_log_test, off_is_silent) {
  error_log log;
  error_log_options off;
  off.file.path = "off";
  ASSERT_TRUE(log.configure(off));
  ::testing::internal::CaptureStderr();
  runtime::perron_log()->critical("nothing");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST_F(error_log_test, is_put_aside_and_opened_again) {
  error_log log;
  error_log_options o = to_file();
  o.file.rotate_size = 1;
  ASSERT_TRUE(log.configure(o));
  runtime::perron_log()->info("one");
  runtime::perron_log()->info("two");
  EXPECT_THAT(content("error.log.1"), EndsWith("one\n"));
  EXPECT_THAT(content(), EndsWith("two\n"));
  std::filesystem::rename(path(), path("moved"));
  ASSERT_TRUE(log.reopen());
  runtime::perron_log()->info("three");
  EXPECT_THAT(content("moved"), EndsWith("two\n"));
  EXPECT_THAT(content(), EndsWith("three\n"));
}

TEST_F(error_log_test, in_the_journal_each_line_has_a_priority_and_no_time) {
  const int kept = ::dup(STDERR_FILENO);
  const int file = ::open(path().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  struct stat s {};
  ::fstat(file, &s);
  ::setenv("JOURNAL_STREAM", (std::to_string(s.st_dev) + ':' + std::to_string(s.st_ino)).c_str(), 1);
  ::dup2(file, STDERR_FILENO);
  {
    error_log log;
    runtime::perron_log()->error("one\ntwo");
    runtime::perron_log()->info("three");
  }
  ::dup2(kept, STDERR_FILENO);
  ::close(kept);
  ::close(file);
  ::unsetenv("JOURNAL_STREAM");
  EXPECT_EQ(content(), "<3>one\n<3>two\n<6>three\n");
}

} // namespace
} // namespace perron::httpd::program
