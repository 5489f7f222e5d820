// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/report/symbolise.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>

#include <dlfcn.h>
#include <sys/mman.h>

namespace perron::runtime {

// Not in the anonymous namespace: their names are what is tested.
namespace symbolise_test {

[[gnu::noinline]] void* known_function() { return __builtin_return_address(0); }

constexpr int known_caller_line = __LINE__ + 2;
[[gnu::noinline]] void* known_caller(int) {
  void* at = known_function();
  asm volatile("" : "+r"(at));
  return at;
}

constexpr int swallowed_line = __LINE__ + 2;
[[gnu::always_inline]] inline void* swallowed() {
  void* at = known_function();
  asm volatile("" : "+r"(at));
  return at;
}

constexpr int swallower_line = __LINE__ + 2;
[[gnu::noinline]] void* swallower() {
  void* at = swallowed();
  asm volatile("" : "+r"(at));
  return at;
}

} // namespace symbolise_test

namespace {

TEST(symbolise, names_function_file_and_line_of_a_call) {
  symboliser symbols;
  const auto frames = symbols.lookup(symbolise_test::known_caller(1));
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].function, "perron::runtime::symbolise_test::known_caller(int)");
  EXPECT_TRUE(frames[0].file.ends_with("symbolise_test.cpp")) << frames[0].file;
  EXPECT_EQ(frames[0].line, symbolise_test::known_caller_line);
  EXPECT_FALSE(frames[0].inlined);
}

TEST(symbolise, names_inlined_functions_before_the_one_they_are_in) {
  symboliser symbols;
  const auto frames = symbols.lookup(symbolise_test::swallower());
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_TRUE(frames[0].function.starts_with("perron::runtime::symbolise_test::swallowed"))
      << frames[0].function;
  EXPECT_EQ(frames[0].line, symbolise_test::swallowed_line);
  EXPECT_TRUE(frames[0].inlined);
  EXPECT_EQ(frames[1].function, "perron::runtime::symbolise_test::swallower()");
  EXPECT_EQ(frames[1].line, symbolise_test::swallower_line);
  EXPECT_FALSE(frames[1].inlined);
}

TEST(symbolise, names_functions_of_shared_objects_by_their_symbol) {
  void* const strtol_address = ::dlsym(RTLD_DEFAULT, "strtol");
  ASSERT_NE(strtol_address, nullptr);
  symboliser symbols;
  const auto frames = symbols.lookup(static_cast<char*>(strtol_address) + 1);
  ASSERT_FALSE(frames.empty());
  EXPECT_NE(frames.back().function.find("strtol"), std::string::npos) << frames.back().function;
  EXPECT_FALSE(frames.back().file.empty());
}

TEST(symbolise, notices_a_module_loaded_later) {
  symboliser symbols;
  symbols.lookup(symbolise_test::known_caller(1));
  void* const library = ::dlopen("libBrokenLocale.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    GTEST_SKIP() << ::dlerror();
  void* const entry = ::dlsym(library, "__ctype_get_mb_cur_max");
  ASSERT_NE(entry, nullptr);
  const auto frames = symbols.lookup(static_cast<char*>(entry) + 1);
  EXPECT_EQ(frames.back().function, "__ctype_get_mb_cur_max");
  EXPECT_FALSE(frames.back().file.empty());
  ::dlclose(library);
}

TEST(symbolise, survives_addresses_that_are_no_code) {
  symboliser symbols;
  int on_the_stack = 0;
  void* const anonymous = ::mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (const void* address : {static_cast<const void*>(nullptr), reinterpret_cast<const void*>(1),
                              static_cast<const void*>(&on_the_stack), static_cast<const void*>(anonymous),
                              reinterpret_cast<const void*>(~std::uintptr_t{0})}) {
    const auto frames = symbols.lookup(address);
    ASSERT_EQ(frames.size(), 1u);
    EXPECT_FALSE(frames[0].function.empty());
  }
  ::munmap(anonymous, 4096);
  EXPECT_EQ(symbols.lookup(nullptr)[0].function, "0x0");
}

TEST(symbolise, text_leaves_out_what_is_unknown) {
  EXPECT_EQ(to_string({"f()", "a.cpp", 3, false}), "f() (a.cpp:3)");
  EXPECT_EQ(to_string({"f()", "a.cpp", 3, true}), "f() (a.cpp:3) [inlined]");
  EXPECT_EQ(to_string({"f()", "/lib/x.so", 0, false}), "f() (/lib/x.so)");
  EXPECT_EQ(to_string({"0x1234", "", 0, false}), "0x1234");
}

} // namespace
} // namespace perron::runtime
