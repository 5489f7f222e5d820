// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/result.hpp>

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

namespace perron::httpd::program {

/// Whom the program is to run as.
struct identity {
  uid_t user = 0;
  gid_t group = 0;
  std::vector<gid_t> groups{}; ///< supplementary ones, `group` too
  std::string name{};
};

/// Looks a user up by name or number. `group` empty: the user's own. Errors: there is no such user or group;
/// it is root.
runtime::result<identity> find_identity(const std::string& user, const std::string& group);

/// Gives up root for good: supplementary groups, group, user, in this order, each real, effective and saved,
/// and PR_SET_NO_NEW_PRIVS; then looks whether root can be had back. To be done when all sockets, files and
/// keys are open. All threads change. On an error the program must end: it may be half-way.
runtime::result<void> become(const identity& who);

/// What to do about the user that is configured, in one piece: nothing if the program does not run as root
/// and none is configured, or it runs as that one already. Error: it runs as another user than root and
/// cannot change. Gives a text for the log: "runs as www-data", "keeps root: no [server] user is set".
runtime::result<std::string> settle_privileges(const std::string& user, const std::string& group);

/// Raises the limit of open files to what is allowed; gives it.
std::size_t raise_file_limit() noexcept;

} // namespace perron::httpd::program
