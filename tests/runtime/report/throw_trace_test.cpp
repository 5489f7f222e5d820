// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/report/throw_trace.hpp>

#include <perron/runtime/core/instrumented.hpp>
#include <perron/runtime/report/symbolise.hpp>

#include <gtest/gtest.h>

#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/context/detail/fcontext.hpp>

#ifdef PERRON_ASAN
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef PERRON_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace perron::runtime {

// Not in the anonymous namespace: their names are what is tested.
namespace throw_trace_test {

[[gnu::noinline]] void innermost(int depth) {
  if (depth == 0)
    throw std::runtime_error("thrown on purpose");
  innermost(depth - 1);
  asm volatile("");
}

[[gnu::noinline]] void outermost(int depth) {
  innermost(depth);
  asm volatile("");
}

} // namespace throw_trace_test

namespace {

using throw_trace_test::outermost;

class recording {
public:
  recording() { set_throw_record(&record); }
  ~recording() { set_throw_record(nullptr); }
  recording(const recording&) = delete;
  recording& operator=(const recording&) = delete;

  throw_record record;
};

std::vector<std::string> functions(const throw_record& record) {
  symboliser symbols;
  std::vector<std::string> names;
  names.reserve(static_cast<std::size_t>(record.depth));
  for (int i = 0; i < record.depth; ++i)
    names.push_back(symbols.lookup(record.frames[i]).back().function);
  return names;
}

bool names(const std::string& function, const char* part) { return function.find(part) != std::string::npos; }

/// Runs `body` on a stack of 64 KiB made by Boost.Context, as a process runs.
class fiber_stack {
public:
  void run(std::function<void()> body) {
    body_ = std::move(body);
    namespace context = boost::context::detail;
    const auto entry = context::make_fcontext(memory_.get() + size, size, &fiber_stack::start);
#ifdef PERRON_ASAN
    void* own_fake_stack = nullptr;
    __sanitizer_start_switch_fiber(&own_fake_stack, memory_.get(), size);
#endif
#ifdef PERRON_TSAN
    home_ = __tsan_get_current_fiber();
    void* const fiber = __tsan_create_fiber(0);
    __tsan_switch_to_fiber(fiber, 0);
#endif
    context::jump_fcontext(entry, this);
#ifdef PERRON_ASAN
    __sanitizer_finish_switch_fiber(own_fake_stack, nullptr, nullptr);
#endif
#ifdef PERRON_TSAN
    __tsan_destroy_fiber(fiber);
#endif
  }

private:
  static constexpr std::size_t size = std::size_t{64} * 1024;

  static void start(boost::context::detail::transfer_t from) {
    auto* const self = static_cast<fiber_stack*>(from.data);
#ifdef PERRON_ASAN
    const void* bottom = nullptr;
    std::size_t length = 0;
    __sanitizer_finish_switch_fiber(nullptr, &bottom, &length);
#endif
    self->body_();
    self->body_ = nullptr;
#ifdef PERRON_ASAN
    __sanitizer_start_switch_fiber(nullptr, bottom, length);
#endif
#ifdef PERRON_TSAN
    __tsan_switch_to_fiber(self->home_, 0);
#endif
    boost::context::detail::jump_fcontext(from.fctx, nullptr);
  }

  std::unique_ptr<char[]> memory_ = std::make_unique<char[]>(size);
  std::function<void()> body_;
  [[maybe_unused]] void* home_ = nullptr;
};

TEST(throw_trace, records_the_stack_of_the_throw) {
  recording trace;
  EXPECT_THROW(outermost(1), std::runtime_error);
  const auto stack = functions(trace.record);
  ASSERT_GE(stack.size(), 3u);
  EXPECT_TRUE(names(stack[0], "throw_trace_test::innermost")) << stack[0];
  EXPECT_TRUE(names(stack[1], "throw_trace_test::innermost")) << stack[1];
  EXPECT_TRUE(names(stack[2], "throw_trace_test::outermost")) << stack[2];
  ASSERT_NE(trace.record.type, nullptr);
  EXPECT_EQ(*trace.record.type, typeid(std::runtime_error));
}

TEST(throw_trace, a_thread_without_a_record_just_throws) {
  EXPECT_EQ(current_throw_record(), nullptr);
  EXPECT_THROW(outermost(1), std::runtime_error);
  recording trace;
  std::thread([] {
    EXPECT_EQ(current_throw_record(), nullptr);
    EXPECT_THROW(outermost(1), std::runtime_error);
  }).join();
  EXPECT_EQ(trace.record.depth, 0);
}

TEST(throw_trace, keeps_the_innermost_frames_of_a_deep_stack) {
  recording trace;
  EXPECT_THROW(outermost(100), std::runtime_error);
  EXPECT_EQ(trace.record.depth, throw_record::most_frames);
  EXPECT_TRUE(names(functions(trace.record).back(), "innermost"));
}

TEST(throw_trace, records_throws_of_shared_objects) {
  recording trace;
  EXPECT_THROW((void)std::string("short").at(100), std::out_of_range);
  EXPECT_EQ(*trace.record.type, typeid(std::out_of_range));
  EXPECT_GE(trace.record.depth, 2);
}

TEST(throw_trace, rethrowing_keeps_the_first_throw) {
  recording trace;
  const auto rethrow = [] {
    try {
      outermost(0);
    } catch (...) {
      throw;
    }
  };
  EXPECT_THROW(rethrow(), std::runtime_error);
  EXPECT_TRUE(names(functions(trace.record)[0], "throw_trace_test::innermost"));
}

TEST(throw_trace, passes_over_what_is_no_error) {
  recording trace;
  trace.record.unrecorded[1] = &typeid(int);
  EXPECT_THROW(throw 42, int);
  EXPECT_EQ(trace.record.depth, 0);
  EXPECT_THROW(outermost(1), std::runtime_error);
  EXPECT_GE(trace.record.depth, 3);
}

TEST(throw_trace, knows_which_exception_it_tells_of) {
  recording trace;
  std::exception_ptr first;
  try {
    outermost(0);
  } catch (...) {
    first = std::current_exception();
  }
  EXPECT_TRUE(trace.record.tells_of(first));
  EXPECT_FALSE(trace.record.tells_of(nullptr));
  try {
    throw 42;
  } catch (...) {
    EXPECT_TRUE(trace.record.tells_of(std::current_exception()));
    EXPECT_EQ(*trace.record.type, typeid(int));
  }
  EXPECT_FALSE(trace.record.tells_of(first));
}

TEST(throw_trace, stops_at_the_bottom_of_a_process_stack) {
  fiber_stack stack;
  recording trace;
  for (int round = 0; round < 3; ++round) {
    stack.run([] {
      try {
        outermost(2);
      } catch (const std::runtime_error&) {
      }
    });
  }
  const auto functions_seen = functions(trace.record);
  ASSERT_GE(functions_seen.size(), 5u);
  EXPECT_LT(functions_seen.size(), 16u);
  EXPECT_TRUE(names(functions_seen[0], "throw_trace_test::innermost"));
  EXPECT_TRUE(names(functions_seen[3], "throw_trace_test::outermost"));
  bool saw_entry = false;
  for (const auto& function : functions_seen)
    saw_entry = saw_entry || names(function, "fiber_stack::start");
  EXPECT_TRUE(saw_entry);
}

TEST(throw_trace, fills_its_record_on_a_process_stack) {
  fiber_stack stack;
  recording trace;
  stack.run([] { EXPECT_THROW(outermost(200), std::runtime_error); });
  EXPECT_EQ(trace.record.depth, throw_record::most_frames);
}

} // namespace
} // namespace perron::runtime
