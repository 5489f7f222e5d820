// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/supervisors/core/request_table.hpp>

#include <algorithm>
#include <cstddef>

namespace perron::httpd::core {

/// The TLS handshakes of one worker: how many are under way, and who waits for his turn, in order of arrival.
/// Whoever waits lends the links of its entry, as it is in no list of requests yet: waiting costs no memory.
///
/// Touched only by whoever holds the worker.
class handshake_queue {
public:
  using entry = supervisors::core::request_entry;

  /// A worker's share of `most` for the whole server, at least one; 0: no bound.
  void limit(std::size_t most, std::size_t workers) noexcept {
    most_ = most == 0 ? ~std::size_t(0) : std::max<std::size_t>(1, most / workers);
  }

  bool has_room() const noexcept { return running_ < most_; }
  std::size_t running() const noexcept { return running_; }
  void begins() noexcept { ++running_; }
  void ends() noexcept { --running_; }

  void wait(entry& e) noexcept {
    e.next = nullptr;
    e.previous = last_;
    (last_ != nullptr ? last_->next : first_) = &e;
    last_ = &e;
  }
  /// One that waits does so no more.
  void leave(entry& e) noexcept {
    (e.previous != nullptr ? e.previous->next : first_) = e.next;
    (e.next != nullptr ? e.next->previous : last_) = e.previous;
    e.next = e.previous = nullptr;
  }
  /// Who is next, if there is room for him, and takes him out; else null.
  entry* next() noexcept {
    entry* e = has_room() ? first_ : nullptr;
    if (e != nullptr)
      leave(*e);
    return e;
  }

private:
  std::size_t most_ = ~std::size_t(0);
  std::size_t running_ = 0;
  entry* first_ = nullptr;
  entry* last_ = nullptr;
};

} // namespace perron::httpd::core
