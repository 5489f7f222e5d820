// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/message.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/result.hpp>

#include <chrono>
#include <memory>
#include <type_traits>
#include <utility>

namespace perron::runtime {

/// What a call waits for if nothing else is said (OTP gen_server:call/2).
inline constexpr std::chrono::seconds default_call_timeout{5};
/// A call that waits without limit.
inline constexpr std::chrono::nanoseconds no_timeout = std::chrono::nanoseconds::max();

namespace detail {

/// The reply to the call that is under way, and why there is none.
struct call_outcome {
  core::envelope* reply = nullptr;
  error why;
};

call_outcome wait_for_reply(pid server, core::envelope* request, std::chrono::nanoseconds timeout);
bool send_reply(const caller& to, core::envelope* reply);
error wrong_reply(const core::envelope& got, const std::type_info& wanted);
/// What the reply of a server says to a caller who has taken it.
call_outcome outcome_of(core::process& self, pid server, std::uint64_t ref, core::envelope* got);

template <class Reply>
result<Reply> answer_in(call_outcome outcome) {
  if (outcome.reply == nullptr)
    return std::move(outcome.why);
  const core::envelope_guard hold(outcome.reply);
  if constexpr (std::is_void_v<Reply>) {
    return {};
  } else {
    if (!core::carries<Reply>(*outcome.reply))
      return wrong_reply(*outcome.reply, typeid(Reply));
    return std::move(core::payload_of<Reply>(*outcome.reply));
  }
}

template <class T>
concept names_its_reply = requires {
  typename T::reply;
};

} // namespace detail

/// Asks `server` and waits for the answer: a monitor, a deadline, and a reply that cannot arrive late, in one
/// (otp-semantics 5.10). Errors, as values: the server is dead or dies before it answers (text: its reason),
/// the time is over (code ETIMEDOUT), the answer has another type.
///
/// A call made while another call is being served ends by that one's deadline, however long its own timeout.
/// Costs two messages. Only from a process; calling oneself is an error.
template <class Reply, class Request>
result<Reply> call(pid server, Request&& request, std::chrono::nanoseconds timeout = default_call_timeout) {
  auto* e =
      core::make_envelope<std::decay_t<Request>>(core::envelope_kind::call, std::forward<Request>(request));
  return detail::answer_in<Reply>(detail::wait_for_reply(server, e, timeout));
}

/// As above, for a request that names its answer: `struct get { using reply = int; };`
template <detail::names_its_reply Request>
result<typename Request::reply> call(pid server, Request request,
                                     std::chrono::nanoseconds timeout = default_call_timeout) {
  return call<typename Request::reply, Request>(server, std::move(request), timeout);
}

/// Answers a call. From any process, at any time; if the caller no longer waits, the answer vanishes and
/// false is given.
template <class T>
bool reply(const caller& to, T&& value) {
  return detail::send_reply(
      to, core::make_envelope<std::decay_t<T>>(core::envelope_kind::reply, std::forward<T>(value)));
}
/// Answers a call whose answer carries nothing.
inline bool reply(const caller& to) { return reply(to, core::nothing{}); }

} // namespace perron::runtime
