// SPDX-License-Identifier: BSD-3-Clause
// Files as answers, whole, in part and between other bytes.
#include <perron/httpd/core/sending.hpp>

#include "httpd/server_fixture.hpp"

#include <perron/runtime/inspect.hpp>

#include <unistd.h>

#include <cstdlib>
#include <string>

namespace perron::httpd::core {
namespace {

using namespace perron::testing;

class sending_test : public server_fixture {
protected:
  raw_client client_of(handler answer) {
    serve(router().get("/", std::move(answer)));
    return client();
  }
};

constexpr const char* get_1_1 = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";

/// A file of some bytes that nobody else sees.
std::shared_ptr<const file_part> file_of(const std::string& bytes, std::uint64_t offset,
                                         std::uint64_t length) {
  char name[] = "/tmp/perron_sending_test_XXXXXX";
  const int fd = ::mkstemp(name);
  ::unlink(name);
  EXPECT_EQ(::write(fd, bytes.data(), bytes.size()), static_cast<::ssize_t>(bytes.size()));
  return std::make_shared<file_part>(fd, offset, length);
}

TEST_F(sending_test, sends_a_part_of_a_file) {
  std::string bytes;
  for (int i = 0; i < 300'000; ++i)
    bytes += static_cast<char>('a' + i % 26);
  serve(router().get("/:offset/:length", [&](request& q) {
    response r{200, {}, "a/b"};
    r.file = file_of(bytes, std::stoul(q.param("offset")), std::stoul(q.param("length")));
    return r;
  }));
  raw_client c = client();
  struct piece {
    std::uint64_t offset;
    std::uint64_t length;
  };
  for (const piece p : {piece{0, 300'000}, piece{7, 100'000}, piece{3, 10}, piece{5, 0}, piece{0, 16'384}}) {
    const std::string path = '/' + std::to_string(p.offset) + '/' + std::to_string(p.length);
    const answer a = c.get(path);
    EXPECT_EQ(a.field("Content-Length"), std::to_string(p.length));
    EXPECT_EQ(a.field("Content-Type"), "a/b");
    EXPECT_EQ(a.body, bytes.substr(p.offset, p.length));
    const answer bare = c.ask("HEAD " + path + " HTTP/1.1\r\nHost: test\r\n\r\n", true);
    EXPECT_EQ(bare.field("Content-Length"), std::to_string(p.length));
  }
}

TEST_F(sending_test, a_file_is_used_for_the_first_time_once_in_all_its_pieces) {
  const auto whole = file_of("0123456789", 0, 10);
  const file_part front(whole, 0, 5);
  const auto back = std::make_shared<const file_part>(whole, 5, 5);
  const file_part end(back, 3, 2);
  EXPECT_FALSE(whole->is_first_use()) << "nobody has said that there will be others";
  whole->expect_first_use();
  EXPECT_TRUE(end.is_first_use());
  EXPECT_FALSE(end.is_first_use());
  EXPECT_FALSE(back->is_first_use());
  EXPECT_FALSE(front.is_first_use());
  EXPECT_FALSE(whole->is_first_use());
}

TEST_F(sending_test, a_file_that_is_shorter_cuts_the_connection) {
  serve(router().get("/:length", [](request& q) {
    response r;
    r.file = file_of("0123456789", 0, std::stoul(q.param("length")));
    return r;
  }));
  for (const char* length : {"/20", "/100000"}) {
    raw_client c = client();
    EXPECT_NE(c.get(length).status, 200) << "it has no end";
  }
  EXPECT_EQ(await_no_connection().crashed, 2U);
}

TEST_F(sending_test, a_writer_sends_files_between_other_bytes) {
  const auto part = file_of("0123456789", 0, 10);
  raw_client c = client_of([&](request& r) {
    writer out = r.begin({});
    out.write("<");
    out.sendfile(part->fd, 2, 3);
    out.sendfile(part->fd, 2, 0);
    out.write(">");
    return out.end();
  });
  ASSERT_TRUE(c.send(get_1_1));
  const std::string all = c.read_until("0\r\n\r\n");
  EXPECT_EQ(all.substr(all.find("\r\n\r\n") + 4), "1\r\n<\r\n3\r\n234\r\n1\r\n>\r\n0\r\n\r\n");
}

TEST_F(sending_test, who_sends_files_gives_way_though_its_reader_is_always_ready_for_more) {
  constexpr std::size_t size = 1'000'000;
  constexpr int times = 32;
  const auto part = file_of(std::string(size, 'x'), 0, size);
  outcome_queue<std::uint64_t> reductions;
  raw_client c = client_of([&](request& r) {
    writer out = r.begin({}, times * size);
    for (int i = 0; i < times; ++i)
      out.sendfile(part->fd, 0, size);
    reductions.put(runtime::info(runtime::self()).value().reductions); // of the turns that are over
    return out.end();
  });
  ASSERT_TRUE(c.send(get_1_1));
  EXPECT_EQ(c.read().body.size(), times * size);
  EXPECT_GT(reductions.take(), 3'000U);
}

} // namespace
} // namespace perron::httpd::core
