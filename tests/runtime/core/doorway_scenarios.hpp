// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/core/doorway.hpp>

#include "support/interleave.hpp"

#include <array>
#include <cstddef>
#include <deque>
#include <string>
#include <vector>

/// What may happen at a doorway of any make, for its interleaving tests.
namespace perron::runtime::core::doorway_scenarios {

using interleave::explore;
using interleave::model_atomic;
using interleave::options;
using interleave::outcome;
using interleave::plain;
using interleave::run;
using interleave::semaphore;

struct message {
  plain<message*> next = nullptr;
  plain<int> content = 0;
  int sender = 0;
  int number = 0;
  bool refused = false;
};

using door = doorway<message, model_atomic>;

/// A process behind a door of any make, and what is known of its messages.
template <class Door>
struct process {
  run& r;
  Door entrance;
  plain<int> state = 0; ///< stands for all that belongs to whoever runs the process
  std::deque<message> messages;
  std::vector<message*> delivered;
  std::vector<message*> left_over;
  semaphore ready;

  explicit process(run& of) : r(of) {
    r.label(entrance, "door");
    r.label(state, "process");
  }

  message* make(int sender, int number) {
    message& m = messages.emplace_back();
    m.sender = sender;
    m.number = number;
    r.label(m, "message " + std::to_string(sender) + "." + std::to_string(number));
    return &m;
  }

  /// Pushes from one thread; true: the caller has to schedule the process.
  bool push(message* m) {
    m->content = m->number;
    switch (entrance.push(m)) {
    case Door::pushed::refused:
      m->refused = true;
      m->content = -1; // the sender still owns it
      return false;
    case Door::pushed::woke:
      r.note("has to schedule the process");
      return true;
    case Door::pushed::queued:
      break;
    }
    return false;
  }

  void deliver(message* list, std::vector<message*>& to) {
    while (list != nullptr) {
      message* next = list->next;
      r.check(list->content == list->number, "content not seen");
      to.push_back(list);
      list = next;
    }
  }

  /// Runs the process until it sleeps.
  void live() {
    do {
      ++state.write();
      deliver(entrance.take_all(), delivered);
    } while (!entrance.park());
  }

  void end() {
    ++state.write();
    deliver(entrance.take_all(), delivered);
    deliver(entrance.close(), left_over);
    ++state.write();
  }

  /// Each message arrived once and in its sender's order, or was refused.
  void check_messages() {
    for (const message& m : messages) {
      std::size_t seen = m.refused ? 1 : 0;
      for (const auto* list : {&delivered, &left_over})
        for (const message* d : *list)
          seen += d == &m ? 1 : 0;
      r.check(seen != 0, "a message was lost");
      r.check(seen < 2, "a message was seen twice");
    }
    std::array<int, 4> last{};
    for (const auto* list : {&delivered, &left_over})
      for (const message* m : *list) {
        const auto sender = static_cast<std::size_t>(m->sender);
        r.check(m->number > last[sender], "the order of a sender was lost");
        last[sender] = m->number;
      }
  }

  void check_asleep() {
    r.check(!entrance.filled(), "asleep with mail");
    r.check(entrance.is_parked(), "not asleep");
    check_messages();
    for (const message& m : messages)
      r.check(!m.refused, "refused by an open door");
  }
};

constexpr std::array<const char*, 4> pusher{"", "pusher 1", "pusher 2", "pusher 3"};

/// A running process and some senders; whoever wakes the process also runs it.
template <class Door>
outcome senders(int count, int each, options how = {}) {
  return explore(how, [=](run& r) {
    process<Door> p(r);
    p.entrance.open();
    r.thread("process", [&p] { p.live(); });
    for (int sender = 1; sender <= count; ++sender) {
      for (int number = 1; number <= each; ++number)
        p.make(sender, number);
      r.thread(pusher[static_cast<std::size_t>(sender)], [&p, sender] {
        for (message& m : p.messages)
          if (m.sender == sender && p.push(&m))
            p.live();
      });
    }
    r.go();
    p.check_asleep();
  });
}

/// As senders(), but two workers run the process, and the senders go on meanwhile.
template <class Door>
outcome workers(int each, options how = {}) {
  return explore(how, [=](run& r) {
    process<Door> p(r);
    p.entrance.open_parked();
    r.label(p.ready, "run queue");
    for (const char* name : {"worker 1", "worker 2"})
      r.thread(name, [&p] {
        while (p.ready.wait())
          p.live();
      });
    for (int sender = 1; sender <= 2; ++sender) {
      for (int number = 1; number <= each; ++number)
        p.make(sender, number);
      r.thread(pusher[static_cast<std::size_t>(sender)], [&p, sender] {
        for (message& m : p.messages)
          if (m.sender == sender && p.push(&m))
            p.ready.post();
      });
    }
    r.go();
    p.check_asleep();
  });
}

/// Two sides try to wake the process without a message while one sends.
template <class Door>
outcome wakers(options how = {}) {
  return explore(how, [](run& r) {
    process<Door> p(r);
    p.entrance.open();
    p.make(1, 1);
    p.make(1, 2);
    r.thread("process", [&p] { p.live(); });
    r.thread("pusher", [&p] {
      for (message& m : p.messages)
        if (p.push(&m))
          p.live();
    });
    for (const char* name : {"waker 1", "waker 2"})
      r.thread(name, [&p] {
        if (p.entrance.unpark())
          p.live();
      });
    r.go();
    p.check_asleep();
  });
}

/// The process ends while two senders push; with `sleeps` the first to wake it makes it end.
template <class Door>
outcome ending(bool sleeps, options how = {}) {
  return explore(how, [=](run& r) {
    process<Door> p(r);
    if (sleeps)
      p.entrance.open_parked();
    else
      p.entrance.open();
    if (!sleeps)
      r.thread("process", [&p] { p.end(); });
    for (int sender = 1; sender <= 2; ++sender) {
      for (int number = 1; number <= 2; ++number)
        p.make(sender, number);
      r.thread(pusher[static_cast<std::size_t>(sender)], [&p, sender] {
        for (message& m : p.messages)
          if (m.sender == sender && p.push(&m))
            p.end();
      });
    }
    r.go();
    r.check(p.entrance.is_closed(), "not closed");
    r.check(p.entrance.push(p.make(3, 1)) == Door::pushed::refused, "a closed door took something");
    p.messages.pop_back();
    p.check_messages();
  });
}

/// The process ends and another one moves in, which first sleeps; senders meet either of them or none.
template <class Door>
outcome reused(options how = {}) {
  return explore(how, [](run& r) {
    process<Door> p(r);
    plain<int> tenant = 1;
    r.label(tenant, "tenant");
    p.entrance.open();
    r.thread("process", [&] {
      p.end();
      tenant = 2;
      p.entrance.open_parked();
    });
    for (int sender = 1; sender <= 2; ++sender) {
      for (int number = 1; number <= 2; ++number)
        p.make(sender, number);
      r.thread(pusher[static_cast<std::size_t>(sender)], [&, sender] {
        for (message& m : p.messages)
          if (m.sender == sender && p.push(&m)) {
            r.check(tenant == 2, "woke the tenant that never slept");
            p.live();
          }
      });
    }
    r.go();
    r.check(p.entrance.is_parked(), "not asleep");
    std::array<int, 3> last{};
    for (const auto* list : {&p.left_over, &p.delivered})
      for (const message* m : *list)
        last[static_cast<std::size_t>(m->sender)] += 1;
    for (const message& m : p.messages)
      last[static_cast<std::size_t>(m.sender)] += m.refused ? 1 : 0;
    r.check(last[1] == 2 && last[2] == 2, "a message was lost or seen twice");
  });
}

} // namespace perron::runtime::core::doorway_scenarios
