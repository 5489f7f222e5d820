// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/hosts.hpp>
#include <perron/httpd/server.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace perron::httpd::core {

/// What a server answers with from one replace() to the next: its hosts, and the options that may change
/// while it listens. Each worker holds one as the present one, and gives it to every request that begins
/// there; a request keeps it until its connection is back home, however often it is replaced meanwhile. So a
/// swap waits for nobody, and a request costs two plain additions.
///
/// | field          | who may touch it                                           |
/// |----------------|------------------------------------------------------------|
/// | options, sites | written before it is anybody's, then read by its holders   |
/// | here[i]        | the worker i                                               |
/// | workers_left   | any worker                                                 |
///
/// Freed by the last worker for which it is over: not the present one there, and no request there has it.
class generation {
public:
  generation(server_options o, hosts h, std::size_t workers)
      : options(std::move(o)), sites(std::move(h)),
        begins_rarely(options.request_time.count() != 0 || options.answers_half_closed ||
                      options.access != nullptr),
        here_(workers), workers_left_(workers) {}
  generation(const generation&) = delete;
  generation& operator=(const generation&) = delete;

  /// A request of worker `at` begins with it, and has ended.
  void take(std::size_t at) noexcept { ++here_[at].requests; }
  void give_back(std::size_t at) noexcept {
    use& u = here_[at];
    if (--u.requests == 0 && u.replaced) [[unlikely]]
      over_here();
  }
  /// It is not the present one of worker `at` any more.
  void replace(std::size_t at) noexcept {
    use& u = here_[at];
    u.replaced = true;
    if (u.requests == 0)
      over_here();
  }

  const server_options options;
  const hosts sites;
  const bool begins_rarely; ///< options ask for something when a request begins

private:
  struct alignas(64) use {
    std::uint64_t requests = 0;
    bool replaced = false;
  };

  ~generation() = default;

  [[gnu::noinline]] void over_here() noexcept {
    // acq_rel: all that others have done with it comes before its end
    if (workers_left_.fetch_sub(1, std::memory_order_acq_rel) == 1)
      delete this;
  }

  std::vector<use> here_;
  std::atomic<std::size_t> workers_left_;
};

} // namespace perron::httpd::core
