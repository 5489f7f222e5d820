// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/caf/system.hpp>

#include <perron/runtime/caf/process_actor.hpp>
#include <perron/runtime/caf/system_parts.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/core/signals.hpp>

#include <caf/logger.hpp>

#include <mutex>
#include <new>

namespace perron::runtime::caf {
namespace {

void destroy_actor(::caf::abstract_actor* a) {
  a->on_destroy();
  static_cast<process_actor*>(a)->~process_actor();
}

/// The last weak reference is gone, the process long ended: the slot is free again.
void free_slot(::caf::actor_control_block* control) {
  auto& actor =
      *reinterpret_cast<process_actor*>(reinterpret_cast<std::byte*>(control) + CAF_CACHE_LINE_SIZE);
  core::scheduler& s = *actor.process().sched;
  core::process& p = s.table.process_of(control);
  static_cast<void>(p.state.load(std::memory_order_acquire)); // pairs with retire
  control->~actor_control_block();
  s.table.give_one(p);
}

late_shell<>& late_of(void* memory) noexcept { return static_cast<shell_layout*>(memory)->late; }

void construct(void*, void* memory, core::process& p) {
  late_of(memory).open(p.id.load(std::memory_order_relaxed));
}

void make(system::parts& parts, void* memory, core::process& p, std::uint64_t id) {
  ::caf::node_id node = parts.actors->node();
  ::new (memory)::caf::actor_control_block(id, node, parts.actors.get(), &destroy_actor, &free_slot);
  ::new (static_cast<void*>(static_cast<std::byte*>(memory) + CAF_CACHE_LINE_SIZE))
      process_actor(parts.shell_config, p, id);
}

bool retire(void* context, void* memory, core::process& p, const exit_reason& why) noexcept {
  if (late_of(memory).close())
    return true;
  { const std::lock_guard made(static_cast<system::parts*>(context)->making); }
  ::caf::actor_control_block* control = control_of(memory);
  auto& actor = static_cast<process_actor&>(*control->get());
  std::size_t only_mine = 1;
  // once the strong count is zero nobody can get hold of the actor any more (see actor_of in interop.cpp)
  if (control->strong_refs.compare_exchange_strong(only_mine, 0, std::memory_order_acq_rel)) {
    if (actor.observed())
      actor.cleanup(to_caf(why), nullptr);
    destroy_actor(&actor);
    if (control->weak_refs.load(std::memory_order_acquire) == 1) {
      control->~actor_control_block();
      return true;
    }
    // release: who frees the slot comes after all of this, which the reference counts, being CAF's own code,
    // ensure but do not show to tools
    p.state.store(core::process_state::free, std::memory_order_release);
    ::caf::intrusive_ptr_release_weak(control);
    return false;
  }
  actor.cleanup(to_caf(why), nullptr);
  p.state.store(core::process_state::free, std::memory_order_release);
  ::caf::intrusive_ptr_release(control);
  return false;
}

} // namespace

::caf::actor_control_block* control_of(void* shell) noexcept {
  return static_cast<::caf::actor_control_block*>(shell);
}

::caf::actor_control_block* find_shell(core::process& p, std::uint64_t id) {
  core::scheduler& s = *p.sched;
  auto& parts = *static_cast<system::parts*>(s.shell.context);
  void* memory = s.table.shell_of(p);
  const std::lock_guard hold(parts.making);
  switch (late_of(memory).ask(id)) {
  case late_shell<>::answer::yours_to_make:
    make(parts, memory, p, id);
    break;
  case late_shell<>::answer::made:
    break;
  case late_shell<>::answer::gone:
    return nullptr;
  }
  return control_of(memory);
}

system::system() : parts_(std::make_unique<parts>()) {
  parts_->config.load<coordinator>();
  parts_->actors = std::make_unique<::caf::actor_system>(parts_->config);
  parts_->actors->await_actors_before_shutdown(false);
  // a reference in a thread_local of this thread would make the destructor wait for the thread's end
  ::caf::logger::set_current_actor_system(nullptr);
}

system::~system() { end(); }

core::shell_operations system::shell() noexcept {
  return {sizeof(shell_layout), parts_.get(), &construct, &retire};
}

void system::attach(core::scheduler& s) {
  parts_->sched = &s;
  s.actors = parts_->actors.get();
  parts_->scheduling().attach(&s);
}

void system::detach() {
  if (parts_->actors)
    parts_->scheduling().attach(nullptr);
}

void system::end() {
  if (!parts_->actors)
    return;
  ::caf::logger::set_current_actor_system(nullptr);
  if (parts_->sched != nullptr)
    parts_->sched->actors = nullptr;
  parts_->actors.reset();
}

::caf::actor_system& actors_of(core::scheduler& s) { return *static_cast<::caf::actor_system*>(s.actors); }

} // namespace perron::runtime::caf
