// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/logs/log_file_of.hpp>

#include <perron/httpd/program/service/privileges.hpp>

#include <chrono>

namespace perron::httpd::program {

log_file_options log_file_of(const configuration& from, const std::string& path, bool shared) {
  log_file_options out{.path = path,
                       .rotate_size = from.log.rotate_size,
                       .rotate_every =
                           std::chrono::duration_cast<std::chrono::seconds>(from.log.rotate_every),
                       .keep = from.log.keep,
                       .compress = from.log.compress,
                       .shared = shared};
  // a user who is not there is somebody else's error
  if (!from.server.user.empty())
    if (const auto who = find_identity(from.server.user, from.server.group)) {
      out.uid = who->user;
      out.gid = who->group;
    }
  return out;
}

} // namespace perron::httpd::program
