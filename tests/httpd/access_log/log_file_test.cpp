// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/access_log/log_file.hpp>

#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace perron::httpd {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class log_file_test : public ::testing::Test {
protected:
  log_file_test() {
    ::setenv("TZ", "XYZ-02:00", 1); // two hours east of UTC
    ::tzset();
  }
  ~log_file_test() override {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
  }

  log_file_options options() const {
    log_file_options o;
    o.path = path();
    return o;
  }
  const std::filesystem::path& folder() const { return folder_.path(); }
  std::string path(std::string_view end = "") const {
    return (folder_.path() / "a.log").string() + std::string(end);
  }
  std::string content(std::string_view end = "") const {
    std::ifstream in(path(end));
    return in ? std::string(std::istreambuf_iterator<char>(in), {}) : "(no file)";
  }
  std::string unpacked(std::string_view end) const {
    const gzFile in = ::gzopen(path(end).c_str(), "rb");
    if (in == nullptr)
      return "(no file)";
    std::array<char, 1000> text{};
    const int n = ::gzread(in, text.data(), text.size());
    ::gzclose(in);
    return {text.data(), static_cast<std::size_t>(n)};
  }
  static void write(log_file& to, std::string_view line, log_file::time_point at = {}) {
    const auto done = to.write(line, at);
    EXPECT_TRUE(done) << done.error().text;
  }

  const perron::testing::temporary_folder folder_;
};

TEST_F(log_file_test, appends_to_what_is_there) {
  std::ofstream(path()) << "old\n";
  const auto file = log_file::open(options()).value();
  write(*file, "one\n");
  write(*file, "two\n");
  EXPECT_EQ(content(), "old\none\ntwo\n");
}

TEST_F(log_file_test, a_new_file_has_its_mode) {
  log_file_options o = options();
  o.mode = 0600;
  const auto file = log_file::open(o).value();
  struct stat s {};
  ASSERT_EQ(::stat(path().c_str(), &s), 0);
  EXPECT_EQ(s.st_mode & 0777U, 0600U);
}

TEST_F(log_file_test, what_root_makes_is_given_away_and_nothing_else) {
  if (::geteuid() != 0)
    GTEST_SKIP() << "only root can give files away";
  log_file_options o = options();
  o.uid = 54321;
  o.gid = 54322;
  const auto owner = [](const std::string& of) {
    struct stat s {};
    EXPECT_EQ(::stat(of.c_str(), &s), 0) << of;
    return std::pair(s.st_uid, s.st_gid);
  };
  { const auto file = log_file::open(o).value(); }
  EXPECT_EQ(owner(path()), std::pair(54321U, 54322U));
  std::filesystem::remove(path());
  std::ofstream(path()) << "there before\n";
  { const auto file = log_file::open(o).value(); }
  EXPECT_EQ(owner(path()), std::pair(0U, 0U));
  std::filesystem::remove(path());
  std::filesystem::create_symlink(path(".elsewhere"), path());
  { const auto file = log_file::open(o).value(); }
  EXPECT_EQ(owner(path(".elsewhere")), std::pair(0U, 0U));
}

TEST_F(log_file_test, what_cannot_be_opened_is_told) {
  log_file_options o;
  o.path = path() + "/none";
  const auto file = log_file::open(o);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ENOENT);
  EXPECT_THAT(file.error().text, HasSubstr("a.log/none"));
}

TEST_F(log_file_test, what_cannot_be_written_is_told) {
  log_file_options o;
  o.path = "/dev/full";
  const auto file = log_file::open(o).value();
  const auto done = file->write("line\n", {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ENOSPC);
}

TEST_F(log_file_test, is_put_aside_before_it_gets_too_long) {
  log_file_options o = options();
  o.rotate_size = 10;
  o.keep = 2;
  const auto file = log_file::open(o).value();
  for (const char* line : {"111111\n", "222\n", "3333\n", "444444\n", "longer than the limit\n", "6\n"})
    write(*file, line);
  EXPECT_EQ(content(), "6\n");
  EXPECT_EQ(content(".1"), "longer than the limit\n");
  EXPECT_EQ(content(".2"), "444444\n");
  EXPECT_EQ(content(".3"), "(no file)");
}

TEST_F(log_file_test, what_was_there_counts_for_its_length) {
  std::ofstream(path()) << "12345678\n";
  log_file_options o = options();
  o.rotate_size = 10;
  const auto file = log_file::open(o).value();
  write(*file, "9\n");
  EXPECT_EQ(content(), "9\n");
  EXPECT_EQ(content(".1"), "12345678\n");
}

TEST_F(log_file_test, keeps_none_if_none_is_to_be_kept) {
  log_file_options o = options();
  o.rotate_size = 1;
  o.keep = 0;
  const auto file = log_file::open(o).value();
  write(*file, "1\n");
  write(*file, "2\n");
  EXPECT_EQ(content(), "2\n");
  EXPECT_EQ(content(".1"), "(no file)");
  EXPECT_EQ(content(".0"), "(no file)");
}

TEST_F(log_file_test, days_end_at_midnight_of_local_time) {
  log_file_options o = options();
  o.rotate_every = 24h;
  const auto file = log_file::open(o).value();
  const log_file::time_point day(20'000 * 24h); // midnight in UTC
  write(*file, "before\n", day + 22h - 1s);
  write(*file, "after\n", day + 22h);
  write(*file, "and later\n", day + 46h - 1s);
  EXPECT_EQ(content(".1"), "before\n");
  EXPECT_EQ(content(), "after\nand later\n");
  write(*file, "next\n", day + 100h);
  EXPECT_EQ(content(".1"), "after\nand later\n");
  EXPECT_EQ(content(), "next\n");
}

TEST_F(log_file_test, a_clock_that_is_set_back_puts_nothing_aside) {
  log_file_options o = options();
  o.rotate_every = 1h;
  const auto file = log_file::open(o).value();
  write(*file, "1\n", log_file::time_point(100h));
  write(*file, "2\n", log_file::time_point(50h));
  EXPECT_EQ(content(), "1\n2\n");
}

TEST_F(log_file_test, an_old_file_is_put_aside_when_the_program_starts_again) {
  std::ofstream(path()) << "old\n";
  const std::array<timespec, 2> times{timespec{1000, 0}, timespec{1000, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path().c_str(), times.data(), 0), 0);
  log_file_options o = options();
  o.rotate_every = 1h;
  const auto file = log_file::open(o).value();
  write(*file, "new\n", log_file::time_point(2h));
  EXPECT_EQ(content(".1"), "old\n");
  EXPECT_EQ(content(), "new\n");
}

TEST_F(log_file_test, those_put_aside_are_compressed) {
  log_file_options o = options();
  o.rotate_size = 1;
  o.keep = 2;
  o.compress = true;
  {
    const auto file = log_file::open(o).value();
    for (const char* line : {"1\n", "2\n", "3\n", "4\n"})
      write(*file, line);
  }
  EXPECT_EQ(content(), "4\n");
  EXPECT_EQ(unpacked(".1.gz"), "3\n");
  EXPECT_EQ(unpacked(".2.gz"), "2\n");
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder_.path()))
    ++files;
  EXPECT_EQ(files, 3U);
}

TEST_F(log_file_test, goes_on_in_a_new_file_after_others_took_it_away) {
  const auto file = log_file::open(options()).value();
  write(*file, "1\n");
  std::filesystem::rename(path(), path(".moved"));
  write(*file, "2\n");
  ASSERT_TRUE(file->reopen());
  write(*file, "3\n");
  EXPECT_EQ(content(".moved"), "1\n2\n");
  EXPECT_EQ(content(), "3\n");
}

TEST_F(log_file_test, goes_on_in_the_old_file_if_there_can_be_no_new_one) {
  log_file_options o;
  const std::filesystem::path inner = folder_.path() / "inner";
  std::filesystem::create_directory(inner);
  o.path = (inner / "b.log").string();
  const auto file = log_file::open(o).value();
  std::filesystem::rename(inner, folder_.path() / "moved");
  EXPECT_FALSE(file->reopen());
  write(*file, "1\n");
  std::ifstream in(folder_.path() / "moved" / "b.log");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), "1\n");
}

TEST_F(log_file_test, streams_are_never_put_aside) {
  log_file_options o;
  o.path = "stderr";
  o.rotate_size = 1;
  const auto file = log_file::open(o).value();
  EXPECT_TRUE(file->rotate());
  EXPECT_TRUE(file->reopen());
  EXPECT_TRUE(file->write("", {}));
}

/// Two that share a file, as two processes would: each has opened it for itself.
class shared_log_file_test : public log_file_test {
protected:
  std::unique_ptr<log_file> open_shared(std::uint64_t rotate_size = 0) const {
    log_file_options o = options();
    o.shared = true;
    o.rotate_size = rotate_size;
    o.keep = 1000;
    return log_file::open(o).value();
  }
};

TEST_F(shared_log_file_test, who_comes_first_puts_it_aside_and_the_other_goes_on_in_the_new_one) {
  const auto one = open_shared(10);
  const auto two = open_shared(10);
  write(*one, "12345\n");
  write(*two, "6789\n");
  EXPECT_EQ(content(".1"), "12345\n");
  EXPECT_EQ(content(), "6789\n");
  write(*one, "abc\n");
  EXPECT_EQ(content(), "6789\nabc\n");
  write(*two, "d\n");
  write(*one, "e\n");
  EXPECT_EQ(content(".1"), "6789\nabc\n");
  EXPECT_EQ(content(".2"), "12345\n");
  EXPECT_EQ(content(), "d\ne\n");
}

TEST_F(shared_log_file_test, notices_what_others_do_to_its_path) {
  const auto one = open_shared();
  write(*one, "1\n");
  std::filesystem::rename(path(), path(".moved"));
  write(*one, "2\n");
  EXPECT_EQ(content(".moved"), "1\n");
  EXPECT_EQ(content(), "2\n");
  std::filesystem::remove(path());
  write(*one, "3\n");
  EXPECT_EQ(content(), "3\n");
}

TEST_F(shared_log_file_test, no_line_is_lost_or_torn_while_several_put_it_aside) {
  constexpr int lines = 300;
  constexpr int writers = 4;
  std::vector<std::thread> all;
  for (int w = 0; w < writers; ++w)
    all.emplace_back([this, w] {
      const auto mine = open_shared(1000);
      for (int i = 0; i < lines; ++i)
        EXPECT_TRUE(mine->write(std::to_string(w) + ' ' + std::to_string(i) + '\n', {}));
    });
  for (std::thread& t : all)
    t.join();
  std::set<std::string> seen;
  for (const auto& file : std::filesystem::directory_iterator(folder())) {
    EXPECT_LE(file.file_size(), 1100U) << "each may be a line late";
    std::ifstream in(file.path());
    for (std::string line; std::getline(in, line);)
      EXPECT_TRUE(seen.insert(line).second) << line;
  }
  EXPECT_EQ(seen.size(), std::size_t(lines) * writers);
}

} // namespace
} // namespace perron::httpd
