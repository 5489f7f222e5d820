// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/unwinding/raise.hpp>

#include <perron/runtime/unwinding/frame_table.hpp>

#ifdef PERRON_FAST_UNWINDING

#include <exception>
#include <typeinfo>

#include <dlfcn.h>
#include <unwind.h>

namespace perron::runtime::unwinding {
namespace {

/// What stands before every exception of C++ (Itanium C++ ABI, exception handling, 2.2.1, and unwind-cxx.h of
/// libstdc++, which does not change it either).
struct exception_header {
  const std::type_info* type; ///< of a dependent one: the exception itself, which has its own header
  void (*destroy)(void*);
  void (*unexpected_handler)();
  void (*terminate_handler)();
  exception_header* next;
  int handler_count;
  int selector;
  const std::uint8_t* action;
  const std::uint8_t* language_data;
  std::uint64_t pad;
  void* object;
  _Unwind_Exception unwind;
};
static_assert(sizeof(exception_header) == 112 && offsetof(exception_header, unwind) == 80);

constexpr std::uint64_t cpp_class = 0x474e5543432b2b00;  // "GNUCC++"
constexpr std::uint64_t dependent_class = cpp_class + 1; // made by std::rethrow_exception

exception_header& header_of(_Unwind_Exception* e) noexcept {
  return *reinterpret_cast<exception_header*>(reinterpret_cast<char*>(e + 1) - sizeof(exception_header));
}

bool is_cpp(const _Unwind_Exception* e) noexcept {
  return e->exception_class == cpp_class || e->exception_class == dependent_class;
}

void* thrown_object(_Unwind_Exception* e) noexcept {
  if (e->exception_class == cpp_class)
    return e + 1;
  void* primary = nullptr;
  std::memcpy(&primary, &header_of(e).type, sizeof primary);
  return primary;
}

/// Goes on in a landing pad.
[[noreturn]] void land(registers& r, const frame& at, std::uint64_t pad, _Unwind_Exception* e,
                       std::int64_t selector) noexcept {
  r.value[registers::sp] += at.rule.argument_bytes;
  asm volatile("movq 0(%%rcx), %%rbx\n\t"
               "movq 8(%%rcx), %%rbp\n\t"
               "movq 16(%%rcx), %%r12\n\t"
               "movq 24(%%rcx), %%r13\n\t"
               "movq 32(%%rcx), %%r14\n\t"
               "movq 40(%%rcx), %%r15\n\t"
               "movq 48(%%rcx), %%rsp\n\t"
               "jmp *%%rsi"
               :
               : "c"(r.value.data()), "S"(pad), "a"(e), "d"(selector)
               : "memory");
  __builtin_unreachable();
}

using unwind_function = _Unwind_Reason_Code (*)(_Unwind_Exception*);

template <class F>
F of_libgcc(const char* name) noexcept {
  return reinterpret_cast<F>(::dlsym(RTLD_NEXT, name));
}

unwind_function libgcc_raise() noexcept {
  static const auto found = of_libgcc<unwind_function>("_Unwind_RaiseException");
  return found;
}
unwind_function libgcc_resume() noexcept {
  static const auto found = of_libgcc<unwind_function>("_Unwind_Resume");
  return found;
}
unwind_function libgcc_rethrow() noexcept {
  static const auto found = of_libgcc<unwind_function>("_Unwind_Resume_or_Rethrow");
  return found;
}

std::atomic<bool> libgcc_only{false};
std::atomic<std::uint64_t> libgcc_calls{0};

unwind_function counted(unwind_function f) noexcept {
  libgcc_calls.fetch_add(1, std::memory_order_relaxed);
  return f;
}

bool goes_on(const frame* at) noexcept {
  return at != nullptr && at->rule.known == frame_rule::knowledge::all && !at->landing.left_to_libgcc;
}

/// Looks for a handler, and remembers on the way where there is something to clean up first. Returns if there
/// is a frame that it does not know before the handler.
void raise(_Unwind_Exception* e, const registers& from) noexcept {
  exception_header& header = header_of(e);
  void* const object = thrown_object(e);
  const std::type_info* const type = header_of(static_cast<_Unwind_Exception*>(object) - 1).type;
  registers first_at; // NOLINT(cppcoreguidelines-pro-type-member-init): set with first_cleanup
  const frame* first_cleanup = nullptr;
  registers here = from;
  for (;;) {
    const frame* const at = find_frame(here.value[registers::pc]);
    if (!goes_on(at))
      return;
    if (at->landing.actions != 0) {
      if (const auto found = find_handler(at->landing, *type, object)) {
        header.selector = found->selector;
        header.action = found->action;
        header.language_data = at->landing.language_data;
        header.pad = at->landing.pad;
        header.object = found->object;
        e->private_1 = 0;
        e->private_2 = here.value[registers::sp];
        if (first_cleanup != nullptr)
          land(first_at, *first_cleanup, first_cleanup->landing.pad, e, 0);
        land(here, *at, header.pad, e, found->selector);
      }
    }
    if (at->landing.cleans && first_cleanup == nullptr) {
      first_at = here;
      first_cleanup = at;
    }
    at->step(here);
  }
}

} // namespace

extern "C" {

// Each gives the function of libgcc that is to go on, if it returns at all. A private_1 says that the
// unwinding is a forced one.
[[gnu::visibility("hidden"), gnu::used]] unwind_function
perron_unwinding_raise(_Unwind_Exception* e, const registers* from) noexcept {
  if (is_cpp(e) && !libgcc_only.load(std::memory_order_relaxed))
    raise(e, *from);
  return counted(libgcc_raise());
}

[[gnu::visibility("hidden"), gnu::used]] unwind_function
perron_unwinding_rethrow(_Unwind_Exception* e, const registers* from) noexcept {
  if (is_cpp(e) && e->private_1 == 0 && !libgcc_only.load(std::memory_order_relaxed))
    raise(e, *from);
  return counted(libgcc_rethrow());
}

[[gnu::visibility("hidden"), gnu::used]] unwind_function
perron_unwinding_resume(_Unwind_Exception* e, const registers* from) noexcept {
  if (!is_cpp(e) || e->private_1 != 0 || libgcc_only.load(std::memory_order_relaxed))
    return counted(libgcc_resume());
  const exception_header& header = header_of(e);
  registers here = *from;
  for (;;) {
    const frame* const at = find_frame(here.value[registers::pc]);
    if (!goes_on(at) || header.pad == 0 || header.selector < 0)
      return counted(libgcc_resume());
    if (here.value[registers::sp] == e->private_2)
      land(here, *at, header.pad, e, header.selector);
    if (at->landing.cleans)
      land(here, *at, at->landing.pad, e, 0);
    at->step(here);
  }
}

/// Calls `f` with the registers as its own caller finds them.
[[gnu::visibility("hidden")]] void
perron_unwinding_with_registers(void* argument,
                                void (*f)(void* argument, const registers*) noexcept) noexcept;
}

// As `registers` lays them out: what the caller finds after the return.
#define PERRON_SAVE_REGISTERS                                                                                \
  "movq %rbx, 0(%rsp)\n\t"                                                                                   \
  "movq %rbp, 8(%rsp)\n\t"                                                                                   \
  "movq %r12, 16(%rsp)\n\t"                                                                                  \
  "movq %r13, 24(%rsp)\n\t"                                                                                  \
  "movq %r14, 32(%rsp)\n\t"                                                                                  \
  "movq %r15, 40(%rsp)\n\t"                                                                                  \
  "leaq 80(%rsp), %rax\n\t"                                                                                  \
  "movq %rax, 48(%rsp)\n\t"                                                                                  \
  "movq 72(%rsp), %rax\n\t"                                                                                  \
  "movq %rax, 56(%rsp)\n\t"

// Each saves its caller's registers, calls, and goes on in the function that it is
// given, with everything as it was.
#define PERRON_UNWIND_FUNCTION(name, decide)                                                                 \
  asm(".text\n\t"                                                                                            \
      ".weak " name "\n\t"                                                                                   \
      ".type " name ", @function\n" name ":\n\t"                                                             \
      ".cfi_startproc\n\t"                                                                                   \
      "subq $72, %rsp\n\t"                                                                                   \
      ".cfi_adjust_cfa_offset 72\n\t" PERRON_SAVE_REGISTERS "movq %rdi, 64(%rsp)\n\t"                        \
      "movq %rsp, %rsi\n\t"                                                                                  \
      "call " decide "\n\t"                                                                                  \
      "movq 64(%rsp), %rdi\n\t"                                                                              \
      "addq $72, %rsp\n\t"                                                                                   \
      ".cfi_adjust_cfa_offset -72\n\t"                                                                       \
      "jmp *%rax\n\t"                                                                                        \
      ".cfi_endproc\n\t"                                                                                     \
      ".size " name ", .-" name)

PERRON_UNWIND_FUNCTION("_Unwind_RaiseException", "perron_unwinding_raise");
PERRON_UNWIND_FUNCTION("_Unwind_Resume", "perron_unwinding_resume");
PERRON_UNWIND_FUNCTION("_Unwind_Resume_or_Rethrow", "perron_unwinding_rethrow");

asm(".text\n\t"
    ".hidden perron_unwinding_with_registers\n\t"
    ".globl perron_unwinding_with_registers\n\t"
    ".type perron_unwinding_with_registers, @function\n"
    "perron_unwinding_with_registers:\n\t"
    ".cfi_startproc\n\t"
    "subq $72, %rsp\n\t"
    ".cfi_adjust_cfa_offset 72\n\t" PERRON_SAVE_REGISTERS "movq %rsi, %rax\n\t"
    "movq %rsp, %rsi\n\t"
    "call *%rax\n\t"
    "addq $72, %rsp\n\t"
    ".cfi_adjust_cfa_offset -72\n\t"
    "ret\n\t"
    ".cfi_endproc\n\t"
    ".size perron_unwinding_with_registers, .-perron_unwinding_with_registers");

bool walk_stack(bool (*visit)(void* argument, void* pc), void* argument) noexcept {
  struct walk {
    bool (*visit)(void* argument, void* pc);
    void* argument;
    bool known;
  } state{visit, argument, false};
  perron_unwinding_with_registers(&state, [](void* about, const registers* from) noexcept {
    auto& way = *static_cast<walk*>(about);
    registers here = *from;
    for (;;) {
      const frame* const at = find_frame(here.value[registers::pc]);
      way.known = at != nullptr && at->rule.known != frame_rule::knowledge::left_to_libgcc;
      if (!way.known || at->rule.known == frame_rule::knowledge::no_caller ||
          !way.visit(way.argument, reinterpret_cast<void*>(here.value[registers::pc])))
        return;
      at->step(here);
    }
  });
  return state.known;
}

void leave_to_libgcc(bool all) noexcept { libgcc_only.store(all, std::memory_order_relaxed); }
std::uint64_t left_to_libgcc() noexcept { return libgcc_calls.load(std::memory_order_relaxed); }

} // namespace perron::runtime::unwinding

#else

namespace perron::runtime::unwinding {

bool walk_stack(bool (*)(void* argument, void* pc), void*) noexcept { return false; }
void leave_to_libgcc(bool) noexcept {}
std::uint64_t left_to_libgcc() noexcept { return 0; }

} // namespace perron::runtime::unwinding

#endif
