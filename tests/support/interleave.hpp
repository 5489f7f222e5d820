// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <type_traits>

/// Runs a small lock-free scenario through all of its schedules.
///
/// A scenario is a function that builds its state, names some virtual threads, calls run::go() and then
/// checks what came of it. explore() calls it once for each schedule. Virtual threads give way only at
/// operations on model_atomic and semaphore, so a schedule is the order of those operations; two schedules
/// that differ only in the order of operations that cannot notice each other count as one.
///
/// What it finds: failed checks, threads that wait for ever or do not end, and unordered accesses to
/// plain<T>, by the happens-before rules of C++ for the memory orders given. What it does not find: loads
/// that return values which are stale beyond a store buffer (weaker processors than x86).
///
/// All of it belongs to the thread that calls explore(). A virtual thread that never ends is dropped without
/// unwinding, so let memory be owned by the scenario, not by the threads.
namespace perron::interleave {

struct options {
  /// How often one schedule may interrupt a thread that could go on. -1: no limit. Under a sanitizer and
  /// without optimisation, where a step costs some ten times as much, it is never more than 2.
  int preemptions = -1;
  int spurious_failures = 0;  ///< how often in one schedule a weak compare-exchange may fail for no reason
  bool store_buffers = false; ///< plain stores wait in a buffer of their thread and arrive later (x86-TSO)
  std::uint64_t most_schedules = 20'000'000;
  std::uint32_t most_steps = 2'000; ///< a longer schedule counts as one that does not end
};

struct outcome {
  bool holds = true; ///< no schedule violated anything, and none was left out
  std::uint64_t schedules = 0;
  std::string report; ///< what was violated, and the schedule that did it with the fewest interruptions found
};

namespace detail {
class explorer;
}

/// One execution of a scenario.
class run {
public:
  explicit run(detail::explorer& e) noexcept : explorer_(e) {}

  /// Adds a virtual thread, at most seven. `name` must outlive the run.
  void thread(const char* name, std::function<void()> body);

  /// The name under which an object, and every atomic inside of it, stands in reports.
  template <class T>
  void label(const T& object, std::string name) {
    label(static_cast<const void*>(&object), sizeof(T), std::move(name));
  }

  /// Runs all threads to their end.
  void go();

  /// From threads and after go(). `text` must outlive the run.
  void check(bool holds, const char* text);

  /// Puts a remark into the schedule that a report shows.
  void note(const char* text);

private:
  void label(const void* object, std::size_t size, std::string name);

  detail::explorer& explorer_;
};

outcome explore(const options& how, const std::function<void(run&)>& scenario);

namespace detail {

constexpr std::size_t most_threads = 8; ///< with the one that builds and checks the state

/// What each thread had done as far as somebody knows.
using vector_clock = std::array<std::uint32_t, most_threads>;

enum class action : std::uint8_t {
  load,
  store,
  exchange,
  compare_exchange,
  add,
  subtract,
  take, ///< waits until the value is not 0, then subtracts 1
  fence,
  heavy_barrier
};

/// A place in memory that several threads may use at once.
struct location {
  location(std::uint64_t start, std::size_t width);
  location(const location&) = delete;
  location& operator=(const location&) = delete;

  std::uint64_t value;
  std::size_t width;
  std::uint32_t number;      ///< by order of construction
  std::uint64_t history = 0; ///< which writes led here, in which order
  vector_clock released{};   ///< what an acquiring load learns
};

struct request {
  action what;
  location* where = nullptr;
  std::uint64_t operand = 0;
  std::uint64_t expected = 0;
  std::memory_order order = std::memory_order_seq_cst;
  std::memory_order on_failure = std::memory_order_seq_cst;
  bool weak = false;
};

struct answer {
  std::uint64_t before = 0;
  bool done = true;
};

answer perform(const request& what);

/// Who touched a plain<T> last.
struct trace_of_use {
  void read() const;
  void write();

private:
  mutable vector_clock readers_{};
  std::uint32_t writer_ = 0;
  std::uint32_t written_ = 0;
};

template <class T>
std::uint64_t to_bits(T value) noexcept {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  return bits;
}

template <class T>
T from_bits(std::uint64_t bits) noexcept {
  T value;
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}

constexpr std::memory_order failure_of(std::memory_order order) noexcept {
  return order == std::memory_order_acq_rel   ? std::memory_order_acquire
         : order == std::memory_order_release ? std::memory_order_relaxed
                                              : order;
}

} // namespace detail

/// std::atomic for a scenario. To be made only while the state is built.
template <class T>
class model_atomic {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(std::uint64_t));
  using order = std::memory_order;
  using action = detail::action;

public:
  model_atomic() : model_atomic(T{}) {}
  model_atomic(T start) : location_(detail::to_bits(start), sizeof(T)) {} // NOLINT: as std::atomic

  T load(order o = order::seq_cst) const { return change(action::load, T{}, o); }
  void store(T value, order o = order::seq_cst) { change(action::store, value, o); }
  T exchange(T value, order o = order::seq_cst) { return change(action::exchange, value, o); }
  T fetch_add(T by, order o = order::seq_cst) { return change(action::add, by, o); }
  T fetch_sub(T by, order o = order::seq_cst) { return change(action::subtract, by, o); }

  bool compare_exchange_strong(T& expected, T value, order o, order on_failure) {
    return compare(expected, value, o, on_failure, false);
  }
  bool compare_exchange_strong(T& expected, T value, order o = order::seq_cst) {
    return compare(expected, value, o, detail::failure_of(o), false);
  }
  bool compare_exchange_weak(T& expected, T value, order o, order on_failure) {
    return compare(expected, value, o, on_failure, true);
  }
  bool compare_exchange_weak(T& expected, T value, order o = order::seq_cst) {
    return compare(expected, value, o, detail::failure_of(o), true);
  }

private:
  T change(action what, T operand, order o) const {
    return detail::from_bits<T>(
        detail::perform({what, &location_, detail::to_bits(operand), 0, o, o}).before);
  }

  bool compare(T& expected, T value, order o, order on_failure, bool weak) {
    const detail::answer found =
        detail::perform({action::compare_exchange, &location_, detail::to_bits(value),
                         detail::to_bits(expected), o, on_failure, weak});
    if (!found.done)
      expected = detail::from_bits<T>(found.before);
    return found.done;
  }

  mutable detail::location location_;
};

/// Where virtual threads wait for each other; also serves as a lock, started with 1.
class semaphore {
public:
  explicit semaphore(std::uint32_t start = 0) : location_(start, sizeof(start)) {}

  void post() { detail::perform({detail::action::add, &location_, 1, 0, std::memory_order_acq_rel}); }

  /// As post(), but does not add up: an event that was not waited for yet stays one event.
  void raise() { detail::perform({detail::action::exchange, &location_, 1, 0, std::memory_order_acq_rel}); }

  /// False: all other threads have ended or wait as well, so nobody will ever post.
  [[nodiscard]] bool wait() {
    return detail::perform({detail::action::take, &location_, 1, 0, std::memory_order_acq_rel}).done;
  }

private:
  detail::location location_;
};

/// A variable that is not atomic. A report shows two accesses, one of them a write, that nothing orders.
template <class T>
class plain {
public:
  plain() = default;
  plain(T value) : value_(std::move(value)) {} // NOLINT: stands for a T
  plain(const plain&) = delete;
  plain& operator=(const plain& other) { return *this = other.read(); }
  plain& operator=(T value) {
    write() = std::move(value);
    return *this;
  }

  operator T() const { return read(); } // NOLINT: stands for a T
  const T& read() const {
    use_.read();
    return value_;
  }
  T& write() {
    use_.write();
    return value_;
  }

private:
  detail::trace_of_use use_;
  T value_{};
};

/// std::atomic_thread_fence.
inline void fence(std::memory_order order = std::memory_order_seq_cst) {
  detail::perform({detail::action::fence, nullptr, 0, 0, order});
}

/// membarrier(2): a full fence in every thread.
struct heavy_barrier {
  static void run() { detail::perform({detail::action::heavy_barrier}); }
};

} // namespace perron::interleave
