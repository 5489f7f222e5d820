// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/caf/system_parts.hpp>
#include <perron/runtime/core/carrier.hpp>
#include <perron/runtime/core/scheduler.hpp>

#include <caf/logger.hpp>
#include <caf/make_actor.hpp>
#include <caf/message_handler.hpp>
#include <caf/monitorable_actor.hpp>
#include <caf/resumable.hpp>
#include <spdlog/spdlog.h>

#include <chrono>
#include <thread>
#include <utility>
#include <vector>

namespace perron::runtime::caf {
namespace {

/// What CAF's aout() writes to, without the thread that CAF would start for it.
class log_printer final : public ::caf::monitorable_actor {
public:
  explicit log_printer(::caf::actor_config& cfg) : ::caf::monitorable_actor(cfg) {
    print_.assign([](::caf::add_atom, ::caf::actor_id who, const std::string& text) {
      spdlog::info("caf actor {}: {}", who, text);
    });
  }
  using ::caf::abstract_actor::enqueue;
  void enqueue(::caf::mailbox_element_ptr what, ::caf::execution_unit*) override { print_(what->content()); }

private:
  ::caf::message_handler print_;
};

constexpr std::size_t messages_per_turn = 64;

} // namespace

struct coordinator::job final : core::runnable {
  coordinator* at;
  ::caf::resumable* what;

  job(coordinator* c, ::caf::resumable* w) noexcept : runnable(&run_job), at(c), what(w) {}
};

/// What a CAF job takes for the thread it runs on.
class coordinator::unit final : public ::caf::execution_unit {
public:
  unit(::caf::actor_system* sys, coordinator& c) : execution_unit(sys), at_(c) {}
  void exec_later(::caf::resumable* what) override { at_.enqueue(what); }

private:
  coordinator& at_;
};

::caf::actor_system::module* coordinator::make(::caf::actor_system& sys, ::caf::detail::type_list<>) {
  return new coordinator(sys);
}

void coordinator::attach(core::scheduler* s) {
  using namespace std::chrono_literals;
  sched_.store(s, std::memory_order_seq_cst);
  clock_.attach(s);
  while (s == nullptr && work_.load(std::memory_order_seq_cst) != 0) {
    clock_.drop_all();
    std::this_thread::sleep_for(100us);
  }
}

void coordinator::enqueue(::caf::resumable* what) {
  work_.fetch_add(1, std::memory_order_seq_cst);
  if (core::scheduler* s = sched_.load(std::memory_order_seq_cst); s != nullptr) {
    s->schedule(*new job(this, what));
    return;
  }
  keep(what);
  work_.fetch_sub(1, std::memory_order_release);
}

void coordinator::keep(::caf::resumable* what) {
  {
    const std::lock_guard hold(lock_);
    if (!over_) {
      kept_.push_back(what);
      return;
    }
  }
  cleanup_and_release(what);
}

void coordinator::run_job(core::runnable& self, core::carrier& on) {
  auto& j = static_cast<job&>(self);
  coordinator& c = *j.at;
  unit here(&c.system(), c);
  // a CAF actor may compute as long as any process: its worker can be taken over meanwhile
  on.gate.leave();
  const auto how = j.what->resume(&here, messages_per_turn);
  ::caf::logger::set_current_actor_system(nullptr);
  if (!on.gate.enter()) {
    const std::lock_guard decided(on.lock);
  }
  switch (how) {
  case ::caf::resumable::resume_later:
    if (core::scheduler* s = c.sched_.load(std::memory_order_seq_cst); s != nullptr) {
      s->schedule(j);
      return;
    }
    c.keep(j.what);
    break;
  case ::caf::resumable::done:
  case ::caf::resumable::awaiting_message:
    ::caf::intrusive_ptr_release(j.what);
    break;
  case ::caf::resumable::shutdown_execution_unit:
    break;
  }
  delete &j;
  c.work_.fetch_sub(1, std::memory_order_release);
}

void coordinator::start() {
  ::caf::actor_config cfg{nullptr, nullptr};
  utility_actors_[printer_id] =
      ::caf::make_actor<log_printer, ::caf::actor>(system().next_actor_id(), system().node(), &system(), cfg);
}

void coordinator::run_here(::caf::resumable* what) {
  unit here(&system(), *this);
  switch (what->resume(&here, messages_per_turn)) {
  case ::caf::resumable::resume_later:
    keep(what);
    return;
  case ::caf::resumable::done:
  case ::caf::resumable::awaiting_message:
    ::caf::intrusive_ptr_release(what);
    return;
  case ::caf::resumable::shutdown_execution_unit:
    return;
  }
}

void coordinator::stop() {
  constexpr int most_rounds = 1000;
  utility_actors_[printer_id] = nullptr;
  std::vector<::caf::resumable*> round;
  for (int i = 0; i <= most_rounds; ++i) {
    {
      const std::lock_guard hold(lock_);
      round = std::exchange(kept_, {});
      over_ = round.empty() || i == most_rounds;
    }
    if (round.empty())
      return;
    for (::caf::resumable* what : round)
      if (i == most_rounds)
        cleanup_and_release(what);
      else
        run_here(what);
  }
}

} // namespace perron::runtime::caf
