// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/access_record.hpp>
#include <perron/runtime/core/counter.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace perron::httpd::program {

/// What the requests of a site came to, a moment's picture.
struct request_figures {
  /// Seconds of the buckets of `took`: each has those that took at most so long, the last the rest.
  static constexpr std::array<double, 12> bounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                 0.05,   0.1,   0.25,   0.5,   1.0,  5.0};

  std::array<std::uint64_t, 6>
      by_class{};            ///< [2]: status 200 to 299...; [0]: the client left before an answer
  std::uint64_t refused = 0; ///< of all, without a process
  std::uint64_t upgraded = 0;
  std::uint64_t body_bytes = 0;
  std::array<std::uint64_t, bounds.size() + 1> took{}; ///< without those that were refused or upgraded
  double seconds = 0;                                  ///< in sum, of the same
};

/// Counts requests, of a site for example. Each worker counts for itself: a few plain additions, no locked
/// instruction. What it counts outlives the sinks that tell it, and so a reload.
class request_counter {
public:
  explicit request_counter(std::size_t workers) : shards_(workers) {}

  /// On worker r.worker.
  void count(const access_record& r) noexcept;
  /// From any thread.
  request_figures figures() const noexcept;

private:
  using counter = runtime::core::counter;
  struct alignas(64) shard {
    std::array<counter, 6> by_class;
    counter refused;
    counter upgraded;
    counter body_bytes;
    std::array<counter, request_figures::bounds.size() + 1> took;
    counter nanoseconds;
  };

  std::vector<shard> shards_;
};

/// The counters of all sites, by name. Any thread; under a lock, which is for reloads and /metrics.
class site_counters {
public:
  explicit site_counters(std::size_t workers) noexcept : workers_(workers) {}

  /// A sink that counts for this site and then tells `next`, its access log, which may be null. Counting goes
  /// on where it was if the site had one before.
  std::shared_ptr<access_sink> sink_of(const std::string& site, std::shared_ptr<access_sink> next);

  /// In order of names. Sites that are gone stay, as counters must not vanish.
  std::vector<std::pair<std::string, request_figures>> figures() const;

private:
  const std::size_t workers_;
  mutable std::mutex lock_;
  std::map<std::string, std::shared_ptr<request_counter>> all_;
};

} // namespace perron::httpd::program
