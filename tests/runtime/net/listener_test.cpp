// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/net/listener.hpp>

#include <perron/runtime/net/accepting.hpp>
#include <perron/runtime/net/system_calls.hpp>

#include "runtime/net/connections.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <vector>

namespace perron::runtime::net {
namespace {

using namespace std::chrono_literals;
using namespace perron::testing;
using core::wait_kind;

/// Has a directory for sockets.
class Listener : public net_fixture {
protected:
  Listener() {
    std::string pattern = std::filesystem::temp_directory_path() / "perron-listener-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  ~Listener() override { std::filesystem::remove_all(directory_); }

  address path(const std::string& name = "socket") const {
    return address::unix_path((directory_ / name).string()).value();
  }
  static bool exists(const address& at) { return std::filesystem::exists(at.unix_name()); }

private:
  std::filesystem::path directory_;
};

/// One connection through it, with something said in both directions.
void talk_through(listener& door) {
  const auto client = spawn_monitor([where = door.local()] {
    auto s = connect(where).value();
    ASSERT_TRUE(s.write("ping"));
    EXPECT_EQ(read_to_the_end(s), "pong");
  });
  auto peer = door.accept().value();
  EXPECT_EQ(read_string(peer, 4), "ping");
  ASSERT_TRUE(peer.write("pong"));
  peer.close();
  EXPECT_EQ(reason_of(client.ref), exit_reason::normal());
}

TEST_F(Listener, TakesConnectionsOfEachKind) {
  run([this] {
    for (const address& at : {address::loopback(0), address::any(0), path(),
                              address::unix_abstract("perron-test-listener").value()}) {
      auto door = listener::open(at);
      ASSERT_TRUE(door) << door.error().text;
      if (at.is_ip()) {
        EXPECT_NE(door->local().port(), 0);
      } else {
        EXPECT_EQ(door->local(), at);
      }
      talk_through(*door);
    }
  });
}

TEST_F(Listener, TakesIpv6Connections) {
  auto door = listener::open(address::parse("[::1]:0").value(), {.only_ipv6 = true});
  if (!door)
    GTEST_SKIP() << door.error().text;
  run([&] { talk_through(*door); });
  door->close();
}

TEST_F(Listener, FreesItsPortWhenItIsClosedFromWhereverItIs) {
  run([] {
    auto door = listener::open(address::loopback(0)).value();
    const address where = door.local();
    for (int worker = 0; worker < 6; ++worker) {
      EXPECT_EQ(code_of(listener::open(where)), EADDRINUSE);
      const auto closer = spawn_monitor({.worker = worker % 2}, [where, door = std::move(door)]() mutable {
        door.close();
        EXPECT_FALSE(door.is_open());
        door = listener::open(where).value();
        talk_through(door);
      });
      EXPECT_EQ(reason_of(closer.ref), exit_reason::normal());
      door = listener::open(where).value();
    }
  });
}

TEST_F(Listener, AcceptEndsByItsTime) {
  run([] {
    auto door = listener::open(address::loopback(0)).value();
    EXPECT_EQ(code_of(door.accept(20ms)), ETIMEDOUT);
    EXPECT_EQ(code_of(door.accept(0ms)), ETIMEDOUT);
    talk_through(door);
  });
}

TEST_F(Listener, LetsOneProcessAcceptAtATime) {
  run([] {
    auto door = std::make_shared<listener>(listener::open(address::loopback(0)).value());
    const auto first = spawn_monitor([door] { EXPECT_TRUE(door->accept()); });
    await_waiting(first.who, wait_kind::readable);
    EXPECT_EQ(code_of(door->accept()), EBUSY);
    auto s = connect(door->local()).value();
    EXPECT_EQ(reason_of(first.ref), exit_reason::normal());
  });
}

TEST_F(Listener, AKilledProcessLeavesItsAccept) {
  run([] {
    auto door = listener::open(address::loopback(0)).value();
    const address where = door.local();
    const auto server =
        spawn_monitor([door = std::move(door)]() mutable { static_cast<void>(door.accept()); });
    await_waiting(server.who, wait_kind::readable);
    exit(server.who, exit_reason::kill());
    EXPECT_EQ(reason_of(server.ref), exit_reason::killed());
    EXPECT_EQ(code_of(connect(where)), ECONNREFUSED);
  });
}

TEST_F(Listener, ClosedSaysSo) {
  run([] {
    listener door;
    EXPECT_EQ(code_of(door.accept()), EBADF);
    EXPECT_EQ(door.descriptor(), -1);
    EXPECT_EQ(door.local(), address());
  });
}

TEST_F(Listener, SaysWhyItCannotListen) {
  EXPECT_EQ(code_of(listener::open(address::parse("192.0.2.1:0").value())), EADDRNOTAVAIL);
  EXPECT_EQ(code_of(listener::open(address::parse("unix:/no/such/directory/socket").value())), ENOENT);
  EXPECT_EQ(code_of(listener::open(address())), EAFNOSUPPORT);
}

// -- files of Unix sockets

TEST_F(Listener, RemovesItsFile) {
  run([this] {
    auto door = listener::open(path()).value();
    EXPECT_TRUE(exists(path()));
    auto moved = std::move(door);
    door.close();
    EXPECT_TRUE(exists(path()));
    talk_through(moved);
    moved.close();
    EXPECT_FALSE(exists(path()));
  });
}

TEST_F(Listener, ReplacesTheFileOfOneThatIsGone) {
  // what a program leaves that was killed
  const int left = detail::make_socket(AF_UNIX);
  ASSERT_EQ(::bind(left, path().data(), path().size()), 0);
  ::close(left);
  ASSERT_TRUE(exists(path()));
  EXPECT_EQ(code_of(listener::open(path(), {.replace_stale_file = false})), EADDRINUSE);
  run([this] {
    auto door = listener::open(path()).value();
    talk_through(door);
    EXPECT_EQ(code_of(listener::open(path())), EADDRINUSE) << "somebody listens there";
    talk_through(door);
  });
}

TEST_F(Listener, LeavesAFileThatIsNotItsOwn) {
  run([this] {
    auto door = listener::open(path()).value();
    std::filesystem::rename(path().unix_name(), path("old").unix_name());
    auto successor = listener::open(path()).value();
    door.close();
    EXPECT_TRUE(exists(path()));
    talk_through(successor);
  });
}

TEST_F(Listener, DoesNotTakeAnOrdinaryFileForAStaleSocket) {
  const int ordinary = ::open(std::string(path().unix_name()).c_str(), O_CREAT | O_CLOEXEC | O_WRONLY, 0600);
  ::close(ordinary);
  // connecting to it is refused as well, but it is somebody's file
  EXPECT_EQ(code_of(listener::open(path())), EADDRINUSE);
  EXPECT_TRUE(exists(path()));
}

// -- shortage

/// Takes every descriptor away while it lives.
class no_descriptors {
public:
  no_descriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int lowest = ::dup(0);
    ::close(lowest);
    const ::rlimit none{static_cast<::rlim_t>(lowest), before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  }
  ~no_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  no_descriptors(const no_descriptors&) = delete;
  no_descriptors& operator=(const no_descriptors&) = delete;

private:
  ::rlimit before_{};
};

TEST_F(Listener, WaitsForDescriptorsAndLosesNobody) {
  run([] {
    auto door = listener::open(address::loopback(0)).value();
    auto client = connect(door.local()).value();
    ASSERT_TRUE(client.write("hello"));
    auto shortage = std::make_unique<no_descriptors>();
    EXPECT_EQ(code_of(door.accept(20ms)), ETIMEDOUT);
    const auto server = spawn_monitor([door = std::move(door)]() mutable {
      auto peer = door.accept().value();
      EXPECT_EQ(read_string(peer, 5), "hello");
    });
    await_waiting(server.who, wait_kind::readable);
    shortage.reset();
    EXPECT_EQ(reason_of(server.ref), exit_reason::normal());
  });
}

TEST(Accepting, ErrorsOfOneConnectionDoNotStopTheListener) {
  using detail::after_accept;
  using detail::classify_accept_error;
  EXPECT_EQ(classify_accept_error(EAGAIN), after_accept::wait);
  for (const int code : {ECONNABORTED, EINTR, EPROTO, ENETDOWN, EHOSTUNREACH, EPERM})
    EXPECT_EQ(classify_accept_error(code), after_accept::again) << code;
  for (const int code : {EMFILE, ENFILE, ENOBUFS, ENOMEM})
    EXPECT_EQ(classify_accept_error(code), after_accept::pause) << code;
  for (const int code : {EBADF, EINVAL, ENOTSOCK, EOPNOTSUPP})
    EXPECT_EQ(classify_accept_error(code), after_accept::fail) << code;
}

} // namespace
} // namespace perron::runtime::net
