// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/files/file_cache.hpp>

#include <perron/runtime/core/clock.hpp>

#include "httpd/files/files_fixture.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace perron::testing {
namespace {

using namespace std::chrono_literals;
using namespace httpd::files;
using httpd::file_cache_options;

std::shared_ptr<const served_file> file_of(std::string content, bool kept = true) {
  const int fd = ::memfd_create("perron-test", MFD_CLOEXEC);
  EXPECT_EQ(::ftruncate(fd, static_cast<off_t>(content.size())), 0);
  struct stat facts {};
  EXPECT_EQ(::fstat(fd, &facts), 0);
  return std::make_shared<served_file>(
      fd, facts, kept ? std::optional(std::move(content)) : std::optional<std::string>());
}

TEST(file_cache, says_what_was_given_in_the_same_millisecond) {
  file_cache cache({.entries = 8, .fresh = 100ms});
  cache.put("a", file_of("a"), 1000);
  EXPECT_TRUE(cache.find("a", 1000).just_given);
  EXPECT_FALSE(cache.find("a", 1001).just_given);
  EXPECT_TRUE(cache.find("a", 1001).just_given);
  EXPECT_FALSE(cache.find("a", 1003).just_given);
}

TEST(file_cache, gives_what_was_put_and_says_how_fresh_it_is) {
  file_cache cache({.entries = 8, .fresh = 100ms});
  const auto file = file_of("a");
  cache.put("a", file, 1000);
  EXPECT_EQ(cache.find("a", 1099).file, file);
  EXPECT_TRUE(cache.find("a", 1099).fresh);
  EXPECT_FALSE(cache.find("a", 1100).fresh);
  EXPECT_EQ(cache.find("a", 1100).file, file);
  cache.renew("a", *file, 1100);
  EXPECT_TRUE(cache.find("a", 1199).fresh);
  EXPECT_EQ(cache.find("b", 1000).file, nullptr);
  cache.drop("a");
  EXPECT_EQ(cache.find("a", 1000).file, nullptr);
}

TEST(file_cache, renewing_what_was_replaced_does_nothing) {
  file_cache cache({.entries = 8, .fresh = 100ms});
  const auto old = file_of("a");
  cache.put("a", old, 0);
  cache.put("a", file_of("b"), 0);
  cache.renew("a", *old, 100);
  EXPECT_FALSE(cache.find("a", 150).fresh);
  EXPECT_EQ(cache.look().paths, 1U);
}

TEST(file_cache, who_was_used_longest_ago_goes_first) {
  file_cache cache({.entries = 2});
  cache.put("a", file_of("a"), 0);
  cache.put("b", file_of("b"), 1);
  EXPECT_NE(cache.find("a", 2).file, nullptr);
  cache.put("c", file_of("c"), 3);
  EXPECT_NE(cache.find("a", 4).file, nullptr);
  EXPECT_EQ(cache.find("b", 4).file, nullptr);
  EXPECT_EQ(cache.look().descriptors, 2U);
}

TEST(file_cache, bytes_are_bounded) {
  file_cache cache({.entries = 16, .bytes = 100, .max_file = 1000});
  EXPECT_EQ(cache.content_limit(), 25);
  for (int i = 0; i < 10; ++i)
    cache.put(std::to_string(i), file_of(std::string(25, 'x')), 0);
  EXPECT_EQ(cache.look().bytes, 100U);
  EXPECT_EQ(cache.look().paths, 4U);
  cache.put("large", file_of(std::string(101, 'x')), 0);
  EXPECT_EQ(cache.look().paths, 4U);
  EXPECT_EQ(cache.find("large", 0).file, nullptr);
  cache.put("open", file_of(std::string(101, 'x'), false), 0);
  EXPECT_NE(cache.find("open", 0).file, nullptr);
}

TEST(file_cache, who_is_not_used_for_a_minute_goes) {
  file_cache cache({.entries = 16});
  std::weak_ptr<const served_file> file;
  {
    const auto made = file_of("a");
    file = made;
    cache.put("a", made, 0);
  }
  EXPECT_EQ(cache.find("b", 60'000).file, nullptr);
  EXPECT_FALSE(file.expired());
  EXPECT_EQ(cache.find("b", 60'001).file, nullptr);
  EXPECT_TRUE(file.expired());
  EXPECT_EQ(cache.look().descriptors, 0U);
}

TEST(file_cache, an_answer_keeps_its_file) {
  file_cache cache({.entries = 16});
  cache.put("a", file_of("content"), 0);
  const auto part = whole_of(cache.find("a", 0).file);
  cache.drop("a");
  EXPECT_EQ(std::string(part->bytes, part->length), "content");
  EXPECT_EQ(::fcntl(part->fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

TEST(file_cache, without_entries_there_is_none) {
  file_cache cache({.entries = 0});
  EXPECT_FALSE(cache.is_on());
  EXPECT_EQ(cache.content_limit(), -1);
  cache.put("a", file_of("a"), 0);
  EXPECT_EQ(cache.find("a", 0).file, nullptr);
  cache.drop("a");
}

TEST(file_cache, any_number_of_threads) {
  file_cache cache({.entries = 64, .fresh = 5ms, .bytes = 1000, .max_file = 10});
  const auto work = [&](unsigned seed) {
    for (unsigned i = 0; i < 5'000; ++i) {
      const std::string path = std::to_string((i * 7 + seed) % 100);
      const auto hit = cache.find(path, i);
      if (hit.file == nullptr)
        cache.put(path, file_of(path), i);
      else if (hit.file->content != path)
        ADD_FAILURE() << path << " has the content of " << hit.file->content;
      else if (i % 50 == 0)
        cache.drop(path);
      else if (!hit.fresh)
        cache.renew(path, *hit.file, i);
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 4; ++i)
    threads.emplace_back(work, i);
  for (auto& thread : threads)
    thread.join();
  EXPECT_LE(cache.look().descriptors, 64U);
  EXPECT_LE(cache.look().bytes, 1000U);
}

TEST(max_age_of, is_read_from_among_other_directives) {
  EXPECT_EQ(max_age_of("public, Max-Age=60"), 60s);
  EXPECT_EQ(max_age_of("max-age=0"), 0s);
  EXPECT_EQ(max_age_of("s-maxage=60"), std::nullopt);
  EXPECT_EQ(max_age_of("max-age="), std::nullopt);
  EXPECT_EQ(max_age_of("max-age=-5"), std::nullopt);
  EXPECT_EQ(max_age_of("max-age=9x"), std::nullopt);
  EXPECT_EQ(max_age_of(""), std::nullopt);
}

// -- as a server uses it

class kept_files : public files_fixture {
protected:
  /// A file is looked at once in a millisecond.
  static void pass_a_millisecond() {
    const auto clock = [] { return runtime::core::monotonic_ns() / 1'000'000; };
    for (const auto before = clock(); clock() == before;)
      continue;
  }
};

TEST_F(kept_files, file_is_as_it_was_while_it_is_fresh) {
  write("a.txt", "old");
  write("large.bin", numbers(200'000));
  serve_files({.cache = {.fresh = 1h}});
  EXPECT_EQ(get("a.txt").body, "old");
  EXPECT_EQ(get("large.bin").body.size(), 200'000U);
  write("a.txt", "new");
  std::filesystem::remove(root() / "large.bin");
  EXPECT_EQ(get("a.txt").body, "old");
  pass_a_millisecond();
  EXPECT_EQ(get("large.bin").status, 404); // what is only kept open is looked at: its links were counted
}

TEST_F(kept_files, file_that_was_renamed_over_is_seen_when_it_is_stale) {
  write("a.txt", "old");
  serve_files({.cache = {.fresh = 0ms}});
  const answer old = get("a.txt");
  write("a.txt", "new");
  const answer now = get("a.txt");
  EXPECT_EQ(now.body, "new");
  EXPECT_EQ(now.field("Content-Length"), "3");
  std::filesystem::remove(root() / "a.txt");
  EXPECT_EQ(get("a.txt").status, 404);
  write("a.txt", "again");
  EXPECT_EQ(get("a.txt").body, "again");
}

TEST_F(kept_files, large_file_that_grows_in_place_is_whole) {
  write("log", numbers(100'000));
  serve_files({.cache = {.fresh = 1h}});
  EXPECT_EQ(get("log").body.size(), 100'000U);
  std::ofstream(root() / "log", std::ios::app) << "more";
  pass_a_millisecond();
  EXPECT_EQ(get("log").body.size(), 100'004U);
}

TEST_F(kept_files, nothing_is_kept_without_a_cache) {
  write("a.txt", "old");
  serve_files({.cache = {.entries = 0}});
  EXPECT_EQ(get("a.txt").body, "old");
  write("a.txt", "newer");
  EXPECT_EQ(get("a.txt").body, "newer");
}

TEST_F(kept_files, many_clients_at_once_get_the_same) {
  write("a.txt", "content");
  serve_files({.cache = {.entries = 4, .fresh = 1ms}});
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i)
    clients.emplace_back([this] {
      raw_client c = client();
      for (int n = 0; n < 300; ++n)
        EXPECT_EQ(c.get("/static/a.txt").body, "content");
    });
  for (auto& each : clients)
    each.join();
}

} // namespace
} // namespace perron::testing
