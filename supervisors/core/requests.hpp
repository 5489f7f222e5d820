// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/supervisors/supervisor.hpp>

#include <cstdint>
#include <string>

/// What a supervisor's process is asked by mail.
namespace perron::supervisors::core {

struct start_request {
  child_spec spec;
};
struct start_with_request {
  arguments given;
};
enum class child_action : std::uint8_t { terminate, restart, forget };
struct child_request {
  child_action action;
  std::string id;
};
struct end_request {
  runtime::pid child;
};
struct list_request {};
struct page_request {
  page wanted;
};
struct count_request {};
struct spec_request {
  std::string id;
  runtime::pid child; ///< if there is no id
};
struct facts_request {};
struct stop_request {
  runtime::exit_reason why;
};
struct retry_request {
  std::uint64_t ticket;
};

} // namespace perron::supervisors::core
