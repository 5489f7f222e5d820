// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/access_log/log_file.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace perron::httpd {

class log_writer;

/// Figures of one log, a moment's picture.
struct log_counts {
  std::uint64_t written = 0; ///< lines
  std::uint64_t dropped = 0; ///< lines that found no room, as the disk was too slow, or could not be written
};

/// One log that workers append lines to and a log_writer's thread writes. A worker never waits: it puts its
/// lines into a chunk of its own, which the writer takes away, full or not.
///
/// | field          | who may touch it                                                                      |
/// |----------------|---------------------------------------------------------------------------------------|
/// | desk::chunk    | exchanged with null by the worker while it writes a line, and by the writer for good; |
/// |                | stored by the worker only                                                             |
/// | desk::sequence | the worker                                                                            |
/// | full_          | pushed by workers, taken as a whole by the writer                                     |
/// | buffered_      | chunks there are: added by workers, taken off by the writer                           |
/// | file_          | the writer, and before it knows the stream whoever makes it                           |
class log_stream {
public:
  log_stream(log_writer& writer, std::unique_ptr<log_file> file, std::size_t workers, std::size_t max_chunks);
  ~log_stream();
  log_stream(const log_stream&) = delete;
  log_stream& operator=(const log_stream&) = delete;

  /// On worker `worker`, or whoever holds it: `fill(text)` appends whole lines, one in number, to the text.
  /// Costs two locked instructions beside what `fill` does. A line is dropped and counted when max_chunks are
  /// waiting for the disk.
  template <class F>
  void append(unsigned worker, F&& fill) noexcept {
    chunk* c = take(worker);
    if (c == nullptr)
      return;
    const std::size_t before = c->text.size();
    try {
      fill(c->text);
      ++c->lines;
    } catch (...) {
      c->text.resize(before);
      dropped_.fetch_add(1, std::memory_order_relaxed);
    }
    put_back(worker, c);
  }

  log_counts counts() const noexcept {
    return {written_.load(std::memory_order_relaxed), dropped_.load(std::memory_order_relaxed)};
  }
  const log_file_options& options() const noexcept { return file_->options(); }

private:
  friend class log_writer;

  static constexpr std::size_t chunk_bytes = std::size_t(32) * 1024;

  struct chunk {
    std::string text{};
    std::uint64_t lines = 0;
    std::uint64_t sequence = 0;
    unsigned worker = 0;
    chunk* next = nullptr;
  };
  struct alignas(64) desk {
    std::atomic<chunk*> current{nullptr};
    std::uint64_t sequence = 0;
  };

  chunk* take(unsigned worker) noexcept;
  void put_back(unsigned worker, chunk* c) noexcept;

  // -- the writer

  /// Takes all chunks there are, those of each worker in order.
  std::vector<std::unique_ptr<chunk>> collect();
  /// Writes them; the first error.
  runtime::result<void> write(log_file::time_point now);

  log_writer& writer_;
  const std::unique_ptr<log_file> file_;
  std::vector<desk> desks_;
  const std::size_t max_chunks_;
  std::atomic<chunk*> full_{nullptr};
  std::atomic<std::size_t> buffered_{0};
  std::atomic<std::uint64_t> written_{0};
  std::atomic<std::uint64_t> dropped_{0};
};

} // namespace perron::httpd
