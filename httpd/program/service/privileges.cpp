// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/service/privileges.hpp>

#include <perron/httpd/program/service/environment.hpp>

#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

namespace perron::httpd::program {
namespace {

/// A record of the user or group database, by one of its functions that need a buffer.
template <class Record, class Look>
std::optional<Record> look_up(std::vector<char>& buffer, Look&& look) {
  for (buffer.resize(1024);; buffer.resize(buffer.size() * 2)) {
    Record record{};
    Record* found = nullptr;
    const int code = look(&record, buffer.data(), buffer.size(), &found);
    if (code == ERANGE && buffer.size() < (std::size_t(1) << 20U))
      continue;
    if (found == nullptr)
      return std::nullopt;
    return record;
  }
}

runtime::error failed(const char* what, const identity& who) {
  const int code = errno;
  return {std::string("run as ") + who.name + ": " + what + ": " + std::strerror(code), code};
}

std::vector<gid_t> groups_of(const std::string& name, gid_t group) {
  int count = 64;
  std::vector<gid_t> groups(static_cast<std::size_t>(count));
  while (::getgrouplist(name.c_str(), group, groups.data(), &count) < 0)
    groups.resize(static_cast<std::size_t>(count));
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

} // namespace

runtime::result<identity> find_identity(const std::string& user, const std::string& group) {
  std::vector<char> buffer;
  const auto number = number_of<std::uint32_t>(user);
  const auto known =
      look_up<passwd>(buffer, [&](passwd* record, char* bytes, std::size_t size, passwd** found) {
        return number ? ::getpwuid_r(*number, record, bytes, size, found)
                      : ::getpwnam_r(user.c_str(), record, bytes, size, found);
      });
  if (!known && (!number || group.empty()))
    return runtime::error{
        "there is no user '" + user + "'" + (number ? " in the database, so it needs a group" : ""), ENOENT};
  identity who;
  who.user = known ? known->pw_uid : *number;
  who.group = known ? known->pw_gid : 0;
  who.name = known ? std::string(known->pw_name) : user;
  if (!group.empty()) {
    const auto as_number = number_of<std::uint32_t>(group);
    std::vector<char> more;
    const auto found =
        look_up<::group>(more, [&](::group* record, char* bytes, std::size_t size, ::group** out) {
          return as_number ? ::getgrgid_r(*as_number, record, bytes, size, out)
                           : ::getgrnam_r(group.c_str(), record, bytes, size, out);
        });
    if (!found && !as_number)
      return runtime::error{"there is no group '" + group + "'", ENOENT};
    who.group = found ? found->gr_gid : *as_number;
  }
  if (who.user == 0)
    return runtime::error{"user '" + user + "' is root: name one with fewer rights", EINVAL};
  who.groups = known ? groups_of(who.name, who.group) : std::vector<gid_t>{who.group};
  return who;
}

runtime::result<void> become(const identity& who) {
  if (::setgroups(who.groups.size(), who.groups.data()) != 0)
    return failed("setgroups", who);
  if (::setresgid(who.group, who.group, who.group) != 0)
    return failed("setresgid", who);
  if (::setresuid(who.user, who.user, who.user) != 0)
    return failed("setresuid", who);
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return failed("no_new_privs", who);
  if (::setuid(0) == 0 || ::setgid(0) == 0)
    return runtime::error{"run as " + who.name + ": root can still be had back", EPERM};
  return {};
}

runtime::result<std::string> settle_privileges(const std::string& user, const std::string& group) {
  const bool is_root = ::geteuid() == 0;
  if (user.empty())
    return std::string(is_root ? "keeps root: no [server] user is set" : "");
  const auto who = find_identity(user, group);
  if (!who)
    return who.error();
  if (!is_root) {
    if (who->user == ::geteuid() && (group.empty() || who->group == ::getegid()))
      return std::string();
    return runtime::error{"cannot run as '" + user + "': only root can change the user", EPERM};
  }
  if (const auto done = become(*who); !done)
    return done.error();
  return "runs as " + who->name;
}

std::size_t raise_file_limit() noexcept {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0)
    return 0;
  const rlim_t before = std::exchange(files.rlim_cur, files.rlim_max);
  return ::setrlimit(RLIMIT_NOFILE, &files) == 0 ? files.rlim_cur : before;
}

} // namespace perron::httpd::program
