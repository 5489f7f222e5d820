// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/net/stream.hpp>

#include "runtime/net/connections.hpp"

#include <memory>
#include <thread>
#include <vector>

namespace perron::runtime::net {
namespace {

using namespace std::chrono_literals;
using namespace perron::testing;
using core::wait_kind;

using Stream = net_fixture;

/// Long enough that waiting is needed, short enough for a test; nothing depends on how long it is.
constexpr auto soon = 20ms;

TEST_F(Stream, BytesComeBackFromAnEcho) {
  run([] {
    auto door = listener::open(address::loopback(0)).value();
    const address where = door.local();
    const auto server = spawn_monitor([door = std::move(door)]() mutable {
      auto peer = door.accept().value();
      echo(peer);
    });
    auto s = connect(where).value();
    EXPECT_EQ(s.peer().value(), where);
    for (const std::string text : {"hello", "and", "again"}) {
      ASSERT_TRUE(s.write(text));
      EXPECT_EQ(read_string(s, text.size()), text);
    }
    s.close();
    EXPECT_EQ(reason_of(server.ref), exit_reason::normal());
  });
}

TEST_F(Stream, EmptyReadsAndWritesAreDoneAtOnce) {
  run([] {
    auto [here, there] = unix_pair();
    EXPECT_EQ(here.read({}).value(), 0U);
    EXPECT_EQ(here.read_exactly({}).value(), 0U);
    EXPECT_TRUE(here.write(""));
    EXPECT_TRUE(here.writev({}));
    const std::array<std::string_view, 4> parts{"", "a", "", "b"};
    EXPECT_TRUE(here.writev(parts));
    EXPECT_EQ(read_string(there, 2), "ab");
  });
}

// -- time

TEST_F(Stream, DataThatNeverComeEndAReadByItsTimeAndTheStreamIsStillGood) {
  run([] {
    auto [here, there] = tcp_pair();
    std::array<char, 8> buffer;
    for (int i = 0; i < 3; ++i) {
      const auto n = here.read(buffer, soon);
      ASSERT_FALSE(n);
      EXPECT_EQ(n.error(), (error{"read: no time left", ETIMEDOUT}));
    }
    ASSERT_TRUE(there.write("late"));
    EXPECT_EQ(read_string(here, 4), "late");
  });
}

TEST_F(Stream, TheTimeOfReadExactlyIsThatOfAllItsReads) {
  run([] {
    auto [here, there] = unix_pair();
    ASSERT_TRUE(there.write("half"));
    std::array<char, 8> buffer;
    EXPECT_EQ(code_of(here.read_exactly(buffer, soon)), ETIMEDOUT);
  });
}

TEST_F(Stream, ANeighbourThatDoesNotReadEndsAWriteByItsTime) {
  run([] {
    auto [here, there] = unix_pair();
    const std::string much(more_than_fits, 'x');
    EXPECT_EQ(code_of(here.write(much, soon)), ETIMEDOUT);
  });
}

TEST_F(Stream, NoTimeMeansToLook) {
  run([] {
    auto [here, there] = unix_pair();
    std::array<char, 8> buffer;
    EXPECT_EQ(code_of(here.read(buffer, 0ns)), ETIMEDOUT);
    ASSERT_TRUE(there.write("x"));
    // what is there is found even before the poller has told of it
    EXPECT_EQ(here.read(buffer, 0ns).value(), 1U);
    EXPECT_EQ(code_of(here.read(buffer, -1s)), ETIMEDOUT);
    there.close();
    EXPECT_EQ(here.read(buffer, 0ns).value(), 0U);
  });
}

// -- ends

TEST_F(Stream, TheEndIsZeroBytesAgainAndAgain) {
  run([] {
    auto [here, there] = tcp_pair();
    ASSERT_TRUE(there.write("last words"));
    there.close();
    EXPECT_EQ(read_to_the_end(here), "last words");
    std::array<char, 8> buffer;
    EXPECT_EQ(here.read(buffer).value(), 0U);
    EXPECT_EQ(here.read_exactly(buffer).value(), 0U);
  });
}

TEST_F(Stream, ReadExactlyGivesWhatCameBeforeTheEnd) {
  run([] {
    auto [here, there] = tcp_pair();
    ASSERT_TRUE(there.write("abc"));
    there.close();
    EXPECT_EQ(read_string(here, 10), "abc");
  });
}

TEST_F(Stream, AHalfClosedConnectionStillCarriesTheAnswer) {
  run([] {
    auto [client, server] = tcp_pair();
    const auto serving = spawn_monitor([server = std::move(server)]() mutable {
      const std::string question = read_to_the_end(server);
      ASSERT_TRUE(server.write("you said: " + question));
    });
    ASSERT_TRUE(client.write("anybody there?"));
    ASSERT_TRUE(client.shutdown(half::write));
    EXPECT_EQ(read_to_the_end(client), "you said: anybody there?");
    EXPECT_EQ(code_of(client.write("more")), EPIPE);
    EXPECT_EQ(reason_of(serving.ref), exit_reason::normal());
  });
}

TEST_F(Stream, ShuttingDownWakesAnotherProcessThatReads) {
  run([] {
    auto pair = unix_pair();
    auto shared = std::make_shared<stream>(std::move(pair.here));
    const auto reader = spawn_monitor([shared] {
      std::array<char, 8> buffer;
      EXPECT_EQ(shared->read(buffer).value(), 0U);
    });
    await_waiting(reader.who, wait_kind::readable);
    ASSERT_TRUE(shared->shutdown(half::both));
    EXPECT_EQ(reason_of(reader.ref), exit_reason::normal());
  });
}

TEST_F(Stream, AResetEndsAReadThatWaits) {
  run([] {
    auto [here, there] = tcp_pair();
    const auto reader = spawn_monitor([here = std::move(here)]() mutable {
      std::array<char, 8> buffer;
      EXPECT_EQ(code_of(here.read(buffer)), ECONNRESET);
      // the network says it once
      EXPECT_EQ(here.read(buffer).value(), 0U);
      EXPECT_EQ(code_of(here.write("x")), EPIPE);
    });
    await_waiting(reader.who, wait_kind::readable);
    close_by_reset(there);
    EXPECT_EQ(reason_of(reader.ref), exit_reason::normal());
  });
}

TEST_F(Stream, AResetEndsAWriteThatWaits) {
  run([] {
    auto [here, there] = tcp_pair();
    const auto writer = spawn_monitor([here = std::move(here)]() mutable {
      const std::string much(more_than_fits, 'x');
      EXPECT_EQ(code_of(here.write(much)), ECONNRESET);
    });
    await_waiting(writer.who, wait_kind::writable);
    close_by_reset(there);
    EXPECT_EQ(reason_of(writer.ref), exit_reason::normal());
  });
}

TEST_F(Stream, WritingToWhoHasClosedIsAnErrorAndNoSignal) {
  run([] {
    auto [here, there] = unix_pair();
    there.close();
    EXPECT_EQ(code_of(here.write("x")), EPIPE);
  });
}

TEST_F(Stream, AClosedStreamSaysSo) {
  run([] {
    auto [here, there] = unix_pair();
    here.close();
    here.close();
    EXPECT_FALSE(here.is_open());
    EXPECT_EQ(here.descriptor(), -1);
    std::array<char, 8> buffer;
    EXPECT_EQ(code_of(here.read(buffer)), EBADF);
    EXPECT_EQ(code_of(here.read_exactly(buffer)), EBADF);
    EXPECT_EQ(code_of(here.write("x")), EBADF);
    EXPECT_EQ(code_of(here.sendfile(0, 0, 1)), EBADF);
    EXPECT_EQ(code_of(here.shutdown(half::both)), EBADF);
    EXPECT_EQ(code_of(here.set_nodelay(true)), EBADF);
    EXPECT_EQ(code_of(here.local()), EBADF);
    EXPECT_EQ(code_of(here.peer()), EBADF);
    EXPECT_EQ(code_of(here.release()), EBADF);
  });
}

TEST_F(Stream, IsForProcesses) {
  std::array<int, 2> ends{-1, -1};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  auto here = stream::adopt(ends[0]).value();
  std::array<char, 8> buffer;
  EXPECT_THROW(static_cast<void>(here.read(buffer)), not_a_process);
  EXPECT_THROW(static_cast<void>(here.write("x")), not_a_process);
  ::close(ends[1]);
}

// -- much

TEST_F(Stream, ManyPiecesReachASlowReaderWhole) {
  const std::string piece = some_bytes(scaled(100'000, 20'000));
  constexpr std::size_t pieces = 200; // more than one system call takes
  run([&] {
    auto [here, there] = tcp_pair();
    const auto reader = spawn_monitor([&piece, there = std::move(there)]() mutable {
      std::size_t at = 0;
      std::vector<char> buffer(3'000);
      for (;;) {
        const std::size_t n = there.read(buffer).value();
        if (n == 0)
          break;
        for (std::size_t i = 0; i < n; ++i, ++at)
          if (buffer[i] != piece[at % piece.size()]) {
            FAIL() << "byte " << at << " is wrong";
          }
        yield();
      }
      EXPECT_EQ(at, pieces * piece.size());
    });
    const std::vector<std::string_view> parts(pieces, piece);
    ASSERT_TRUE(here.writev(parts));
    here.close();
    EXPECT_EQ(reason_of(reader.ref), exit_reason::normal());
  });
}

TEST_F(Stream, OneProcessReadsWhileAnotherWrites) {
  run([] {
    auto [here, there] = tcp_pair();
    const auto far = spawn_monitor([there = std::move(there)]() mutable { echo(there); });
    auto shared = std::make_shared<stream>(std::move(here));
    const auto sent = std::make_shared<const std::string>(some_bytes(4 * 1024 * 1024));
    const auto writer = spawn_monitor([shared, sent] { ASSERT_TRUE(shared->write(*sent)); });
    EXPECT_TRUE(read_string(*shared, sent->size()) == *sent);
    EXPECT_EQ(reason_of(writer.ref), exit_reason::normal());
    shared->close();
    EXPECT_EQ(reason_of(far.ref), exit_reason::normal());
  });
}

TEST_F(Stream, OfTwoThatReadTheSecondIsTurnedAway) {
  run([] {
    auto pair = unix_pair();
    auto shared = std::make_shared<stream>(std::move(pair.here));
    const auto first = spawn_monitor([shared] { EXPECT_EQ(read_string(*shared, 1), "x"); });
    await_waiting(first.who, wait_kind::readable);
    std::array<char, 8> buffer;
    EXPECT_EQ(code_of(shared->read(buffer)), EBUSY);
    EXPECT_EQ(code_of(shared->read(buffer, 0ns)), EBUSY);
    EXPECT_EQ(code_of(shared->release()), EBUSY);
    ASSERT_TRUE(pair.there.write("x"));
    EXPECT_EQ(reason_of(first.ref), exit_reason::normal());
    ASSERT_TRUE(pair.there.write("y"));
    EXPECT_EQ(read_string(*shared, 1), "y");
  });
}

// -- hand-over

TEST_F(Stream, GoesToAnotherProcessInAMessage) {
  run([] {
    for (const int worker : {0, 1}) {
      auto [here, there] = tcp_pair();
      const auto owner = spawn_monitor({.worker = worker}, [] {
        auto mine = receive_one<stream>();
        echo(mine);
      });
      ASSERT_TRUE(there.write("before"));
      ASSERT_TRUE(send(owner.who, std::move(here)));
      ASSERT_TRUE(there.write(" and after"));
      ASSERT_TRUE(there.shutdown(half::write));
      EXPECT_EQ(read_to_the_end(there), "before and after");
      EXPECT_EQ(reason_of(owner.ref), exit_reason::normal());
    }
  });
}

TEST_F(Stream, GoesRoundManyProcessesOnAllWorkers) {
  struct ball {
    stream s;
    int left;
  };
  run([] {
    auto [here, there] = tcp_pair();
    constexpr int rounds = 200;
    struct player {
      void operator()() const {
        ball b = receive_one<ball>();
        ASSERT_EQ(read_string(b.s, 1), "x");
        ASSERT_TRUE(b.s.write("y"));
        if (--b.left > 0)
          send(spawn({.worker = b.left % 2}, player{}), std::move(b));
      }
    };
    send(spawn(player{}), ball{std::move(here), rounds});
    for (int i = 0; i < rounds; ++i) {
      ASSERT_TRUE(there.write("x"));
      ASSERT_EQ(read_string(there, 1), "y");
    }
    EXPECT_EQ(read_to_the_end(there), "");
  });
}

TEST_F(Stream, IsClosedWithTheMessageThatNobodyTook) {
  run([] {
    auto [here, there] = unix_pair();
    const pid owner = spawn([] { receive_one<int>(); });
    ASSERT_TRUE(send(owner, std::move(here)));
    ASSERT_TRUE(send(owner, 1));
    EXPECT_EQ(read_to_the_end(there), "");
    auto second = unix_pair();
    yield_until([&] { return !alive(owner); });
    EXPECT_FALSE(send(owner, std::move(second.here)));
    EXPECT_EQ(read_to_the_end(second.there), "");
  });
}

// -- ends of processes

TEST_F(Stream, AKilledProcessLeavesItsReadAndItsSocket) {
  run([] {
    for (const int worker : {0, 1}) {
      auto [here, there] = tcp_pair();
      const auto reader = spawn_monitor({.worker = worker}, [here = std::move(here)]() mutable {
        std::array<char, 8> buffer;
        static_cast<void>(here.read(buffer));
        ADD_FAILURE() << "went on after a kill";
      });
      await_waiting(reader.who, wait_kind::readable);
      exit(reader.who, exit_reason::kill());
      EXPECT_EQ(reason_of(reader.ref), exit_reason::killed());
      EXPECT_EQ(read_to_the_end(there), "");
    }
  });
}

TEST_F(Stream, AProcessThatNeverHasToWaitCanBeEnded) {
  run([] {
    auto [here, there] = unix_pair();
    const auto reader = spawn_monitor([here = std::move(here)]() mutable {
      std::vector<char> buffer(16 * 1024);
      for (;;)
        static_cast<void>(here.read(buffer));
    });
    const auto writer = spawn_monitor([there = std::move(there)]() mutable {
      const std::string bytes = some_bytes(16 * 1024);
      for (;;)
        static_cast<void>(there.write(bytes));
    });
    for (int i = 0; i < 100; ++i)
      yield();
    exit(reader.who, exit_reason::shutdown());
    EXPECT_EQ(reason_of(reader.ref), exit_reason::shutdown());
    exit(writer.who, exit_reason::shutdown());
    EXPECT_EQ(reason_of(writer.ref), exit_reason::shutdown());
  });
}

/// Says good-bye as many programs do.
struct polite {
  stream s;
  explicit polite(stream to) : s(std::move(to)) {}
  polite(polite&&) = default;
  ~polite() {
    if (s.is_open())
      static_cast<void>(s.write("bye"));
  }
};

TEST_F(Stream, ADestructorMayWriteWhileItsProcessIsEnded) {
  run([] {
    auto [here, there] = tcp_pair();
    const auto host = spawn_monitor([here = std::move(here)]() mutable {
      polite guest(std::move(here));
      std::array<char, 8> buffer;
      static_cast<void>(guest.s.read(buffer));
    });
    await_waiting(host.who, wait_kind::readable);
    exit(host.who, exit_reason::kill());
    EXPECT_EQ(reason_of(host.ref), exit_reason::killed());
    EXPECT_EQ(read_to_the_end(there), "bye");

    // with its arguments, when the process itself is over
    auto second = tcp_pair();
    spawn([guest = polite(std::move(second.here))] {});
    EXPECT_EQ(read_to_the_end(second.there), "bye");
  });
}

// -- raw descriptors

TEST_F(Stream, ReleasesItsDescriptorAndTakesItBack) {
  run([] {
    auto [here, there] = unix_pair();
    const int fd = here.release().value();
    EXPECT_FALSE(here.is_open());
    ASSERT_TRUE(there.write("raw"));
    std::array<char, 8> buffer;
    EXPECT_EQ(::recv(fd, buffer.data(), buffer.size(), 0), 3);
    auto again = stream::adopt(fd).value();
    ASSERT_TRUE(there.write("tame"));
    EXPECT_EQ(read_string(again, 4), "tame");
  });
}

TEST_F(Stream, RefusesWhatIsNoStreamSocket) {
  std::array<int, 2> ends{-1, -1};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM, 0, ends.data()), 0);
  EXPECT_EQ(code_of(stream::adopt(ends[0])), EPROTOTYPE);
  EXPECT_EQ(code_of(stream::adopt(ends[0])), EBADF) << "the descriptor was not closed";
  ::close(ends[1]);
}

TEST_F(Stream, IsQuietAfterItsCloseThoughACopyOfItsDescriptorLives) {
  // as with a child between fork and exec: epoll goes on as long as any copy is open
  std::array<int, 2> ends{-1, -1};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  const int copy = ::dup(ends[0]);
  run([&] {
    auto here = stream::adopt(ends[0]).value();
    here.close();
    yield_until([] { return current_node_stats().sockets == 0; });
    ASSERT_EQ(::send(ends[1], "x", 1, 0), 1);
    // so that the workers look at their sockets
    sleep_for(1ms);
    auto [one, two] = unix_pair();
    ASSERT_TRUE(one.write("x"));
    EXPECT_EQ(read_string(two, 1), "x");
  });
  ::close(copy);
  ::close(ends[1]);
}

} // namespace
} // namespace perron::runtime::net
