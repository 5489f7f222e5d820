// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/access_record.hpp>
#include <perron/runtime/core/counter.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
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

/// Counts the requests of a site, and then tells the next sink, its access log, of them. Each worker counts
/// for itself: a few plain additions, no locked instruction.
class request_counter final : public access_sink {
public:
  /// `next` may be null.
  request_counter(std::size_t workers, std::shared_ptr<access_sink> next)
      : shards_(workers), next_(std::move(next)) {}

  void tell(const access_record& r) noexcept override;

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
  const std::shared_ptr<access_sink> next_;
};

} // namespace perron::httpd::program
