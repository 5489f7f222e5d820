// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/caf/late_shell.hpp>
#include <perron/runtime/core/process.hpp>

#include <caf/actor_config.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/monitorable_actor.hpp>

#include <cstddef>

namespace perron::runtime::caf {

/// The CAF face of a process. Lives in the process's slot, before the record, laid out as CAF's
/// actor_storage: control block in the first cache line, actor behind it. It is born when somebody first asks
/// for it and, if no CAF handle points to it then, dies with its process; else it stays, terminated, until
/// the last handle is gone, and the slot with it.
class process_actor final : public ::caf::monitorable_actor {
public:
  process_actor(::caf::actor_config& cfg, core::process& p, std::uint64_t id)
      : ::caf::monitorable_actor(cfg), process_(p), id_(id) {}

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
  late_shell<> late; ///< alone of all this it lives as long as the slot
};

::caf::actor_control_block* control_of(void* shell) noexcept;

/// The shell of process `id` in this slot, made if nobody has asked before; null if it has ended. It may end
/// at any time: the reference count tells. Any thread.
::caf::actor_control_block* find_shell(core::process& p, std::uint64_t id);

/// What CAF is told of an end, or is asked to end for.
::caf::error to_caf(const exit_reason& why);
/// The reason an actor gives for somebody else to end; gives back what to_caf was given, texts of shutdown
/// excepted.
exit_reason from_caf(const ::caf::error& why);
/// The reason an actor has ended with: killed, where it was asked to end for kill.
exit_reason end_of_actor(const ::caf::error& why);

} // namespace perron::runtime::caf
