// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <alloca.h>

// Ways from a throw to its handler, each of which writes down what happened.
namespace perron::runtime::unwinding {
namespace {

/// What happened, in words; each shape below writes one.
thread_local std::string events;

void note(const std::string& what) { events += what + ' '; }

struct noted {
  const char* name;
  explicit noted(const char* n) : name(n) {}
  ~noted() { note(name); }
  noted(const noted&) = delete;
  noted& operator=(const noted&) = delete;
};

struct left {
  int a = 1;
  virtual ~left() = default;
};
struct right {
  int b = 2;
  virtual ~right() = default;
};
struct both : left, right {
  int c = 3;
};
struct shared_base {
  int s = 9;
  virtual ~shared_base() = default;
};
struct over : virtual shared_base {
  long filler[4] = {};
};

/// The compiler shall not know.
volatile bool always = true;

template <class E>
[[gnu::noinline]] void throw_it(E e) {
  const noted cleanup("thrower");
  if (always)
    throw e; // NOLINT(misc-throw-by-value-catch-by-reference)
}

/// Six values that live in the registers that a call leaves alone, or on the stack: they must be the same in
/// the handler.
template <class E>
[[gnu::noinline]] long with_full_registers(long a, long b, long c, long d, long e, long f, E thrown) {
  asm volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f));
  const long g = a * b;
  const long h = c * d;
  try {
    const noted cleanup("registers");
    throw_it(thrown);
  } catch (const std::logic_error&) {
    return a + 10 * b + 100 * c + 1000 * d + 10000 * e + 100000 * f + g + h;
  }
  return 0;
}

template <class E>
[[gnu::noinline]] void from_deep(int depth, E thrown) {
  const noted cleanup("d");
  if (depth != 0)
    from_deep(depth - 1, thrown);
  else
    throw_it(thrown);
  asm volatile("");
}

[[gnu::noinline]] int of_variable_size(std::size_t n) {
  auto* bytes = static_cast<char*>(alloca(n));
  std::memset(bytes, 'x', n);
  const noted cleanup("alloca");
  try {
    throw_it(1);
  } catch (long) {
    note("wrong");
  }
  return bytes[n - 1];
}

[[gnu::noinline]] void aligned_far(int n) {
  alignas(256) char bytes[512];
  std::memset(bytes, n, sizeof bytes);
  asm volatile("" : : "r"(static_cast<char*>(bytes)) : "memory");
  const noted cleanup("aligned");
  throw_it(std::runtime_error("over an aligned frame"));
}

// Small code pushes arguments; clang does not know the attributes.
#ifdef __clang__
#define PERRON_PUSHES_ARGUMENTS [[gnu::noinline]]
#else
#define PERRON_PUSHES_ARGUMENTS [[gnu::noipa, gnu::optimize("Os")]]
#endif

[[gnu::always_inline]] inline std::uint64_t stack_pointer() {
  std::uint64_t value = 0;
#ifdef __x86_64__
  asm volatile("movq %%rsp, %0" : "=r"(value));
#endif
  return value;
}

PERRON_PUSHES_ARGUMENTS void many_arguments(int a, int b, int c, int d, int e, int f, int g, int h, int i,
                                            int j) {
  asm volatile("" : : "r"(a), "r"(b), "r"(c), "r"(d), "m"(e), "m"(f), "m"(g), "m"(h), "m"(i), "m"(j));
  throw_it(a + b + c + d + e + f + g + h + i + j);
}

PERRON_PUSHES_ARGUMENTS int pushes_arguments(int n) {
  const noted cleanup("pushes");
  const std::uint64_t before = stack_pointer();
  try {
    many_arguments(n, 2, 3, 4, 5, 6, 7, 8, 9, 10);
  } catch (int sum) {
    // the landing is without the arguments
    return stack_pointer() == before ? sum : -1;
  }
  return 0;
}

template <class E>
[[gnu::noinline]] void rethrows(E thrown) {
  try {
    from_deep(2, thrown);
  } catch (...) {
    const noted in_handler("handler");
    throw;
  }
}

struct throws_within {
  ~throws_within() {
    const noted cleanup("destructor");
    try {
      from_deep(1, 7);
    } catch (int seven) {
      note(std::to_string(seven) + "/" + std::to_string(std::uncaught_exceptions()));
    }
  }
};

struct throws_out {
  ~throws_out() noexcept(false) { throw_it(std::logic_error("from a destructor")); }
};

int compare_by_throwing(const void*, const void*) {
  throw_it(std::runtime_error("out of qsort"));
  return 0;
}

void cpp_through_c() {
  const noted cleanup("c");
  int numbers[] = {3, 2, 1};
  std::qsort(static_cast<int*>(numbers), 3, sizeof(int), compare_by_throwing);
}

struct shape {
  const char* name;
  void (*run)();
};

/// Its function has cleanups of C, which only libgcc knows how to do.
constexpr const char* through_pthread_once = "through pthread_once";

const shape shapes[] = {
    {"a value",
     [] {
       try {
         from_deep(3, 5);
       } catch (int i) {
         note("int " + std::to_string(i));
       }
     }},
    {"the first handler that fits",
     [] {
       try {
         try {
           from_deep(1, std::out_of_range("far"));
         } catch (const std::runtime_error&) {
           note("runtime_error");
         } catch (int) {
           note("int");
         }
       } catch (const std::logic_error& e) {
         note(e.what());
       } catch (const std::exception&) {
         note("exception");
       }
     }},
    {"a base that is not the first",
     [] {
       try {
         from_deep(1, both());
       } catch (const right& r) {
         note("right " + std::to_string(r.b));
       }
     }},
    {"a virtual base",
     [] {
       try {
         from_deep(1, over());
       } catch (shared_base& s) {
         note("shared " + std::to_string(s.s));
       }
     }},
    {"a pointer",
     [] {
       static both object;
       try {
         from_deep(1, &object);
       } catch (const right* r) {
         note("pointer " + std::to_string(r->b));
       }
     }},
    {"a null pointer",
     [] {
       try {
         from_deep(1, nullptr);
       } catch (const char* text) {
         note(text == nullptr ? "null" : "no");
       }
     }},
    {"a pointer that does not fit",
     [] {
       try {
         try {
           from_deep(1, static_cast<const char*>("text"));
         } catch (const int*) {
           note("wrong");
         }
       } catch (const void*) {
         note("void*");
       }
     }},
    {"anything",
     [] {
       try {
         from_deep(1, std::string("thrown"));
       } catch (...) {
         note(std::to_string(std::uncaught_exceptions()));
       }
       note(std::current_exception() == nullptr ? "none" : "one");
     }},
    {"registers",
     [] {
       note(std::to_string(with_full_registers(1, 2, 3, 4, 5, 6, std::logic_error("x"))));
       try {
         note(std::to_string(with_full_registers(7, 8, 9, 1, 2, 3, 'c')));
       } catch (char c) {
         note(std::string(1, c));
       }
     }},
    {"a frame of variable size",
     [] {
       for (std::size_t n : {1U, 100U, 5000U})
         try {
           of_variable_size(n);
         } catch (int) {
           note("int");
         }
     }},
    {"an aligned frame",
     [] {
       try {
         aligned_far(1);
       } catch (const std::exception& e) {
         note(e.what());
       }
     }},
    {"pushed arguments", [] { note(std::to_string(pushes_arguments(1))); }},
    {"rethrown",
     [] {
       try {
         rethrows(std::out_of_range("again"));
       } catch (const std::out_of_range& e) {
         note(e.what());
       }
     }},
    {"rethrown to another thread",
     [] {
       std::exception_ptr kept;
       std::thread([&] {
         try {
           from_deep(1, both());
         } catch (...) {
           kept = std::current_exception();
         }
       }).join();
       for (int i = 0; i < 2; ++i)
         try {
           const noted cleanup("rethrower");
           std::rethrow_exception(kept);
         } catch (const right& r) {
           note("right " + std::to_string(r.b));
           try {
             throw;
           } catch (const left& l) {
             note("left " + std::to_string(l.a));
           }
         }
     }},
    {"while unwinding",
     [] {
       try {
         const throws_within inner;
         from_deep(1, std::logic_error("outer"));
       } catch (const std::logic_error& e) {
         note(e.what());
       }
     }},
    {"out of a destructor",
     [] {
       try {
         const noted cleanup("scope");
         const throws_out inner;
       } catch (const std::logic_error& e) {
         note(e.what());
       }
     }},
    {"out of a handler",
     [] {
       try {
         try {
           from_deep(1, 1);
         } catch (int i) {
           from_deep(1, std::to_string(i) + " replaced");
         }
       } catch (const std::string& s) {
         note(s);
       }
     }},
    {"nested exceptions",
     [] {
       try {
         try {
           from_deep(0, std::logic_error("inner"));
         } catch (...) {
           std::throw_with_nested(std::runtime_error("outer"));
         }
       } catch (const std::runtime_error& e) {
         note(e.what());
         try {
           std::rethrow_if_nested(e);
         } catch (const std::logic_error& within) {
           note(within.what());
         }
       }
     }},
    {"through C",
     [] {
       try {
         cpp_through_c();
       } catch (const std::runtime_error& e) {
         note(e.what());
       }
     }},
    {through_pthread_once,
     [] {
       std::once_flag once;
       try {
         std::call_once(once, [] { from_deep(1, 1); });
       } catch (int) {
         note("call_once");
       }
     }},
    {"through the C++ library",
     [] {
       const std::vector<int> numbers{1, 2, 3};
       try {
         note(std::to_string(numbers.at(7)));
       } catch (const std::out_of_range&) {
         note("at");
       }
       try {
         note(std::to_string(std::stoi("x")));
       } catch (const std::invalid_argument& e) {
         note(e.what());
       }
     }},
};

} // namespace
} // namespace perron::runtime::unwinding
