// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/pid.hpp>
#include <perron/supervisors/core/alarm_bell.hpp>
#include <perron/supervisors/core/connection_limits.hpp>
#include <perron/supervisors/core/request_table.hpp>
#include <perron/supervisors/request_supervisor.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace perron::supervisors::core {

/// What a request supervisor shares with whoever takes connections and makes requests for it. Lives until the
/// process and the last connection are gone.
///
/// | field                 | who may touch it                                                    |
/// |-----------------------|---------------------------------------------------------------------|
/// | requests, limits      | see there                                                           |
/// | supervisor, bells     | written before the first connection, then read by anybody            |
/// | accepting, closing,   | written by the supervisor's process, read by anybody                |
/// |  draining, ending     |                                                                     |
/// | accepted, turned_away | counted by whoever accepts                                          |
class request_site {
public:
  request_site(std::size_t workers, const request_limits& limit);
  request_site(const request_site&) = delete;
  request_site& operator=(const request_site&) = delete;
  virtual ~request_site() = default;

  /// What a request is called in lists. On the worker in whose shard it stands.
  virtual std::string label_of(const request_entry& e) const = 0;

  /// A connection is there. Raises alarms. `now_ms` is node time.
  void connection_came(std::uint64_t now_ms) noexcept;
  /// It has ended; the supervisor is told if it waits for the last one.
  void connection_gone(bool counted) noexcept;
  void tell_if_empty() const noexcept;

  request_counts counts() const noexcept;

  request_table requests;
  connection_limits limits;
  std::vector<alarm_bell> bells;
  runtime::pid supervisor;
  std::atomic<bool> accepting{true};
  std::atomic<bool> closing{false};  ///< connections end with their request
  std::atomic<bool> draining{false}; ///< requests that are killed from now on count as drained
  std::atomic<bool> ending{false};   ///< all that run have been told to end
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> turned_away{0};
};

/// Mail to the supervisor: while closing, the last connection is gone.
struct all_gone {};
/// Mail to the supervisor: an alarm rings.
struct alarm_rings {
  std::size_t which;
  std::size_t connections;
};

} // namespace perron::supervisors::core
