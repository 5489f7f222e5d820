// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/program/config/settings.hpp>
#include <perron/httpd/rules/htpasswd.hpp>
#include <perron/runtime/result.hpp>

#include <memory>

namespace perron::httpd::program {

/// The users that an [auth] names: those of its file, which is read now, or those written in it. Errors are
/// those of htpasswd. Blocks.
runtime::result<std::shared_ptr<htpasswd>> users_of(const auth_settings& said);

} // namespace perron::httpd::program
