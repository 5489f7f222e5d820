// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/routes.hpp>

namespace chat {

/// The page and the JSON interface behind it; see web.cpp for the list.
perron::httpd::router routes();

} // namespace chat
