// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "support/sanitizers.hpp"

#include <boost/context/detail/fcontext.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

#if defined(PERRON_ASAN)
#include <sanitizer/common_interface_defs.h>
#elif defined(PERRON_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

namespace perron::interleave::detail {

/// One side of a switch, as the sanitizer that is compiled in, if any, knows it.
struct sanitizer_view {
  const void* bottom = nullptr;
  std::size_t size = 0;
  void* state = nullptr; ///< ASan: the fake stack while switched out; TSan: its fiber

  void leave_for([[maybe_unused]] const sanitizer_view& other) {
#if defined(PERRON_ASAN)
    __sanitizer_start_switch_fiber(&state, other.bottom, other.size);
#elif defined(PERRON_TSAN)
    __tsan_switch_to_fiber(other.state, 0);
#endif
  }

  /// `other` learns where it came from.
  void came_from([[maybe_unused]] sanitizer_view& other) {
#if defined(PERRON_ASAN)
    __sanitizer_finish_switch_fiber(state, &other.bottom, &other.size);
#endif
  }
};

/// A stack of its own, on which one body runs after the other.
class coroutine {
public:
  coroutine() : memory_(new char[stack_size]) {
    context_ =
        boost::context::detail::make_fcontext(memory_.get() + stack_size, stack_size, &coroutine::main);
    inside_view_.bottom = memory_.get();
    inside_view_.size = stack_size;
#if defined(PERRON_TSAN)
    inside_view_.state = __tsan_create_fiber(0);
    outside_view_.state = __tsan_get_current_fiber();
#endif
  }
  coroutine(const coroutine&) = delete;
  coroutine& operator=(const coroutine&) = delete;
  ~coroutine() {
#if defined(PERRON_TSAN)
    __tsan_destroy_fiber(inside_view_.state);
#endif
  }

  /// What the next resume() begins with. The last body has ended.
  void start(std::function<void()> body) { body_ = std::move(body); }

  /// From outside: runs until the body calls suspend() or ends.
  void resume() {
    outside_view_.leave_for(inside_view_);
    context_ = boost::context::detail::jump_fcontext(context_, this).fctx;
    outside_view_.came_from(inside_view_);
  }

  void suspend() {
    inside_view_.leave_for(outside_view_);
    outside_ = boost::context::detail::jump_fcontext(outside_, nullptr).fctx;
    inside_view_.came_from(outside_view_);
  }

private:
  static constexpr std::size_t stack_size = 128 * 1024;

  static void main(boost::context::detail::transfer_t from) {
    auto& self = *static_cast<coroutine*>(from.data);
    self.outside_ = from.fctx;
    self.inside_view_.came_from(self.outside_view_);
    for (;;) {
      self.body_();
      self.suspend();
    }
  }

  std::unique_ptr<char[]> memory_;
  boost::context::detail::fcontext_t context_ = nullptr;
  boost::context::detail::fcontext_t outside_ = nullptr;
  std::function<void()> body_;
  sanitizer_view inside_view_;
  sanitizer_view outside_view_;
};

} // namespace perron::interleave::detail
