// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/core/process.hpp>

#include <caf/actor_config.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/monitorable_actor.hpp>

#include <cstddef>

namespace perron::runtime::caf {

/// The CAF face of a process. Lives in the process's slot, before the record, laid out as CAF's
/// actor_storage: control block in the first cache line, actor behind it. It is born and, if no CAF handle
/// points to it, dies with its process; else it stays, terminated, until the last handle is gone, and the
/// slot with it.
class process_actor final : public ::caf::monitorable_actor {
public:
  explicit process_actor(::caf::actor_config& cfg, core::process& p)
      : ::caf::monitorable_actor(cfg), process_(p), id_(p.id.load(std::memory_order_relaxed)) {}

  using ::caf::abstract_actor::enqueue;
  void enqueue(::caf::mailbox_element_ptr what, ::caf::execution_unit* host) override;
  const char* name() const override { return "perron_process"; }

  bool observed() const noexcept { return attachables_head_ != nullptr; }
  pid who() const noexcept { return {&process_, id_}; }
  core::process& process() const noexcept { return process_; }

private:
  core::process& process_;
  const std::uint64_t id_;
};

/// Bytes before the process record.
struct shell_layout {
  alignas(CAF_CACHE_LINE_SIZE) std::byte control[CAF_CACHE_LINE_SIZE];
  alignas(process_actor) std::byte actor[sizeof(process_actor)];
};

::caf::actor_control_block* control_of(void* shell) noexcept;

/// What CAF is told of an end, or is asked to end for.
::caf::error to_caf(const exit_reason& why);
/// The reason an actor gives for somebody else to end; gives back what to_caf was given, texts of shutdown
/// excepted.
exit_reason from_caf(const ::caf::error& why);
/// The reason an actor has ended with: killed, where it was asked to end for kill.
exit_reason end_of_actor(const ::caf::error& why);

} // namespace perron::runtime::caf
