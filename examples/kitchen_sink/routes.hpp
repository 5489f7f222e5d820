// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/request.hpp>

// The handlers of kitchen_sink, a file for each kind.

void add_websocket_routes(perron::httpd::router& r);
