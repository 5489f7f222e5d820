// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/call.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

/// Calls of which many are under way at once (OTP gen_server send_request, receive_response). Their answers
/// are not mail: a server that must go on serving meanwhile casts, or lets a process of its own ask and send
/// what it hears.
namespace perron::runtime {
namespace detail {

/// A request whose answer was not taken yet; known to the process that sent it, and to no other.
class open_request {
public:
  open_request(pid server, core::envelope* request);
  open_request(open_request&& other) noexcept
      : server_(other.server_), ref_(std::exchange(other.ref_, 0)), not_sent_(std::move(other.not_sent_)) {}
  open_request& operator=(open_request&& other) noexcept {
    std::swap(server_, other.server_);
    std::swap(ref_, other.ref_);
    std::swap(not_sent_, other.not_sent_);
    return *this;
  }
  ~open_request() { abandon(); }

  pid server() const noexcept { return server_; }
  bool open() const noexcept { return ref_ != 0; }
  /// Whether take() has something to give at once.
  bool answered(core::process& self) const;
  /// Waits until it is answered; false if it is not in time.
  bool wait(std::chrono::nanoseconds timeout) const;
  /// The answer, if there is one; else the request is given up, and timed out.
  call_outcome take();

private:
  void abandon() noexcept;

  pid server_;
  std::uint64_t ref_ = 0;
  std::optional<error> not_sent_;
};

/// The place of a request that has its answer; nothing if there is none in time.
std::optional<std::size_t> wait_for_one(const std::vector<const open_request*>& requests,
                                        std::chrono::nanoseconds timeout);

} // namespace detail

/// A call under way whose answer will be a Reply. Move-only, and of use only to the process that made it.
/// Letting it go abandons the request: the server may still act on it, its answer vanishes.
template <class Reply>
class request_ref {
public:
  explicit request_ref(detail::open_request request) noexcept : request_(std::move(request)) {}

  /// Who was asked.
  pid server() const noexcept { return request_.server(); }
  /// Whether its answer was neither taken nor given up.
  explicit operator bool() const noexcept { return request_.open(); }

  /// For the functions below.
  detail::open_request& request() noexcept { return request_; }
  const detail::open_request& request() const noexcept { return request_; }

private:
  detail::open_request request_;
};

/// Asks `server` and goes on at once; what went wrong is told with the answer. Costs what a call costs, and
/// an entry in a table of the process. Only from a process; asking oneself is an error, as in call().
template <class Reply, class Request>
request_ref<Reply> send_request(pid server, Request&& request) {
  return request_ref<Reply>(detail::open_request(
      server,
      core::make_envelope<std::decay_t<Request>>(core::envelope_kind::call, std::forward<Request>(request))));
}
template <detail::names_its_reply Request>
request_ref<typename Request::reply> send_request(pid server, Request request) {
  return send_request<typename Request::reply, Request>(server, std::move(request));
}

/// Waits for the answer; nothing if there is none in time, and then one may wait again (OTP wait_response).
/// Answers to other requests, which may come in any order, wait for their turn.
template <class Reply>
std::optional<result<Reply>> wait_response(request_ref<Reply>& of, std::chrono::nanoseconds timeout) {
  if (!of.request().wait(timeout))
    return std::nullopt;
  return detail::answer_in<Reply>(of.request().take());
}

/// Waits for the answer, or gives the request up when the time is over: it is as call() from then on, with
/// the same errors (OTP receive_response).
template <class Reply>
result<Reply> receive_response(request_ref<Reply> of,
                               std::chrono::nanoseconds timeout = default_call_timeout) {
  of.request().wait(timeout);
  return detail::answer_in<Reply>(of.request().take());
}

/// Waits until one of the requests has its answer and gives its place; nothing if none has in time, or none
/// is open. The answer is then there without waiting. Costs a look at each of them.
template <class Reply>
std::optional<std::size_t> wait_for_any(const std::vector<request_ref<Reply>>& requests,
                                        std::chrono::nanoseconds timeout = default_call_timeout) {
  std::vector<const detail::open_request*> open;
  open.reserve(requests.size());
  for (const auto& each : requests)
    open.push_back(&each.request());
  return detail::wait_for_one(open, timeout);
}

} // namespace perron::runtime
