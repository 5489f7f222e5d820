// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/context.hpp>

#include <perron/runtime/core/carrier.hpp>
#include <perron/runtime/core/lifecycle.hpp>
#include <perron/runtime/core/process.hpp>
#include <perron/runtime/core/stack_pool.hpp>

#include <boost/context/detail/fcontext.hpp>
#include <cxxabi.h>

#include <cerrno>
#include <cstring>
#include <exception>

#if defined(__SANITIZE_ADDRESS__)
#define PERRON_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PERRON_ASAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define PERRON_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define PERRON_TSAN 1
#endif
#endif

#ifdef PERRON_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef PERRON_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace perron::runtime::core {

namespace bc = boost::context::detail;

namespace {

using exception_globals = std::array<void*, 2>;

// The C++ ABI keeps the caught exceptions and the number of uncaught ones in two words per thread.
exception_globals& thread_exception_globals() noexcept {
  static_assert(sizeof(void*) == 8);
  return *reinterpret_cast<exception_globals*>(abi::__cxa_get_globals());
}

[[gnu::noinline]] int& thread_errno() noexcept { return errno; }

struct landing {
  process* p;
  carrier* c;
};

#ifdef PERRON_ASAN
void leave_for(void** fake, const void* bottom, std::size_t size) noexcept {
  __sanitizer_start_switch_fiber(fake, bottom, size);
}
void arrived(void* fake, const void** bottom, std::size_t* size) noexcept {
  __sanitizer_finish_switch_fiber(fake, bottom, size);
}
#endif

void process_entry(bc::transfer_t t) noexcept {
  auto* at = static_cast<landing*>(t.data);
  process& p = *at->p;
  carrier* c = at->c;
#ifdef PERRON_ASAN
  arrived(nullptr, &c->asan_bottom, &c->asan_size);
#endif
  c->home_context = t.fctx;
  process_main(p);
  switch_out_for_good(p);
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

void switch_in(carrier& from, process& p) noexcept {
  exception_globals& globals = from.exception_globals != nullptr
                                   ? *static_cast<exception_globals*>(from.exception_globals)
                                   : thread_exception_globals();
  from.exception_globals = &globals;
  globals = p.exception_globals;
  thread_errno() = p.saved_errno;
  landing at{&p, &from};
#ifdef PERRON_ASAN
  void* fake = nullptr;
  leave_for(&fake, p.own_stack->base + stack::guard_bytes, p.own_stack->bytes - stack::guard_bytes);
#endif
#ifdef PERRON_TSAN
  from.tsan_fiber = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(p.own_stack->tsan_fiber, 0);
#endif
  const bc::transfer_t t = bc::jump_fcontext(p.context, &at);
#ifdef PERRON_ASAN
  arrived(fake, nullptr, nullptr);
#endif
  p.context = t.fctx;
  p.exception_globals = globals;
  globals = {};
  p.saved_errno = thread_errno();
}

void switch_out(process& p) noexcept {
  carrier* c = this_carrier();
#ifdef PERRON_ASAN
  void* fake = nullptr;
  leave_for(&fake, c->asan_bottom, c->asan_size);
#endif
#ifdef PERRON_TSAN
  __tsan_switch_to_fiber(c->tsan_fiber, 0);
#endif
  const bc::transfer_t t = bc::jump_fcontext(c->home_context, nullptr);
  c = static_cast<landing*>(t.data)->c;
#ifdef PERRON_ASAN
  arrived(fake, &c->asan_bottom, &c->asan_size);
#endif
  c->home_context = t.fctx;
  static_cast<void>(p);
}

void switch_out_for_good(process& p) noexcept {
  carrier* c = this_carrier();
#ifdef PERRON_ASAN
  leave_for(nullptr, c->asan_bottom, c->asan_size);
#endif
#ifdef PERRON_TSAN
  __tsan_switch_to_fiber(c->tsan_fiber, 0);
#endif
  static_cast<void>(p);
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
