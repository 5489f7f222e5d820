// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>

namespace perron::runtime {

class crash_reporter;

namespace core {

struct scheduler;

/// Turns abnormal ends of a node's processes into crash reports. The dying process fills in what it knows, if
/// the reporter admits it at all; text and symbols are made on the reporter's thread.
class crash_watch {
public:
  crash_watch();
  ~crash_watch();

  void attach(scheduler& s);
  /// Waits until what was reported is written.
  void flush();
  crash_reporter& reporter() noexcept { return *reporter_; }

  /// The last resort of a stop: some processes never give way. Names them and ends the program, because their
  /// threads cannot be ended.
  [[noreturn]] static void leave_unstoppable(scheduler& s);

private:
  std::unique_ptr<crash_reporter> reporter_;
};

} // namespace core
} // namespace perron::runtime
