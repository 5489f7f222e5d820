// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/system.hpp>

#include <cerrno>

namespace perron::runtime {

using order = detail::system_request::order;

namespace detail {
namespace {

result<void> without_text(const result<std::string>& answer) {
  if (!answer)
    return answer.error();
  return {};
}

} // namespace

result<std::string> ask_system(pid who, system_request request, std::chrono::nanoseconds timeout) {
  auto answer = call<system_answer>(who, std::move(request), timeout);
  if (!answer)
    return answer.error();
  if (!answer->done)
    return error{std::move(answer->text), EPROTO};
  return std::move(answer->text);
}

bool is_order_of_parent(const exited& signal) {
  if (!signal.from) // from a thread that is no process: of the node, which stops
    return signal.reason.what() == exit_reason::kind::shutdown;
  return signal.from == current().ancestors[0];
}

} // namespace detail

result<void> suspend(pid who, std::chrono::nanoseconds timeout) {
  return detail::without_text(detail::ask_system(who, {.what = order::suspend}, timeout));
}

result<void> resume(pid who, std::chrono::nanoseconds timeout) {
  return detail::without_text(detail::ask_system(who, {.what = order::resume}, timeout));
}

result<std::string> describe_state(pid who, std::chrono::nanoseconds timeout) {
  return detail::ask_system(who, {.what = order::describe_state}, timeout);
}

} // namespace perron::runtime
