// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/server_watch.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

namespace perron::soak {

namespace {

namespace fs = std::filesystem;

template <class T>
std::optional<T> number(std::string_view text, int base = 10) {
  T value = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (wrong != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

std::string whole(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

std::vector<std::string> words(std::string_view line) {
  std::vector<std::string> found;
  std::istringstream stream{std::string(line)};
  for (std::string word; stream >> word;)
    found.push_back(word);
  return found;
}

fs::path proc(pid_t pid) { return fs::path("/proc") / std::to_string(pid); }

// Calls visit(pid) for all processes there are.
template <class Visit>
void for_each_process(Visit visit) {
  std::error_code wrong;
  for (fs::directory_iterator entry("/proc", wrong), end; !wrong && entry != end; entry.increment(wrong))
    if (const auto pid = number<pid_t>(entry->path().filename().native()))
      visit(*pid);
}

// The fields of /proc/<pid>/stat behind the program's name, which may contain anything: [0] is the state,
// proc(5)'s field 3. Empty when there is no such process.
std::vector<std::string> stat_fields(pid_t pid) {
  const std::string text = whole(proc(pid) / "stat");
  const std::size_t name_end = text.rfind(')');
  return name_end == std::string::npos ? std::vector<std::string>{} : words(text.substr(name_end + 1));
}

constexpr std::size_t parent_field = 1;
constexpr std::size_t time_fields = 11; // utime, stime, cutime, cstime

bool lives(const std::vector<std::string>& fields) {
  return !fields.empty() && fields[0] != "Z" && fields[0] != "X";
}

pid_t parent_of(const std::vector<std::string>& fields) {
  return fields.size() > parent_field ? number<pid_t>(fields[parent_field]).value_or(0) : 0;
}

std::string program_of(pid_t pid) {
  std::error_code wrong;
  return fs::read_symlink(proc(pid) / "exe", wrong).string();
}

// The roots and all that descend from them, rising, without those that are dead.
std::vector<pid_t> tree_of(const std::vector<pid_t>& roots) {
  std::multimap<pid_t, pid_t> children;
  std::set<pid_t> living;
  for_each_process([&](pid_t pid) {
    const auto fields = stat_fields(pid);
    if (!lives(fields))
      return;
    living.insert(pid);
    children.emplace(parent_of(fields), pid);
  });
  std::set<pid_t> found;
  std::vector<pid_t> unseen = roots;
  while (!unseen.empty()) {
    const pid_t pid = unseen.back();
    unseen.pop_back();
    if (!living.contains(pid) || !found.insert(pid).second)
      continue;
    for (auto [child, end] = children.equal_range(pid); child != end; ++child)
      unseen.push_back(child->second);
  }
  return {found.begin(), found.end()};
}

// The figure of a line "Name:   123 kB", in bytes.
std::optional<std::uint64_t> kilobytes(std::string_view text, std::string_view name) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    at = end + 1;
    if (!line.starts_with(name) || line.size() <= name.size() || line[name.size()] != ':')
      continue;
    const auto parts = words(line.substr(name.size() + 1));
    if (const auto value = parts.empty() ? std::nullopt : number<std::uint64_t>(parts[0]))
      return *value * 1024;
  }
  return std::nullopt;
}

std::uint64_t descriptors_of(pid_t pid) {
  // The kernel gives their number as the directory's size since 6.2, and 0 before that.
  struct stat directory {};
  const fs::path path = proc(pid) / "fd";
  if (::stat(path.c_str(), &directory) != 0)
    return 0;
  if (directory.st_size > 0)
    return static_cast<std::uint64_t>(directory.st_size);
  std::error_code wrong;
  std::uint64_t found = 0;
  for (fs::directory_iterator entry(path, wrong), end; !wrong && entry != end; entry.increment(wrong))
    ++found;
  return found;
}

// Inodes of the sockets that listen on a port. The kernel lists those before all others, of which there may
// be very many.
void listening_inodes(const char* table, std::uint16_t port, std::set<std::string>& inodes) {
  constexpr std::size_t address = 1;
  constexpr std::size_t state = 3;
  constexpr std::size_t inode = 9;
  std::ifstream file(table);
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    const auto fields = words(line);
    if (fields.size() <= inode || fields[state] != "0A")
      return;
    const std::size_t colon = fields[address].rfind(':');
    if (colon != std::string::npos &&
        number<unsigned>(std::string_view(fields[address]).substr(colon + 1), 16) == port)
      inodes.insert(fields[inode]);
  }
}

} // namespace

std::vector<pid_t> listeners_on(std::uint16_t port) {
  std::set<std::string> inodes;
  listening_inodes("/proc/net/tcp", port, inodes);
  listening_inodes("/proc/net/tcp6", port, inodes);
  std::vector<pid_t> found;
  if (inodes.empty())
    return found;
  for_each_process([&](pid_t pid) {
    std::error_code wrong;
    for (fs::directory_iterator entry(proc(pid) / "fd", wrong), end; !wrong && entry != end;
         entry.increment(wrong)) {
      std::error_code unreadable;
      const std::string target = fs::read_symlink(entry->path(), unreadable).string();
      constexpr std::string_view before = "socket:[";
      if (!target.starts_with(before))
        continue;
      if (inodes.contains(target.substr(before.size(), target.size() - before.size() - 1))) {
        found.push_back(pid);
        return;
      }
    }
  });
  std::sort(found.begin(), found.end());
  return found;
}

runtime::result<server_watch> server_watch::of_process(pid_t pid) {
  if (!lives(stat_fields(pid)))
    return runtime::error{.text = "there is no process " + std::to_string(pid)};
  return server_watch({pid});
}

runtime::result<server_watch> server_watch::of_listener(std::uint16_t port) {
  const auto listeners = listeners_on(port);
  if (listeners.empty())
    return runtime::error{.text = "no process that we may look into listens on port " + std::to_string(port)};
  std::set<pid_t> roots;
  for (pid_t pid : listeners) {
    const std::string program = program_of(pid);
    for (;;) {
      const pid_t parent = parent_of(stat_fields(pid));
      if (parent <= 1 || program.empty() || program_of(parent) != program)
        break;
      pid = parent;
    }
    roots.insert(pid);
  }
  return server_watch({roots.begin(), roots.end()});
}

std::vector<pid_t> server_watch::pids() const { return tree_of(roots_); }

server_figures server_watch::read() const { return read_of(pids()); }

server_figures server_watch::read_of(const std::vector<pid_t>& members) {
  server_figures result;
  std::uint64_t user_ticks = 0;
  std::uint64_t system_ticks = 0;
  for (const pid_t pid : members) {
    const auto fields = stat_fields(pid);
    if (fields.size() < time_fields + 4)
      continue;
    const auto ticks = [&](std::size_t i) {
      return number<std::uint64_t>(fields[time_fields + i]).value_or(0);
    };
    user_ticks += ticks(0) + ticks(2);
    system_ticks += ticks(1) + ticks(3);
    result.anonymous_bytes += kilobytes(whole(proc(pid) / "status"), "RssAnon").value_or(0);
    result.descriptors += descriptors_of(pid);
    ++result.processes;
  }
  const auto per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
  result.user_s = static_cast<double>(user_ticks) / per_second;
  result.system_s = static_cast<double>(system_ticks) / per_second;
  return result;
}

server_figures server_watch::read_with_memory() const {
  const std::vector<pid_t> members = pids();
  server_figures result = read_of(members);
  std::optional<std::uint64_t> pss;
  std::optional<std::uint64_t> own;
  for (const pid_t pid : members) {
    const std::string text = whole(proc(pid) / "smaps_rollup");
    if (const auto bytes = kilobytes(text, "Pss"))
      pss = pss.value_or(0) + *bytes;
    const auto clean = kilobytes(text, "Private_Clean");
    const auto dirty = kilobytes(text, "Private_Dirty");
    if (clean && dirty)
      own = own.value_or(0) + *clean + *dirty;
  }
  result.pss_bytes = pss;
  result.private_bytes = own;
  return result;
}

server_facts server_watch::facts() const {
  server_facts result;
  const auto members = pids();
  result.pids.assign(members.begin(), members.end());
  if (!roots_.empty()) {
    result.command = whole(proc(roots_.front()) / "cmdline");
    while (!result.command.empty() && result.command.back() == '\0')
      result.command.pop_back();
    std::replace(result.command.begin(), result.command.end(), '\0', ' ');
  }
  return result;
}

machine_figures read_machine() {
  machine_figures result;
  const std::string memory = whole("/proc/meminfo");
  result.available_bytes = kilobytes(memory, "MemAvailable").value_or(0);
  result.slab_bytes = kilobytes(memory, "Slab").value_or(0);
  result.slab_unreclaimable = kilobytes(memory, "SUnreclaim").value_or(0);
  result.page_table_bytes = kilobytes(memory, "PageTables").value_or(0);

  std::istringstream sockets(whole("/proc/net/sockstat"));
  for (std::string line; std::getline(sockets, line);) {
    const auto fields = words(line);
    if (fields.empty() || fields[0] != "TCP:")
      continue;
    for (std::size_t i = 1; i + 1 < fields.size(); i += 2) {
      const std::uint64_t value = number<std::uint64_t>(fields[i + 1]).value_or(0);
      if (fields[i] == "inuse")
        result.sockets = value;
      else if (fields[i] == "tw")
        result.time_wait = value;
      else if (fields[i] == "mem")
        result.socket_buffer_bytes = value * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    }
  }

  // name, active, all, size of one, ... What an open TCP connection has in the kernel lives in these.
  static const std::set<std::string, std::less<>> socket_caches = {"TCP",
                                                                   "TCPv6",
                                                                   "sock_inode_cache",
                                                                   "filp",
                                                                   "eventpoll_epi",
                                                                   "eventpoll_pwq",
                                                                   "skbuff_head_cache",
                                                                   "skbuff_small_head",
                                                                   "skbuff_fclone_cache",
                                                                   "tcp_bind_bucket",
                                                                   "tcp_bind2_bucket",
                                                                   "request_sock_TCP",
                                                                   "dentry"};
  std::istringstream slabs(whole("/proc/slabinfo"));
  for (std::string line; std::getline(slabs, line);) {
    const auto fields = words(line);
    if (fields.size() < 4 || !socket_caches.contains(fields[0]))
      continue;
    result.socket_slab_bytes =
        result.socket_slab_bytes.value_or(0) +
        number<std::uint64_t>(fields[2]).value_or(0) * number<std::uint64_t>(fields[3]).value_or(0);
  }
  return result;
}

} // namespace perron::soak
