// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/result.hpp>
#include <perron/runtime/tls/ticket_ring.hpp>

#include <pthread.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace perron::runtime::tls {

/// The ticket keys of several processes that are one server: memory that a process and those that it forks
/// later share. The keys of a server are found by a label, so that each process finds the same, also one that
/// begins later. There is room for a number of labels; the one not used for the longest time goes for a new
/// one, with its keys.
///
/// Not in core dumps. Any thread of any process. A process that dies in the middle gives its lock back, and
/// all keys are begun anew, since it may have left half a one; one that is stopped there is waited for 5 ms,
/// then there are no tickets for the moment.
///
/// | field          | who may touch it                  |
/// |----------------|-----------------------------------|
/// | lock_          | itself                            |
/// | the rest       | who has the lock                  |
class ticket_board {
public:
  using label = std::array<unsigned char, 32>;
  static constexpr std::size_t most_labels = 64;

  /// Errors: the system's. It is never unmapped.
  static result<ticket_board*> make();

  /// While it lives nobody else has one, in no process.
  class turn {
  public:
    explicit turn(ticket_board& of) noexcept;
    ~turn();
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;

    /// Null: it could not be had in time.
    ticket_ring* ring_of(const label& whose) noexcept;

  private:
    ticket_board& of_;
    bool held_ = false;
  };

private:
  struct place {
    label whose{};
    std::uint64_t used = 0; ///< when, by `uses_`; 0: never
    ticket_ring ring{};
  };

  ticket_board() noexcept;
  void begin_anew() noexcept;

  pthread_mutex_t lock_{};
  std::uint64_t uses_ = 0;
  std::array<place, most_labels> places_{};
};

/// From now on servers of this process, and of those that it forks, that have the same options open each
/// other's tickets (all server_options are part of the label). To be called before there are such servers and
/// before the fork, by a program of several processes: app::spec::processes does. Once; costs 400 KB of
/// address space. Errors: the system's; then keys are each process's.
result<void> share_ticket_keys();
/// Null: nobody has.
ticket_board* shared_ticket_keys() noexcept;

} // namespace perron::runtime::tls
