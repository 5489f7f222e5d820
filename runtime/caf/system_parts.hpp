// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/caf/system.hpp>
#include <perron/runtime/core/runnable.hpp>

#include <caf/actor_clock.hpp>
#include <caf/actor_config.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/execution_unit.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <atomic>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

namespace perron::runtime::caf {

/// CAF's timeouts on Perron's wheels. Cancelling does nothing: a timeout that comes too late carries a number
/// its actor no longer waits for, and the timer holds a weak reference only.
class wheel_clock final : public ::caf::actor_clock {
public:
  /// Counts in `work` the timeouts that are not freed yet.
  explicit wheel_clock(std::atomic<std::size_t>& work) noexcept : work_(work) {}

  /// Without an engine every timeout is dropped.
  void attach(core::scheduler* s) noexcept { sched_.store(s, std::memory_order_seq_cst); }

  void set_ordinary_timeout(time_point t, ::caf::abstract_actor* self, ::caf::atom_value type,
                            std::uint64_t id) override;
  void set_multi_timeout(time_point t, ::caf::abstract_actor* self, ::caf::atom_value type,
                         std::uint64_t id) override;
  void set_request_timeout(time_point t, ::caf::abstract_actor* self, ::caf::message_id id) override;
  void cancel_ordinary_timeout(::caf::abstract_actor*, ::caf::atom_value) override {}
  void cancel_request_timeout(::caf::abstract_actor*, ::caf::message_id) override {}
  void cancel_timeouts(::caf::abstract_actor*) override {}
  void schedule_message(time_point t, ::caf::strong_actor_ptr receiver,
                        ::caf::mailbox_element_ptr content) override;
  void schedule_message(time_point t, ::caf::group target, ::caf::strong_actor_ptr sender,
                        ::caf::message content) override;
  void cancel_all() override {}

  /// Forgets every timeout, and whom it would have woken; the engine frees them when it comes to it.
  void drop_all();

private:
  struct timeout;

  template <class F>
  void at(time_point t, F&& f);

  std::atomic<std::size_t>& work_;
  std::atomic<core::scheduler*> sched_{nullptr};
  std::mutex lock_;
  std::list<timeout*> pending_; ///< with lock_
};

/// CAF's scheduler module: every CAF job becomes a job of a Perron worker, while there is an engine.
///
/// | phase    | begins with     | what is enqueued                                            |
/// |----------|-----------------|-------------------------------------------------------------|
/// | with it  | attach(engine)  | runs on a worker                                            |
/// | without  | attach(nullptr) | is kept; stop() runs it, on the thread that ends the system |
/// | over     | stop()          | is dropped                                                  |
///
/// Who enqueues counts in work_ first and looks for the engine then; attach(nullptr) takes the engine away
/// first and waits for work_ then, all of it seq_cst: no job comes to an engine after that wait.
class coordinator final : public ::caf::scheduler::abstract_coordinator {
public:
  explicit coordinator(::caf::actor_system& sys) : abstract_coordinator(sys) {}
  static ::caf::actor_system::module* make(::caf::actor_system& sys, ::caf::detail::type_list<>);

  /// Without an engine: waits until it has no CAF job queued or running any more, and drops CAF's timeouts;
  /// it has to run until then.
  void attach(core::scheduler* s);

  void enqueue(::caf::resumable* what) override;
  bool detaches_utility_actors() const override { return false; }
  wheel_clock& clock() noexcept override { return clock_; }
  void start() override;
  /// Gives CAF's actors their last turns. What gives itself work for ever is dropped at some time.
  void stop() override;

private:
  struct job;
  class unit;
  static void run_job(core::runnable& self, core::carrier& on);
  void keep(::caf::resumable* what);
  void run_here(::caf::resumable* what);

  std::atomic<std::size_t> work_{0}; ///< jobs queued or running at the engine, and timeouts
  wheel_clock clock_{work_};
  std::atomic<core::scheduler*> sched_{nullptr};
  std::mutex lock_;
  std::vector<::caf::resumable*> kept_; ///< with lock_
  bool over_ = false;                   ///< with lock_
};

struct system::parts {
  ::caf::actor_system_config config;
  std::unique_ptr<::caf::actor_system> actors;
  ::caf::actor_config shell_config{nullptr, nullptr};
  core::scheduler* sched = nullptr;
  std::mutex making; ///< the lock of late_shell

  coordinator& scheduling() { return static_cast<coordinator&>(actors->scheduler()); }
};

/// The CAF system of a scheduler's node.
::caf::actor_system& actors_of(core::scheduler& s);

} // namespace perron::runtime::caf
