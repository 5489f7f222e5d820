// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/context.hpp>

#include <perron/runtime/core/context_switch.hpp>
#include <perron/runtime/core/lifecycle.hpp>

#include <exception>

#ifdef PERRON_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace perron::runtime::core {

namespace bc = boost::context::detail;

namespace {

// Functions that never return would stay on ThreadSanitizer's stack of the fiber, which serves process after
// process.
#ifdef PERRON_TSAN
#define PERRON_NEVER_RETURNS [[gnu::no_sanitize_thread]]
#else
#define PERRON_NEVER_RETURNS
#endif

PERRON_NEVER_RETURNS void process_entry(bc::transfer_t t) noexcept {
  auto* at = static_cast<landing*>(t.data);
  process& p = *at->p;
  carrier* c = at->c;
#ifdef PERRON_ASAN
  __sanitizer_finish_switch_fiber(nullptr, &c->asan_bottom, &c->asan_size);
#endif
  c->home_context = t.fctx;
  process_main(p);
  switch_out_for_good();
}

} // namespace

void prepare_context(process& p) noexcept {
#ifdef PERRON_ASAN
  __asan_unpoison_memory_region(p.own_stack->base + stack::guard_bytes,
                                p.own_stack->bytes - stack::guard_bytes);
#endif
#ifdef PERRON_TSAN
  if (p.own_stack->tsan_fiber == nullptr)
    p.own_stack->tsan_fiber = __tsan_create_fiber(0);
#endif
  p.context = bc::make_fcontext(p.own_stack->top(), p.own_stack->bytes - stack::guard_bytes, &process_entry);
}

PERRON_NEVER_RETURNS void switch_out_for_good() noexcept {
  carrier* c = this_carrier();
#ifdef PERRON_ASAN
  __sanitizer_start_switch_fiber(nullptr, c->asan_bottom, c->asan_size);
#endif
#ifdef PERRON_TSAN
  __tsan_switch_to_fiber(c->tsan_fiber, 0);
#endif
  bc::jump_fcontext(c->home_context, nullptr);
  std::terminate();
}

void forget_stack(stack& s) noexcept {
#ifdef PERRON_ASAN
  __asan_unpoison_memory_region(s.base, s.bytes);
#endif
#ifdef PERRON_TSAN
  if (s.tsan_fiber != nullptr)
    __tsan_destroy_fiber(s.tsan_fiber);
#endif
  s.tsan_fiber = nullptr;
}

} // namespace perron::runtime::core
