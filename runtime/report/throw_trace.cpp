// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/report/throw_trace.hpp>

#include <perron/runtime/unwinding/raise.hpp>

#include <cstdlib>
#include <cstring>

#include <cxxabi.h>
#include <dlfcn.h>
#include <unwind.h>

namespace perron::runtime {
namespace {

thread_local throw_record* record_of_thread = nullptr;

using throw_function = void (*)(void*, std::type_info*, void (*)(void*));

struct walk {
  throw_record* record;
  void* thrower;
  bool above_thrower;
};

/// False: that is enough.
bool visit(void* argument, void* at) {
  auto& walk = *static_cast<struct walk*>(argument);
  // The frames below the thrower are this file's own.
  if (!walk.above_thrower) {
    walk.above_thrower = at == walk.thrower;
    return true;
  }
  if (walk.record->depth == throw_record::most_frames)
    return false;
  walk.record->frames[walk.record->depth++] = at;
  return true;
}

_Unwind_Reason_Code visit_by_libgcc(_Unwind_Context* context, void* argument) {
  void* const at = reinterpret_cast<void*>(_Unwind_GetIP(context));
  return at != nullptr && visit(argument, at) ? _URC_NO_REASON : _URC_END_OF_STACK;
}

/// A process's stack ends in a frame without unwind information, where the walk stops by itself.
void capture(throw_record& record, void* object, const std::type_info* type, void* thrower) noexcept {
  record.object = object;
  record.type = type;
  record.frames[0] = thrower;
  record.depth = 1;
  walk state{&record, thrower, false};
  if (unwinding::walk_stack(&visit, &state))
    return;
  record.depth = 1;
  state = {&record, thrower, false};
  _Unwind_Backtrace(visit_by_libgcc, &state);
}

} // namespace

bool throw_record::tells_of(const std::exception_ptr& thrown) const noexcept {
  static_assert(sizeof thrown == sizeof object,
                "libstdc++ keeps the address of the exception and nothing else");
  const void* address = nullptr;
  std::memcpy(&address, static_cast<const void*>(&thrown), sizeof address);
  return address != nullptr && address == object;
}

bool throw_record::passes_over(const std::type_info* thrown) const noexcept {
  return thrown == unrecorded[0] || thrown == unrecorded[1];
}

// These two stay calls, and the empty asm keeps them from looking pure: a process may continue on another
// thread, and the compiler must not reuse the address of the first one's variable.
[[gnu::noinline]] void set_throw_record(throw_record* record) noexcept {
  asm volatile("" ::: "memory");
  record_of_thread = record;
}

[[gnu::noinline]] throw_record* current_throw_record() noexcept {
  asm volatile("" ::: "memory");
  return record_of_thread;
}

} // namespace perron::runtime

// clang's ASan links its interceptor into the program under this name; ours takes the place of its
// __cxa_throw. (gcc's is in a shared object and found like the library's.)
extern "C" [[gnu::weak]] void __interceptor___cxa_throw(void*, std::type_info*, void (*)(void*));

extern "C" [[gnu::noinline, gnu::visibility("default")]] void __cxa_throw(void* object, std::type_info* type,
                                                                          void (*destroy)(void*)) {
  using namespace perron::runtime;
  static const auto next = &__interceptor___cxa_throw != nullptr
                               ? &__interceptor___cxa_throw
                               : reinterpret_cast<throw_function>(::dlsym(RTLD_NEXT, "__cxa_throw"));
  if (throw_record* const record = current_throw_record(); record != nullptr && !record->passes_over(type))
    capture(*record, object, type, __builtin_return_address(0));
  if (next != nullptr)
    next(object, type, destroy);
  std::abort();
}
