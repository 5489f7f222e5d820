// SPDX-License-Identifier: BSD-3-Clause
// The readiness of a socket under every schedule of small scenarios: a peer that sends, the home worker that
// is told of it, and a process that reads; and the same with one step done wrong, which must fail.
#include <perron/runtime/net/readiness.hpp>

#include "support/interleave.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>

namespace perron::runtime::net::detail {
namespace {

using interleave::explore;
using interleave::model_atomic;
using interleave::options;
using interleave::outcome;
using interleave::plain;
using interleave::run;
using interleave::semaphore;

enum class mistake : std::uint8_t {
  none,
  calls_before_it_begins,
  notes_the_hang_up_after_the_event,
  takes_a_short_read_for_the_end_of_news,
  closes_without_taking_back,
  looks_for_home_before_taking_back,
};

struct letter {
  plain<int> content = 0;
  int arrived = 0;
  int taken_back = 0;
};

/// What it would be with a flag and a waiter in two words.
template <class Envelope, template <class> class Atomic>
class two_words {
public:
  using sound = readiness<Envelope, Atomic>;
  using attempt = typename sound::attempt;
  using bedding = typename sound::bedding;
  using found = typename sound::found;

  attempt begin() { return ready_.exchange(false) ? attempt::go : attempt::dry; }
  void end(bool exhausted) {
    if (!exhausted)
      ready_.store(true);
  }
  bedding sleep(Envelope* wake) {
    if (ready_.load())
      return bedding::ready;
    waiter_.exchange(wake);
    return bedding::done;
  }
  found event() {
    ready_.exchange(true);
    return {waiter_.exchange(nullptr), false};
  }

private:
  Atomic<bool> ready_{true};
  Atomic<Envelope*> waiter_{nullptr};
};

/// A socket whose peer sends some bytes, one at a time, and then ends the connection.
template <class Readiness, mistake Wrong = mistake::none>
struct connection {
  static constexpr int ended = 1 << 8;

  run& r;
  Readiness reading;
  model_atomic<int> kernel = 0; ///< bytes to be read, and `ended`
  model_atomic<bool> hung = false;
  semaphore edge;
  semaphore woken;
  std::array<letter, 8> letters;
  int sleeps = 0;
  int received = 0;

  explicit connection(run& of) : r(of) {
    r.label(reading, "readiness");
    r.label(kernel, "kernel");
    r.label(hung, "hung");
    r.label(edge, "epoll");
  }

  void send(int bytes) {
    for (int i = 0; i < bytes; ++i) {
      kernel.fetch_add(1);
      edge.raise();
    }
    kernel.fetch_add(ended);
    edge.raise();
  }

  int receive() {
    int there = kernel.load();
    while (!kernel.compare_exchange_strong(there, there & ended)) {
    }
    return there;
  }

  void poll() {
    while (edge.wait()) {
      const bool over = kernel.load() >= ended;
      if (over && Wrong != mistake::notes_the_hang_up_after_the_event)
        hung.store(true, std::memory_order_relaxed);
      const auto found = reading.event();
      if (over && Wrong == mistake::notes_the_hang_up_after_the_event)
        hung.store(true, std::memory_order_relaxed);
      if (found.envelope != nullptr) {
        r.check(found.envelope->content == 1, "content not seen");
        ++found.envelope->arrived;
        woken.post();
      }
    }
  }

  /// Reads to the end, each time into more room than there are bytes.
  void read_all() {
    using attempt = typename Readiness::attempt;
    int early = -1;
    for (;;) {
      if (Wrong == mistake::calls_before_it_begins)
        early = receive();
      const attempt now = reading.begin();
      r.check(now != attempt::busy, "busy without another reader");
      if (now == attempt::go) {
        const int there = Wrong == mistake::calls_before_it_begins ? early : receive();
        const int n = there & ~ended;
        const bool at_end = there == ended;
        received += n;
        reading.end(n == 0 ? !at_end
                           : Wrong == mistake::takes_a_short_read_for_the_end_of_news ||
                                 !hung.load(std::memory_order_relaxed));
        if (at_end)
          return;
      } else {
        letter& wake = letters[static_cast<std::size_t>(sleeps)];
        wake.content = 1;
        if (reading.sleep(&wake) != Readiness::bedding::done)
          continue;
        ++sleeps;
        if (!woken.wait()) {
          r.check(false, "asleep for ever");
          return;
        }
      }
    }
  }
};

template <class Readiness, mistake Wrong = mistake::none>
outcome to_the_end(int bytes, options how = {}) {
  return explore(how, [=](run& r) {
    connection<Readiness, Wrong> c(r);
    r.thread("peer", [&] { c.send(bytes); });
    r.thread("home", [&] { c.poll(); });
    r.thread("reader", [&] { c.read_all(); });
    r.go();
    r.check(c.received == bytes, "bytes were lost");
  });
}

using sound = readiness<letter, model_atomic>;

TEST(ReadinessInterleaving, EverythingIsReadUpToTheEnd) {
  for (const int bytes : {0, 1, 2}) {
    const outcome o = to_the_end<sound>(bytes, {.preemptions = bytes == 2 ? 4 : -1});
    EXPECT_TRUE(o.holds) << o.report;
  }
}

TEST(ReadinessInterleaving, AFlagAndAWaiterInTwoWordsLoseAWakeUp) {
  EXPECT_FALSE((to_the_end<two_words<letter, model_atomic>>(1).holds));
}

TEST(ReadinessInterleaving, ACallBeforeItsBeginLosesAWakeUp) {
  EXPECT_FALSE((to_the_end<sound, mistake::calls_before_it_begins>(1).holds));
}

TEST(ReadinessInterleaving, AHangUpNotedAfterItsEventIsMissed) {
  EXPECT_FALSE((to_the_end<sound, mistake::notes_the_hang_up_after_the_event>(1).holds));
}

TEST(ReadinessInterleaving, AShortReadDoesNotMeanThatTheEndIsStillToCome) {
  EXPECT_FALSE((to_the_end<sound, mistake::takes_a_short_read_for_the_end_of_news>(1).holds));
}

/// A sleeper whose time is over while the event comes.
TEST(ReadinessInterleaving, AnEnvelopeArrivesOrIsTakenBackNotBoth) {
  const outcome o = explore({}, [](run& r) {
    sound reading;
    letter first;
    letter second;
    r.label(reading, "readiness");
    reading.begin();
    reading.end(true);
    r.thread("home", [&] {
      for (int i = 0; i < 2; ++i)
        if (letter* l = reading.event().envelope; l != nullptr) {
          r.check(l->content == 1, "content not seen");
          ++l->arrived;
        }
    });
    r.thread("sleeper", [&] {
      for (letter* l : {&first, &second}) {
        l->content = 1;
        if (reading.sleep(l) != sound::bedding::done || reading.give_up(l))
          ++l->taken_back;
        if (reading.begin() == sound::attempt::go)
          reading.end(true);
      }
    });
    r.go();
    for (const letter* l : {&first, &second})
      r.check(l->arrived + l->taken_back == 1, "an envelope with two owners, or none");
    r.check(reading.leftover() == nullptr, "an envelope that nobody knows of");
  });
  EXPECT_TRUE(o.holds) << o.report;
}

TEST(ReadinessInterleaving, OfTwoReadersOneIsTurnedAway) {
  const outcome o = explore({}, [](run& r) {
    sound reading;
    std::array<letter, 2> letters;
    plain<int> buffer;
    int slept = 0;
    for (std::size_t i = 0; i < 2; ++i)
      r.thread(i == 0 ? "reader 1" : "reader 2", [&, i] {
        for (;;) {
          const auto now = reading.begin();
          if (now == sound::attempt::busy)
            return;
          if (now == sound::attempt::go) {
            buffer.write() = 1;
            reading.end(true);
          } else {
            const auto how = reading.sleep(&letters[i]);
            r.check(how != sound::bedding::ready, "an event out of nowhere");
            slept += how == sound::bedding::done ? 1 : 0;
            return;
          }
        }
      });
    r.go();
    r.check(slept == 1, "not exactly one sleeper");
  });
  EXPECT_TRUE(o.holds) << o.report;
}

/// A socket armed for its owner, who closes it while data come in.
template <mistake Wrong>
outcome closing() {
  return explore({}, [](run& r) {
    sound reading;
    letter mail;
    plain<int> descriptor = 3;
    semaphore errand;
    int closed = 0;
    const auto close = [&] {
      descriptor = -1;
      ++closed;
    };
    r.label(reading, "readiness");
    r.label(descriptor, "descriptor");
    reading.begin();
    reading.end(true);
    mail.content = 1;
    r.check(reading.arm(&mail) == sound::bedding::done, "not armed");
    r.thread("home", [&] {
      if (const auto found = reading.event(); found.to_read) {
        r.check(descriptor == 3, "reads from a closed descriptor");
        ++found.envelope->arrived;
        reading.end_read(true);
      }
      if (errand.wait())
        close();
    });
    r.thread("owner", [&] {
      bool home_reads = Wrong == mistake::looks_for_home_before_taking_back && reading.is_read();
      if (Wrong != mistake::closes_without_taking_back && reading.disarm() != nullptr)
        ++mail.taken_back;
      if (Wrong != mistake::looks_for_home_before_taking_back)
        home_reads = reading.is_read();
      if (home_reads)
        errand.post();
      else
        close();
    });
    r.go();
    r.check(closed == 1, "not closed once");
    if (letter* left = reading.leftover(); left != nullptr)
      ++left->taken_back;
    r.check(mail.arrived + mail.taken_back == 1, "a mail with two owners, or none");
  });
}

TEST(ReadinessInterleaving, HomeNeverReadsFromAClosedDescriptor) {
  const outcome o = closing<mistake::none>();
  EXPECT_TRUE(o.holds) << o.report;
}

TEST(ReadinessInterleaving, HomeWouldIfTheMailWereNotTakenBackFirst) {
  EXPECT_FALSE(closing<mistake::closes_without_taking_back>().holds);
  EXPECT_FALSE(closing<mistake::looks_for_home_before_taking_back>().holds);
}

} // namespace
} // namespace perron::runtime::net::detail
