// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/client_process.hpp>
#include <perron/bench/soak/control_block.hpp>
#include <perron/bench/soak/options.hpp>
#include <perron/bench/soak/run_record.hpp>
#include <perron/bench/soak/shared_block.hpp>
#include <perron/runtime/result.hpp>

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace perron::soak {

/// The client processes and the memory they share with the parent. Belongs to the parent's one thread. Its
/// end kills what is left of them; they die with the parent in any case.
class fleet {
public:
  /// Forks them; they wait for the first phase. Not to be called when the program has other threads.
  static runtime::result<fleet> start(const soak_options& options, const std::vector<assignment>& dealt);

  fleet(fleet&& other) noexcept;
  fleet& operator=(fleet&&) = delete;
  ~fleet();

  void begin_phase(std::uint32_t number, std::int64_t now_ns);
  void publish();                                    ///< once more
  void publish_again();                              ///< the last one, to those who poll
  void tell_killed(pid_t node, std::int64_t now_ns); ///< before it is killed
  void end();                                        ///< everybody leaves

  /// Collects those who have exited; answers what is wrong with the ends of some, "client process 3: killed
  /// by signal 9", each once.
  std::vector<std::string> reap();
  std::size_t alive() const;

  /// Everybody has nothing left to do in the phases up to that number.
  bool done(std::uint32_t phase) const;

  /// Errors are those of the director as well; a client process that died is one.
  client_counts counts() const;
  /// Of all but the director.
  std::uint64_t sum(counter shared_block::*field) const;
  histogram merged(histogram shared_block::*field) const;
  std::uint64_t latest_heard_ns() const;
  const shared_block& director() const { return *blocks_.back(); }
  /// "reset: Connection reset by peer", one for each kind that occurred.
  std::vector<std::string> error_texts() const;

private:
  fleet() = default;
  void wake() const;

  void* memory_ = nullptr;
  std::size_t size_ = 0;
  control_block* control_ = nullptr;
  std::vector<shared_block*> blocks_;
  std::vector<pid_t> pids_; // -1: has ended
  std::vector<int> wakeups_;
  std::uint64_t died_ = 0;
};

} // namespace perron::soak
