// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace perron::runtime {

class symboliser;

/// What is told of a process that ended abnormally, gathered at its death (otp-semantics: the crash report of
/// proc_lib).
struct crash_report {
  std::uint64_t pid_id = 0;
  std::string name;                   ///< registered or given at spawn; empty if none
  std::string reason;                 ///< exit reason as text
  std::string exception_type;         ///< demangled; empty if no exception ended it
  std::string exception_text;         ///< its what()
  std::vector<std::string> ancestors; ///< parent first
  std::size_t mailbox_length = 0;     ///< messages it did not read
  std::size_t links = 0;
  std::size_t monitors = 0;
  std::uint64_t reductions = 0;
  std::array<void*, 32> stack{};    ///< return addresses at the throw, innermost first
  int stack_depth = 0;              ///< how many of them are set
  std::uint64_t dropped_before = 0; ///< set by submit(): reports not written since the one before
};

/// The report as people read it: several lines, no final newline, with the stack in names if there is one.
/// Control characters of names and texts are escaped, as these may come from a peer; each text is cut at 4
/// KiB.
std::string to_text(const crash_report& report, symboliser& symbols);

/// Limits of a crash_reporter.
struct crash_reporter_options {
  std::uint32_t per_second = 50; ///< reports written for as long as crashes go on
  std::uint32_t burst = 100;     ///< reports written at once
  std::size_t queue = 1024;      ///< reports waiting to be written
  /// How long after a report the number of those dropped since is told, if no other report tells it before.
  /// Less than the time of one report, 1000 / per_second, would miss some until then.
  std::uint32_t tell_dropped_after_ms = 1000;
  std::uint64_t (*now_ns)() noexcept = nullptr; ///< clock of the rate limit; nullptr: core::monotonic_ns
};

/// Writes crash reports through spdlog on a thread of its own, so that a crash costs its worker a few hundred
/// nanoseconds, and ten thousand crashes a second cost no more than the limits allow. What is over them is
/// dropped, counted, and the number told: with the next report, or a second after the last one.
///
/// The log is the one registered with spdlog as "perron", at level error; if there is none at the first
/// report, one that writes coloured lines to standard error is registered.
///
/// The thread starts with the first report. After one it looks for more every 20 ms, so that crashes which
/// follow each other need not wake it; a second after the last one it tells what was dropped, after 30 it
/// gives back the debug information (some 20 MB), and sleeps. All members may be called from any thread, the
/// destructor when nobody else calls any more.
class crash_reporter {
public:
  /// Takes a report and its text in place of the log. A `pid_id` of 0 stands for no process: the text tells
  /// how many reports were dropped (`dropped_before`) after the last one written. Called on the reporter's
  /// thread.
  using sink = std::function<void(const crash_report& report, const std::string& text)>;

  explicit crash_reporter(crash_reporter_options options = {});

  /// Writes what waits, then ends the thread.
  ~crash_reporter();

  crash_reporter(const crash_reporter&) = delete;
  crash_reporter& operator=(const crash_reporter&) = delete;

  /// To be asked before a report is gathered. True: gather and submit() it. False: this crash is over the
  /// limit and has been counted; nothing else is to be done. Reads the clock and one shared word; 30 ns.
  bool admit() noexcept;

  /// Queues a report that admit() let pass. It never waits for the log: with a full queue, or without memory,
  /// the report is counted as dropped. Waits at most for another submit().
  void submit(crash_report&& report) noexcept;

  /// Waits until all reports submitted before, and the number of dropped ones, have been written. For tests
  /// and for the end of the program; not from a sink, nor on a process, whose worker it would hold up.
  void flush();

  /// Sends the text of later reports to `where` instead of the log; nullptr: to the log again. For tests and
  /// tools.
  void set_sink(sink where);

private:
  class impl;
  std::unique_ptr<impl> impl_;
};

} // namespace perron::runtime
