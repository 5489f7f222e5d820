// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/module_abi.h>
#include <perron/httpd/request.hpp>
#include <perron/httpd/response.hpp>

namespace perron::httpd::core {

/// What modules in C may ask for, of requests that ask_module gives to them.
const perron_host& module_host() noexcept;

/// Has a module in C answer; for the request's process. What its calls met is thrown when it has returned, so
/// that no exception passes through it.
response ask_module(int (*handle)(const perron_host*, perron_request*), request& r);

} // namespace perron::httpd::core
