// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/core/carrier.hpp>
#include <perron/runtime/core/context.hpp>
#include <perron/runtime/core/instrumented.hpp>
#include <perron/runtime/core/process.hpp>
#include <perron/runtime/core/stack_pool.hpp>

#include <boost/context/detail/fcontext.hpp>
#include <cxxabi.h>

#include <array>
#include <cerrno>

#ifdef PERRON_ASAN
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef PERRON_TSAN
#include <sanitizer/tsan_interface.h>
#endif

/// The switches themselves, for the few places that make them. Inlined by force: after a switch the processor
/// has the wrong addresses in store for every return, so each call level above it costs a misprediction, some
/// 5 ns.
namespace perron::runtime::core {

/// What a switch hands over to the process.
struct landing {
  process* p;
  carrier* c;
};

/// From a carrier's own stack: runs the process until it switches out. The process must have a context.
[[gnu::always_inline]] inline void switch_in(carrier& from, process& p) noexcept {
  using globals_of_thread = std::array<void*, 2>;
  if (from.exception_globals == nullptr) {
    // the C++ ABI keeps the caught exceptions and the number of uncaught ones in two words per thread
    static_assert(sizeof(void*) == 8);
    from.exception_globals = abi::__cxa_get_globals();
    from.errno_location = &errno;
  }
  auto& globals = *static_cast<globals_of_thread*>(from.exception_globals);
  int& thread_errno = *from.errno_location;
  globals = p.exception_globals;
  thread_errno = p.saved_errno;
  landing at{&p, &from};
#ifdef PERRON_ASAN
  void* fake = nullptr;
  __sanitizer_start_switch_fiber(&fake, p.own_stack->base + stack::guard_bytes,
                                 p.own_stack->bytes - stack::guard_bytes);
#endif
#ifdef PERRON_TSAN
  from.tsan_fiber = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(p.own_stack->tsan_fiber, 0);
#endif
  const boost::context::detail::transfer_t t = boost::context::detail::jump_fcontext(p.context, &at);
#ifdef PERRON_ASAN
  __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#endif
  p.context = t.fctx;
  p.exception_globals = globals;
  globals = {};
  p.saved_errno = thread_errno;
}

/// From the process's stack: back to whichever carrier runs it now; returns when some carrier switches in
/// again. Nothing may keep a thread_local address across this call.
[[gnu::always_inline]] inline void switch_out() noexcept {
  carrier* c = this_carrier();
#ifdef PERRON_ASAN
  void* fake = nullptr;
  __sanitizer_start_switch_fiber(&fake, c->asan_bottom, c->asan_size);
#endif
#ifdef PERRON_TSAN
  __tsan_switch_to_fiber(c->tsan_fiber, 0);
#endif
  const boost::context::detail::transfer_t t =
      boost::context::detail::jump_fcontext(c->home_context, nullptr);
  c = static_cast<landing*>(t.data)->c;
#ifdef PERRON_ASAN
  __sanitizer_finish_switch_fiber(fake, &c->asan_bottom, &c->asan_size);
#endif
  c->home_context = t.fctx;
}

/// Process: into the engine for good, which ends in a switch.
inline void enter_engine(carrier& c) noexcept {
  if (!c.gate.is_inside() && !c.gate.enter())
    await_decision(c);
}

/// Process: switches out; the carrier then does `what` with it.
[[gnu::always_inline]] inline void suspend(after_switch what) noexcept {
  carrier& c = *this_carrier();
  enter_engine(c);
  c.after = what;
  switch_out();
}

} // namespace perron::runtime::core
