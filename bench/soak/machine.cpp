// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/machine.hpp>

#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <string>

namespace perron::soak {

namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  for (char& c : line)
    if (c == '\t')
      c = ' ';
  return line;
}

// What stands behind the colon of the first line of /proc/cpuinfo that begins with a name.
std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos)
      return line.substr(colon + 2);
  }
  return {};
}

std::string text_of(rlim_t value) { return value == RLIM_INFINITY ? "unlimited" : std::to_string(value); }

struct named_sysctl {
  const char* name;
  const char* path;
  const char* meaning;
};

constexpr std::array sysctls = {
    named_sysctl{"fs.nr_open", "/proc/sys/fs/nr_open", "descriptors a process may ever be allowed"},
    named_sysctl{"fs.file-max", "/proc/sys/fs/file-max", "open files of the whole machine"},
    named_sysctl{"net.core.somaxconn", "/proc/sys/net/core/somaxconn", "accept queue of a listener"},
    named_sysctl{"net.ipv4.tcp_max_syn_backlog", "/proc/sys/net/ipv4/tcp_max_syn_backlog",
                 "connections half open at a listener"},
    named_sysctl{"net.ipv4.ip_local_port_range", "/proc/sys/net/ipv4/ip_local_port_range",
                 "ports of one source address"},
    named_sysctl{"net.ipv4.tcp_mem", "/proc/sys/net/ipv4/tcp_mem",
                 "pages of all sockets' buffers: low, pressure, most"},
    named_sysctl{"net.ipv4.tcp_rmem", "/proc/sys/net/ipv4/tcp_rmem", "receive buffer: least, first, most"},
    named_sysctl{"net.ipv4.tcp_wmem", "/proc/sys/net/ipv4/tcp_wmem", "send buffer: least, first, most"},
    named_sysctl{"net.ipv4.tcp_max_tw_buckets", "/proc/sys/net/ipv4/tcp_max_tw_buckets",
                 "closed connections remembered (TIME_WAIT)"},
    named_sysctl{"fs.epoll.max_user_watches", "/proc/sys/fs/epoll/max_user_watches",
                 "descriptors in epoll, per user"},
    named_sysctl{"vm.max_map_count", "/proc/sys/vm/max_map_count", "memory mappings of a process"},
    named_sysctl{"net.netfilter.nf_conntrack_max", "/proc/sys/net/netfilter/nf_conntrack_max",
                 "connections that the packet filter follows, where it does"},
};

} // namespace

machine_facts read_machine_facts() {
  machine_facts result;
  if (utsname names{}; ::uname(&names) == 0)
    result.system = std::string(names.sysname) + ' ' + names.release + ' ' + names.machine;
  result.processor = processor();
  if (const long cores = ::sysconf(_SC_NPROCESSORS_ONLN); cores > 0)
    result.cores = static_cast<unsigned>(cores);
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page = ::sysconf(_SC_PAGESIZE);
  if (pages > 0 && page > 0)
    result.memory_bytes = static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page);
  if (rlimit files{}; ::getrlimit(RLIMIT_NOFILE, &files) == 0)
    result.limits.push_back({.name = "nofile",
                             .value = text_of(files.rlim_cur) + " of " + text_of(files.rlim_max),
                             .meaning = "descriptors of a process: now, and at most without being root"});
  for (const named_sysctl& each : sysctls)
    if (std::string value = first_line(each.path); !value.empty())
      result.limits.push_back({.name = each.name, .value = std::move(value), .meaning = each.meaning});
  return result;
}

} // namespace perron::soak
