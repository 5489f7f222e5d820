// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/net/active.hpp>

#include <perron/runtime/timer.hpp>

#include "runtime/net/connections.hpp"

#include <memory>
#include <vector>

namespace perron::runtime::net {
namespace {

using namespace std::chrono_literals;
using namespace perron::testing;

using Active = net_fixture;

struct never {};

TEST_F(Active, DataArriveAsMail) {
  run([] {
    auto [here, there] = tcp_pair();
    // there before it is asked for
    ASSERT_TRUE(there.write("early"));
    ASSERT_TRUE(active_once(here));
    auto d = receive_one<data>();
    EXPECT_EQ(d.bytes, "early");
    EXPECT_EQ(d.socket, here.id());
    // asked for before it is there
    ASSERT_TRUE(active_once(here));
    ASSERT_TRUE(there.write("late"));
    EXPECT_EQ(receive_one<data>().bytes, "late");
  });
}

TEST_F(Active, OneMailForEachTimeItIsAskedFor) {
  run([] {
    auto [here, there] = tcp_pair();
    ASSERT_TRUE(active_once(here));
    ASSERT_TRUE(there.write("one"));
    EXPECT_EQ(receive_one<data>().bytes, "one");
    ASSERT_TRUE(there.write("two"));
    there.close();
    // what was not asked for stays where it is
    EXPECT_EQ(read_to_the_end(here), "two");
    EXPECT_FALSE(receive([](data) { return true; }, after(0s, [] { return false; })));
  });
}

TEST_F(Active, TheEndArrivesAsMailToo) {
  run([] {
    auto [here, there] = tcp_pair();
    ASSERT_TRUE(active_once(here));
    ASSERT_TRUE(there.shutdown(half::write));
    const auto c = receive_one<closed>();
    EXPECT_EQ(c.socket, here.id());
    EXPECT_EQ(c.why, error());
    ASSERT_TRUE(here.write("the other half is open"));
    here.close();
    EXPECT_EQ(read_to_the_end(there), "the other half is open");
  });
}

TEST_F(Active, AResetArrivesAsMailToo) {
  run([] {
    auto [here, there] = tcp_pair();
    ASSERT_TRUE(active_once(here));
    close_by_reset(there);
    EXPECT_EQ(receive_one<closed>().why.code, ECONNRESET);
  });
}

TEST_F(Active, AProcessWaitsForSocketsMailAndTimeInOneReceive) {
  struct message {
    std::string text;
  };
  struct tick {};
  run([] {
    const pid me = self();
    auto [a_here, a_there] = tcp_pair();
    auto [b_here, b_there] = unix_pair();
    ASSERT_TRUE(active_once(a_here));
    ASSERT_TRUE(active_once(b_here));
    std::vector<std::string> seen;
    const auto a = a_here.id();
    const auto wait = [&] {
      receive([&](data d) { seen.push_back((d.socket == a ? "a:" : "b:") + d.bytes); },
              [&](closed c) { seen.push_back(c.socket == a ? "a closed" : "b closed"); },
              [&](message m) { seen.push_back("mail:" + m.text); }, [&](tick) { seen.push_back("tick"); },
              after(1ms, [&] { seen.push_back("timeout"); }));
    };
    const auto wait_for = [&](const std::string& what) {
      do
        wait();
      while (seen.back() == "timeout");
      EXPECT_EQ(seen.back(), what);
    };
    wait();
    EXPECT_EQ(seen.back(), "timeout");
    send(me, message{"hello"});
    wait_for("mail:hello");
    ASSERT_TRUE(b_there.write("two"));
    wait_for("b:two");
    const auto timer = send_after(1ms, me, tick{});
    wait_for("tick");
    a_there.close();
    wait_for("a closed");
  });
}

TEST_F(Active, EchoesForLongOnAForeignWorker) {
  run([] {
    auto [here, there] = tcp_pair();
    const auto server = spawn_monitor([here = std::move(here)]() mutable {
      const int mine = here.descriptor();
      EXPECT_GE(mine, 0);
      for (bool open = true; open;) {
        ASSERT_TRUE(active_once(here));
        open = receive(
            [&](data d) {
              EXPECT_TRUE(here.write(d.bytes));
              return true;
            },
            [](closed) { return false; });
      }
    });
    for (int i = 0; i < 500; ++i) {
      const std::string text = "message " + std::to_string(i);
      ASSERT_TRUE(there.write(text));
      ASSERT_EQ(read_string(there, text.size()), text);
    }
    there.close();
    EXPECT_EQ(reason_of(server.ref), exit_reason::normal());
  });
}

TEST_F(Active, MuchComesInSeveralMails) {
  run([] {
    auto [here, there] = tcp_pair();
    const auto sent = std::make_shared<const std::string>(some_bytes(3'000'000));
    spawn([sent, there = std::move(there)]() mutable { ASSERT_TRUE(there.write(*sent)); });
    std::string got;
    for (bool open = true; open;) {
      ASSERT_TRUE(active_once(here));
      open = receive(
          [&](data d) {
            EXPECT_LE(d.bytes.size(), 64U * 1024U);
            got += d.bytes;
            return true;
          },
          [](closed) { return false; });
    }
    EXPECT_TRUE(got == *sent);
  });
}

TEST_F(Active, IsNotRefusedByAFullMailbox) {
  run([] {
    auto [here, there] = unix_pair();
    const auto owner = spawn_monitor({.mailbox_bound = 1}, [here = std::move(here)]() mutable {
      ASSERT_TRUE(send(self(), 1));
      ASSERT_FALSE(send(self(), 2));
      ASSERT_TRUE(active_once(here));
      EXPECT_EQ(receive_one<data>().bytes, "x");
      ASSERT_FALSE(send(self(), 2));
      EXPECT_EQ(receive_one<int>(), 1);
      ASSERT_TRUE(send(self(), 3));
    });
    ASSERT_TRUE(there.write("x"));
    EXPECT_EQ(reason_of(owner.ref), exit_reason::normal());
  });
}

TEST_F(Active, MayBeTakenBack) {
  run([] {
    auto [here, there] = unix_pair();
    EXPECT_FALSE(passive(here));
    ASSERT_TRUE(active_once(here));
    std::array<char, 8> buffer;
    EXPECT_EQ(code_of(here.read(buffer)), EBUSY);
    EXPECT_TRUE(passive(here));
    EXPECT_FALSE(passive(here));
    ASSERT_TRUE(there.write("x"));
    EXPECT_EQ(read_string(here, 1), "x");
    ASSERT_TRUE(active_once(here));
    ASSERT_TRUE(there.write("y"));
    EXPECT_EQ(receive_one<data>().bytes, "y");
    EXPECT_FALSE(passive(here));
    here.close();
    EXPECT_FALSE(passive(here));
    EXPECT_EQ(code_of(active_once(here)), EBADF);
  });
}

TEST_F(Active, GoesToWhoAsksLast) {
  run([] {
    auto [here, there] = unix_pair();
    ASSERT_TRUE(active_once(here));
    const auto heir = spawn_monitor([] {
      auto mine = receive_one<stream>();
      ASSERT_TRUE(active_once(mine));
      send(receive_one<pid>(), true);
      EXPECT_EQ(receive_one<data>().bytes, "x");
    });
    ASSERT_TRUE(send(heir.who, std::move(here)));
    ASSERT_TRUE(send(heir.who, self()));
    EXPECT_TRUE(receive_one<bool>());
    ASSERT_TRUE(there.write("x"));
    EXPECT_EQ(reason_of(heir.ref), exit_reason::normal());
    EXPECT_FALSE(receive([](data) { return true; }, after(0s, [] { return false; })));
  });
}

TEST_F(Active, BytesForADeadOwnerAreGone) {
  run([] {
    for (int i = 0; i < 50; ++i) {
      auto [here, there] = unix_pair();
      const auto owner = spawn_monitor([here = std::move(here)]() mutable {
        ASSERT_TRUE(active_once(here));
        receive_one<never>();
      });
      await_waiting(owner.who, core::wait_kind::receive);
      exit(owner.who, exit_reason::shutdown());
      static_cast<void>(there.write("x"));
      EXPECT_EQ(reason_of(owner.ref), exit_reason::shutdown());
    }
  });
}

TEST_F(Active, ClosingWhileDataComeInHurtsNobody) {
  run([] {
    for (int i = 0; i < static_cast<int>(scaled(2'000, 400)); ++i) {
      auto [here, there] = unix_pair();
      const auto owner = spawn_monitor({.worker = i % 2}, [here = std::move(here), i]() mutable {
        ASSERT_TRUE(active_once(here));
        if (i % 3 == 0)
          yield();
        if (i % 5 == 0)
          passive(here);
        here.close();
      });
      const auto neighbour = spawn_monitor({.worker = 1 - i % 2}, [there = std::move(there)]() mutable {
        static_cast<void>(there.write("x"));
        std::array<char, 8> buffer;
        static_cast<void>(there.read(buffer));
      });
      EXPECT_EQ(reason_of(owner.ref), exit_reason::normal());
      EXPECT_EQ(reason_of(neighbour.ref), exit_reason::normal());
    }
  });
}

} // namespace
} // namespace perron::runtime::net
