// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/net/stream.hpp>

#include "runtime/net/connections.hpp"

#include <fcntl.h>
#include <sys/mman.h>

namespace perron::runtime::net {
namespace {

using namespace std::chrono_literals;
using namespace perron::testing;

using SendFile = net_fixture;

/// A file in memory.
class file {
public:
  explicit file(std::string content) : fd_(::memfd_create("perron-test", MFD_CLOEXEC)) {
    EXPECT_EQ(::write(fd_, content.data(), content.size()), static_cast<::ssize_t>(content.size()));
  }
  ~file() { ::close(fd_); }
  file(const file&) = delete;
  file& operator=(const file&) = delete;
  int descriptor() const noexcept { return fd_; }

private:
  int fd_;
};

TEST_F(SendFile, SendsAPartOfAFile) {
  run([] {
    const file f("0123456789");
    auto [here, there] = tcp_pair();
    EXPECT_EQ(here.sendfile(f.descriptor(), 3, 4).value(), 4U);
    EXPECT_EQ(here.sendfile(f.descriptor(), 0, 1).value(), 1U);
    here.close();
    EXPECT_EQ(read_to_the_end(there), "34560");
  });
}

TEST_F(SendFile, TellsThatTheFileIsShorter) {
  run([] {
    const file f("0123456789");
    auto [here, there] = unix_pair();
    EXPECT_EQ(here.sendfile(f.descriptor(), 8, 100).value(), 2U);
    EXPECT_EQ(here.sendfile(f.descriptor(), 10, 1).value(), 0U);
    EXPECT_EQ(here.sendfile(f.descriptor(), 0, 0).value(), 0U);
    here.close();
    EXPECT_EQ(read_to_the_end(there), "89");
  });
}

TEST_F(SendFile, ABigFileReachesASlowReaderWhole) {
  const std::string content = some_bytes(more_than_fits);
  const file f(content);
  run([&] {
    auto [here, there] = tcp_pair();
    const auto sender = spawn_monitor([&, here = std::move(here)]() mutable {
      EXPECT_EQ(here.sendfile(f.descriptor(), 0, content.size()).value(), content.size());
    });
    await_waiting(sender.who, core::wait_kind::writable);
    EXPECT_TRUE(read_to_the_end(there) == content);
    EXPECT_EQ(reason_of(sender.ref), exit_reason::normal());
  });
}

TEST_F(SendFile, EndsByItsTime) {
  const file f(std::string(more_than_fits, 'x'));
  run([&] {
    auto [here, there] = tcp_pair();
    EXPECT_EQ(code_of(here.sendfile(f.descriptor(), 0, more_than_fits, 20ms)), ETIMEDOUT);
  });
}

TEST_F(SendFile, ToWhoHasClosedIsAnErrorAndNoSignal) {
  const file f("x");
  run([&] {
    auto [here, there] = unix_pair();
    there.close();
    EXPECT_EQ(code_of(here.sendfile(f.descriptor(), 0, 1)), EPIPE);
  });
}

TEST_F(SendFile, SaysWhatIsWrongWithTheFile) {
  run([] {
    auto [here, there] = unix_pair();
    EXPECT_EQ(code_of(here.sendfile(-1, 0, 1)), EBADF);
    ASSERT_TRUE(here.write("still good"));
    EXPECT_EQ(read_string(there, 10), "still good");
  });
}

} // namespace
} // namespace perron::runtime::net
