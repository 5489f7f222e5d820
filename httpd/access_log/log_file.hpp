// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/result.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace perron::httpd {

/// Where a log goes, and when its file is put aside.
struct log_file_options {
  std::string path{};            ///< a file, or "stdout" or "stderr", which are never put aside
  std::uint64_t rotate_size = 0; ///< before it would be longer than this; 0: never
  std::chrono::seconds rotate_every{
      0};                ///< when such a piece of local time ends: 86400 is each midnight; 0: never
  unsigned keep = 14;    ///< files put aside that are kept: path.1 is the last one, path.2 that before
  bool compress = false; ///< those with gzip, as path.1.gz, by a thread of its own
  unsigned mode = 0640;  ///< of a new file
  bool shared = false;   ///< other processes write it as well, with the same options; see log_file
  /// Whom a file is given to that root has made. One that was there, or that a symbolic link leads to, stays
  /// whose it is: it may be anything.
  std::optional<unsigned> uid{};
  std::optional<unsigned> gid{};

  friend bool operator==(const log_file_options&, const log_file_options&) = default;
};

/// A file that lines are appended to (O_APPEND). One thread at a time; all calls may wait for the disk.
///
/// One that is shared with other processes is locked (flock) while it is written, by as many as like, and by
/// one alone while it is put aside. Whoever has the lock looks whether the path still leads to its file, and
/// if not opens what is there: so exactly one of them puts a file aside, the others go on in the new one, and
/// nobody writes to a file that is being compressed. It notices by itself what logrotate does, too. Four
/// system calls more for each write(). To a pipe each line goes out whole, up to 4,096 bytes.
class log_file {
public:
  using time_point = std::chrono::system_clock::time_point;

  static runtime::result<std::unique_ptr<log_file>> open(const log_file_options& options);
  /// Waits for a file that is being compressed.
  ~log_file();
  log_file(const log_file&) = delete;
  log_file& operator=(const log_file&) = delete;

  /// Whole lines, at the time `now`, to which the file is put aside before if it is due. An error says what
  /// could not be done; lines may then be lost, and the next call tries anew.
  runtime::result<void> write(std::string_view lines, time_point now);

  /// Opens the path again, as somebody else has put the file aside (logrotate). On error the old one stays.
  runtime::result<void> reopen();

  /// Puts the file aside now.
  runtime::result<void> rotate();

  const log_file_options& options() const noexcept { return options_; }

private:
  explicit log_file(log_file_options options) : options_(std::move(options)) {}

  bool is_stream() const noexcept { return options_.path == "stdout" || options_.path == "stderr"; }
  runtime::result<void> take_turn(std::size_t more, time_point now);
  bool is_at_path() noexcept;
  bool is_due(std::size_t more, time_point now) const noexcept;
  std::int64_t period_of(time_point t) const noexcept;
  std::string put_aside(unsigned number) const { return options_.path + '.' + std::to_string(number); }

  const log_file_options options_;
  int fd_ = -1;
  std::uint64_t size_ = 0;
  std::int64_t period_ = 0; ///< that of what is in the file
  std::thread compressing_{};
};

} // namespace perron::httpd
