// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/config/users.hpp>

#include <string>

namespace perron::httpd::program {

runtime::result<std::shared_ptr<htpasswd>> users_of(const auth_settings& said) {
  if (!said.file.empty())
    return htpasswd::open(said.file);
  std::string lines;
  for (const text_pair& user : said.users)
    lines += user.first + ':' + user.second + '\n';
  return htpasswd::of(lines);
}

} // namespace perron::httpd::program
