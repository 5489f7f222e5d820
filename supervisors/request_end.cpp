// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/request_end.hpp>

namespace perron::supervisors {
namespace {

using kind = runtime::exit_reason::kind;

constexpr std::string_view slow_reader_text = "slow_reader";
constexpr std::string_view deadline_text = "deadline";

} // namespace

std::string_view to_string(request_end how) noexcept {
  switch (how) {
  case request_end::normal:
    return "normal";
  case request_end::crashed:
    return "crashed";
  case request_end::client_gone:
    return "client_gone";
  case request_end::slow_reader:
    return "slow_reader";
  case request_end::deadline:
    return "deadline";
  case request_end::drained:
    return "drained";
  case request_end::killed:
    return "killed";
  }
  return "unknown";
}

const runtime::exit_reason& slow_reader() noexcept {
  static const runtime::exit_reason why(kind::client_gone, slow_reader_text);
  return why;
}

const runtime::exit_reason& over_deadline() noexcept {
  static const runtime::exit_reason why(kind::shutdown, deadline_text);
  return why;
}

request_end request_end_of(const runtime::exit_reason& why, bool draining) noexcept {
  switch (why.what()) {
  case kind::normal:
    return request_end::normal;
  case kind::client_gone:
    return why.text() == slow_reader_text ? request_end::slow_reader : request_end::client_gone;
  case kind::shutdown:
    if (why.text() == deadline_text)
      return request_end::deadline;
    [[fallthrough]];
  case kind::kill:
  case kind::killed:
    return draining ? request_end::drained : request_end::killed;
  case kind::noproc:
  case kind::exception:
  case kind::terminated:
  case kind::custom:
    return request_end::crashed;
  }
  return request_end::crashed;
}

} // namespace perron::supervisors
