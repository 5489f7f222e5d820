// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/core/process.hpp>
#include <perron/runtime/signals.hpp>

namespace perron::runtime::core {

/// Answer to a call whose server has ended.
struct call_failed {
  exit_reason reason;
};

/// How a push of mail ended.
enum class delivery : std::uint8_t { sent, no_process, full };

/// Sends a signal or an internal wake-up; destroys it if there is no such process and says so. Any thread.
bool push_signal(pid to, envelope* e) noexcept;

/// Sends mail, minding the receiver's bound. The envelope is destroyed unless sent. Any thread; waits for
/// room only if the policy is `wait` and the caller is a process.
delivery push_mail(pid to, envelope* e);

/// Takes everything in from the doorway: signals are acted upon, mail is appended to the mailbox. Owner only.
void take_in(process& p);

/// Wakes the first who waits for room in the mailbox, if there is some. Owner only; to be called for each
/// mail that is taken. Who is woken and finds the room gone asks again; who asks and ends instead gives it
/// up. So as long as anybody waits, there is never more room than senders on their way to it.
void grant_room(process& p);

/// Throws process_exit if the process was told to end; to be called where a process may be ended.
void check_exit(process& p);

/// Tells everyone who is to be told that the process has ended, and empties it. On the process's own stack,
/// or a carrier's if it never ran.
void tell_end(process& p, const exit_reason& why) noexcept;

/// Builds the two signals that tell of an end.
envelope* exit_envelope(envelope_kind kind, pid from, const exit_reason& why, std::uint64_t ref);
envelope* plain_signal(envelope_kind kind, pid from, std::uint64_t ref);

} // namespace perron::runtime::core
