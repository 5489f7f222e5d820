// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/access_log/log_stream.hpp>
#include <perron/runtime/result.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace perron::httpd {

struct log_writer_options {
  std::chrono::milliseconds flush_every{
      1000}; ///< how long a line waits for others, so that one write takes many
  std::size_t max_buffered = std::size_t(8)
                             << 20U; ///< bytes a log may have in memory, about; beyond it lines are dropped
  /// Told, on the writer's thread, what could not be written: once, until it can be again.
  std::function<void(const std::string&)> on_error{};
};

/// One thread that writes any number of logs. Sleeps while nothing is logged.
///
/// | field             | who may touch it                                                       |
/// |-------------------|------------------------------------------------------------------------|
/// | dirty_, urgent_   | set by workers, cleared by the thread                                  |
/// | streams_, wanted_,| under lock_                                                            |
/// |  done_, fault_    |                                                                        |
/// | failing_          | the thread                                                             |
class log_writer {
public:
  /// For the workers of one node, so many: node_options.workers, or stats().workers.size().
  explicit log_writer(std::size_t workers, log_writer_options options = {});
  /// Writes what is left. All streams must be free by then: nobody appends any more.
  ~log_writer();
  log_writer(const log_writer&) = delete;
  log_writer& operator=(const log_writer&) = delete;

  /// The log at this path: one for all who open it, so that sites can share it; what else the options say is
  /// the first one's. Closed when nobody has it. Waits for the disk.
  runtime::result<std::shared_ptr<log_stream>> open(const log_file_options& options);

  // -- from ordinary threads, or in runtime::blocking(): they wait for the writer

  /// What was logged before is in the files when it comes back.
  void flush();
  /// flush(), then opens all files again, for others have put them aside. The first error; the files that
  /// cannot be opened go on as they were.
  runtime::result<void> reopen();

  /// Of all its logs, those included that are closed.
  log_counts counts() const;

private:
  friend class log_stream;

  /// Orders to the thread, which is done with the how-manieth.
  enum class order : std::uint8_t { flush, reopen };
  runtime::result<void> give(order what);

  void has_lines() noexcept {
    if (!dirty_.load(std::memory_order_seq_cst) && !dirty_.exchange(true, std::memory_order_seq_cst))
      wake();
  }
  void has_full_chunk() noexcept {
    if (!urgent_.exchange(true, std::memory_order_seq_cst))
      wake();
  }
  void wake() const noexcept;

  void run();
  bool wait_for_work();
  void write_all();
  void close_unused();

  const std::size_t workers_;
  const log_writer_options options_;
  const int bell_;
  std::atomic<bool> dirty_{false};
  std::atomic<bool> urgent_{false};
  bool failing_ = false;

  mutable std::mutex lock_;
  std::condition_variable answered_;
  std::vector<std::shared_ptr<log_stream>> streams_;
  log_counts closed_{};
  std::uint64_t wanted_ = 0;
  std::uint64_t done_ = 0;
  bool reopens_ = false;
  bool stops_ = false;
  runtime::result<void> fault_{};
  std::thread thread_;
};

} // namespace perron::httpd
