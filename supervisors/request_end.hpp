// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/exit_reason.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace perron::supervisors {

/// What a request came to in the end. Every request is counted under exactly one of these.
///
/// | kind          | exit reason of its process                                                       |
/// |---------------|----------------------------------------------------------------------------------|
/// | `normal`      | normal                                                                           |
/// | `crashed`     | an exception, std::terminate, noproc, or a reason of the program's own           |
/// | `client_gone` | client_gone                                                                      |
/// | `slow_reader` | slow_reader(): the client took nothing of its answer for too long                |
/// | `deadline`    | over_deadline(), or normal after the time for a part of it, say its body, was over |
/// | `drained`     | shutdown, kill or killed, while its supervisor drains or stops                   |
/// | `killed`      | the same at any other time                                                       |
enum class request_end : std::uint8_t {
  normal,
  crashed,
  client_gone,
  slow_reader,
  deadline,
  drained,
  killed
};
inline constexpr std::size_t request_end_kinds = 7;
std::string_view to_string(request_end how) noexcept;

/// The reason of a request whose client reads too slowly. Of kind client_gone, so that whoever is linked to
/// it, and the crash reports, take it for what it is: the peer's doing. Made once, so a copy costs a count.
const runtime::exit_reason& slow_reader() noexcept;
/// The reason of a request that had no time left. Of kind shutdown: no crash, no report.
const runtime::exit_reason& over_deadline() noexcept;

/// The kind a request is counted under; `draining`: its supervisor lets no request run on. Any thread; a
/// comparison of texts for client_gone and shutdown, else of kinds.
request_end request_end_of(const runtime::exit_reason& why, bool draining) noexcept;
/// The same where nearly all ends are normal.
inline request_end usual_end_of(const runtime::exit_reason& why, const std::atomic<bool>& draining) noexcept {
  if (why.what() == runtime::exit_reason::kind::normal) [[likely]]
    return request_end::normal;
  // relaxed: who drains has set it before he sends the signal
  return request_end_of(why, draining.load(std::memory_order_relaxed));
}

} // namespace perron::supervisors
