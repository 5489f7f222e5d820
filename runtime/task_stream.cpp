// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/task_stream.hpp>

#include <perron/runtime/core/scheduler.hpp>

namespace perron::runtime::detail {

std::size_t concurrency_of(const stream_options& options) {
  return options.max_concurrency != 0 ? options.max_concurrency : current_scheduler().workers.size();
}

void wait_for_some(const std::vector<const open_request*>& requests, std::chrono::nanoseconds timeout) {
  static_cast<void>(wait_for_one(requests, timeout));
}

} // namespace perron::runtime::detail
