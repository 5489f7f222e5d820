// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/access_log/log_writer.hpp>

#include "support/events.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace perron::httpd {
namespace {

using namespace std::chrono_literals;
using namespace perron::testing;

class log_writer_test : public ::testing::Test {
protected:
  std::string path(const std::string& name = "a.log") const { return (folder_.path() / name).string(); }
  std::string content(const std::string& name = "a.log") const {
    std::ifstream in(path(name));
    std::stringstream all;
    all << in.rdbuf();
    return all.str();
  }
  std::shared_ptr<log_stream> open(log_writer& w, const std::string& name = "a.log") const {
    log_file_options o;
    o.path = path(name);
    return w.open(o).value();
  }
  static void say(log_stream& to, unsigned worker, std::string_view line) {
    to.append(worker, [&](std::string& text) { (text += line) += '\n'; });
  }

  const temporary_folder folder_;
};

/// Never by itself in a test.
log_writer_options when_told() {
  log_writer_options o;
  o.flush_every = 24h;
  return o;
}

TEST_F(log_writer_test, writes_when_told) {
  log_writer w(2, when_told());
  const auto log = open(w);
  say(*log, 0, "zero");
  say(*log, 1, "one");
  EXPECT_EQ(content(), "");
  w.flush();
  EXPECT_EQ(content(), "zero\none\n");
  EXPECT_EQ(log->counts().written, 2U);
  w.flush();
  EXPECT_EQ(content(), "zero\none\n");
}

TEST_F(log_writer_test, writes_after_a_while_by_itself) {
  log_writer_options o;
  o.flush_every = 1ms;
  log_writer w(1, o);
  const auto log = open(w);
  for (std::uint64_t i = 1; i <= 20; ++i) {
    say(*log, 0, "line");
    while (log->counts().written != i)
      std::this_thread::yield();
  }
}

TEST_F(log_writer_test, writes_what_is_left_at_its_end) {
  std::shared_ptr<log_stream> log;
  {
    log_writer w(1, when_told());
    log = open(w);
    say(*log, 0, "last");
    log.reset();
  }
  EXPECT_EQ(content(), "last\n");
}

TEST_F(log_writer_test, full_chunks_are_written_at_once) {
  log_writer w(1, when_told());
  const auto log = open(w);
  const std::string line(999, 'x');
  for (int i = 0; i < 40; ++i)
    say(*log, 0, line);
  while (log->counts().written == 0)
    std::this_thread::yield();
  w.flush();
  EXPECT_EQ(content().size(), 40'000U);
}

TEST_F(log_writer_test, the_lines_of_each_worker_stay_in_order) {
  constexpr int lines = 20'000;
  log_writer_options o;
  o.flush_every = 1ms;
  o.max_buffered = std::size_t(1) << 30U;
  log_writer w(4, o);
  const auto log = open(w);
  std::vector<std::thread> workers;
  for (unsigned worker = 0; worker < 4; ++worker)
    workers.emplace_back([&, worker] {
      for (int i = 0; i < lines; ++i)
        say(*log, worker, std::to_string(worker) + ' ' + std::to_string(i));
    });
  std::atomic<bool> over{false};
  std::thread flushes([&] {
    while (!over.load())
      w.flush();
  });
  for (std::thread& t : workers)
    t.join();
  over = true;
  flushes.join();
  w.flush();
  std::array<int, 4> next{};
  std::ifstream in(path());
  unsigned worker = 0;
  for (int i = 0; in >> worker >> i;) {
    ASSERT_LT(worker, 4U);
    ASSERT_EQ(i, next.at(worker)++);
  }
  for (const int n : next)
    EXPECT_EQ(n, lines);
  EXPECT_EQ(log->counts().dropped, 0U);
}

TEST_F(log_writer_test, one_path_is_one_log) {
  log_writer w(1, when_told());
  const auto one = open(w);
  EXPECT_EQ(one, open(w));
  EXPECT_NE(one, open(w, "b.log"));
}

TEST_F(log_writer_test, a_log_that_nobody_has_is_closed_and_counted) {
  log_writer w(1, when_told());
  say(*open(w), 0, "line");
  w.flush();
  EXPECT_EQ(content(), "line\n");
  EXPECT_EQ(w.counts().written, 1U);
  std::filesystem::remove(path());
  say(*open(w), 0, "again");
  w.flush();
  EXPECT_EQ(content(), "again\n") << "it was opened anew";
  EXPECT_EQ(w.counts().written, 2U);
}

TEST_F(log_writer_test, opens_its_files_again) {
  log_writer w(1, when_told());
  const auto log = open(w);
  say(*log, 0, "1");
  w.flush();
  std::filesystem::rename(path(), path("moved"));
  say(*log, 0, "2");
  EXPECT_TRUE(w.reopen());
  say(*log, 0, "3");
  w.flush();
  EXPECT_EQ(content("moved"), "1\n2\n");
  EXPECT_EQ(content(), "3\n");
}

TEST_F(log_writer_test, says_what_cannot_be_opened_again) {
  log_writer w(1, when_told());
  const auto log = open(w);
  std::filesystem::rename(path(), path("moved"));
  std::filesystem::create_directory(path());
  const auto done = w.reopen();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, EISDIR);
}

TEST_F(log_writer_test, a_disk_that_hangs_costs_lines_and_no_time) {
  // a pipe that nobody reads is the slowest disk there is
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  const int reader = ::open(path().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(reader, 0);
  const std::string line(999, 'x');
  std::uint64_t said = 0;
  std::uint64_t came = 0;
  log_counts counts;
  std::thread takes_it;
  {
    log_writer_options o = when_told();
    o.max_buffered = 1;
    log_writer w(1, o);
    const auto log = open(w);
    // more than the pipe and the memory hold; how much of it is dropped before the writer looks is left to
    // chance
    for (; said < 300 || log->counts().dropped < 100; ++said)
      say(*log, 0, line);
    takes_it = std::thread([reader, &came] {
      std::array<char, 65536> some{};
      pollfd ready{reader, POLLIN, 0};
      for (ssize_t n = 1; n > 0 && ::poll(&ready, 1, -1) > 0; came += static_cast<std::uint64_t>(n))
        n = std::max<ssize_t>(::read(reader, some.data(), some.size()), 0);
    });
    w.flush();
    counts = log->counts();
  }
  takes_it.join(); // the end of the log is the end of the pipe
  ::close(reader);
  EXPECT_EQ(counts.written + counts.dropped, said);
  EXPECT_GT(counts.written, 0U);
  EXPECT_EQ(counts.written * (line.size() + 1), came);
}

TEST_F(log_writer_test, what_cannot_be_written_is_told_once) {
  std::vector<std::string> told;
  log_writer_options o = when_told();
  o.on_error = [&](const std::string& what) { told.push_back(what); };
  log_writer w(1, o);
  log_file_options full;
  full.path = "/dev/full";
  const auto log = w.open(full).value();
  for (int i = 0; i < 3; ++i) {
    say(*log, 0, "line");
    w.flush();
  }
  EXPECT_EQ(log->counts().dropped, 3U);
  EXPECT_EQ(log->counts().written, 0U);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_THAT(told.front(), ::testing::HasSubstr("/dev/full"));
}

TEST_F(log_writer_test, a_line_that_fails_leaves_nothing) {
  log_writer w(1, when_told());
  const auto log = open(w);
  log->append(0, [](std::string& text) {
    text += "half a l";
    throw std::runtime_error("no memory");
  });
  say(*log, 0, "whole");
  say(*log, 7, "of a worker that is none");
  w.flush();
  EXPECT_EQ(content(), "whole\n");
  EXPECT_EQ(log->counts().dropped, 2U);
}

} // namespace
} // namespace perron::httpd
