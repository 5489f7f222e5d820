// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace perron::runtime {

/// Why a process ended, or why another one should. The plain kinds cost nothing to make and copy; a text is
/// kept in one shared, immutable block. Safe to copy between threads.
///
/// `normal` and `shutdown` are ordered ends and write no crash report; everything else is abnormal
/// (otp-semantics 5.3). `kill` sent to a process ends it whatever it traps and is seen by others as `killed`.
class exit_reason {
public:
  enum class kind : std::uint8_t {
    normal,      ///< the process function returned
    shutdown,    ///< ordered by a supervisor or by node stop; a text may say more (OTP {shutdown, Term})
    kill,        ///< only as a request: cannot be trapped
    killed,      ///< what others see of a process ended by kill
    noproc,      ///< there was no such process (any more) when it was linked or monitored
    exception,   ///< an exception left the process; text() is what(), type() its class
    terminated,  ///< std::terminate was called on the process's stack; the stack was abandoned
    client_gone, ///< the peer a process worked for closed its connection
    custom       ///< given by the program; text() says what
  };

  constexpr exit_reason() noexcept = default;
  constexpr exit_reason(kind what) noexcept : kind_(what) {}
  exit_reason(kind what, std::string_view text, std::string_view type = {});
  exit_reason(const exit_reason& other) noexcept;
  exit_reason(exit_reason&& other) noexcept
      : kind_(other.kind_), detail_(std::exchange(other.detail_, nullptr)) {}
  exit_reason& operator=(exit_reason other) noexcept {
    std::swap(kind_, other.kind_);
    std::swap(detail_, other.detail_);
    return *this;
  }
  ~exit_reason() {
    if (detail_ != nullptr)
      release();
  }

  static exit_reason normal() noexcept { return kind::normal; }
  static exit_reason shutdown() noexcept { return kind::shutdown; }
  static exit_reason shutdown(std::string_view text) { return {kind::shutdown, text}; }
  static exit_reason kill() noexcept { return kind::kill; }
  static exit_reason killed() noexcept { return kind::killed; }
  static exit_reason noproc() noexcept { return kind::noproc; }
  static exit_reason client_gone() noexcept { return kind::client_gone; }
  static exit_reason custom(std::string_view text) { return {kind::custom, text}; }
  /// The reason an escaped exception stands for: its dynamic type and what(). Costs two allocations.
  static exit_reason from_exception(const std::exception_ptr& thrown);

  kind what() const noexcept { return kind_; }
  /// The text given with the reason, empty if none.
  std::string_view text() const noexcept;
  /// The class of the exception, empty if there was none.
  std::string_view type() const noexcept;

  /// True for normal and shutdown: what OTP does not call a crash.
  bool orderly() const noexcept { return kind_ == kind::normal || kind_ == kind::shutdown; }

  /// "normal", "killed", "std::runtime_error: no such room"; for logs.
  std::string to_string() const;

  friend bool operator==(const exit_reason& a, const exit_reason& b) noexcept {
    return a.kind_ == b.kind_ && a.text() == b.text() && a.type() == b.type();
  }

private:
  struct detail;

  void release() noexcept;

  kind kind_ = kind::normal;
  detail* detail_ = nullptr;
};

/// The name of a kind as logs show it.
std::string_view to_string(exit_reason::kind what) noexcept;

} // namespace perron::runtime
