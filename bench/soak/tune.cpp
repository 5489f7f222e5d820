// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/tune.hpp>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <sstream>
#include <utility>

namespace perron::soak {

namespace {

namespace fs = std::filesystem;

// Kernel memory of a connection whose both ends are here and idle; what a buffer takes comes on top.
constexpr std::uint64_t buffer_pages_per_connection = 2;

// Of 65,536 ports, and those below 1,024 are for root.
constexpr std::uint64_t most_ports_of_an_address = 64'000;

fs::path path_of(const fs::path& root, const std::string& name) {
  std::string relative = name;
  std::replace(relative.begin(), relative.end(), '.', '/');
  return root / relative;
}

std::vector<std::uint64_t> numbers(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::uint64_t> found;
  for (std::uint64_t n = 0; stream >> n;)
    found.push_back(n);
  return found;
}

std::string read(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  std::replace(line.begin(), line.end(), '\t', ' ');
  return line;
}

// A sysctl of one or several numbers of which each must be at least what is wanted; those that are more stay.
setting at_least(const fs::path& root, std::string name, const std::vector<std::uint64_t>& wanted,
                 std::string why) {
  setting result{.name = std::move(name), .current = {}, .wanted = {}, .why = std::move(why), .enough = true};
  result.current = read(path_of(root, result.name));
  const auto have = numbers(result.current);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const bool enough = i < have.size() && have[i] >= wanted[i];
    result.enough = result.enough && enough;
    result.wanted += (i == 0 ? "" : " ") + std::to_string(enough ? have[i] : wanted[i]);
  }
  return result;
}

} // namespace

std::vector<setting> settings_for(std::uint64_t connections, const fs::path& root) {
  std::vector<setting> result;
  const std::uint64_t ends = 2 * connections;
  result.push_back(at_least(root, "fs.file-max", {ends + ends / 10 + 10'000},
                            "each connection is an open file at both ends; this bounds the whole machine"));
  result.push_back(
      at_least(root, "fs.nr_open", {std::min<std::uint64_t>(connections + 10'000, 1'048'576)},
               "how many descriptors one process may be allowed; needed where few processes hold them all"));
  result.push_back(at_least(root, "fs.epoll.max_user_watches", {ends},
                            "each connection is watched by epoll at both ends"));
  result.push_back(
      at_least(root, "net.core.somaxconn", {16'384},
               "connections that wait to be accepted; when they are more, new ones are dropped and tried "
               "again after a second"));
  result.push_back(
      at_least(root, "net.ipv4.tcp_max_syn_backlog", {16'384}, "the same for those that are half open"));

  setting ports{
      .name = "net.ipv4.ip_local_port_range",
      .current = {},
      .wanted = "1024 65535",
      .why =
          "ports of one source address towards one server; with the whole range fewer addresses are needed",
      .enough = false};
  ports.current = read(path_of(root, ports.name));
  const auto range = numbers(ports.current);
  ports.enough = range.size() == 2 && range[1] > range[0] &&
                 (range[1] - range[0] >= most_ports_of_an_address || range[1] - range[0] >= connections);
  result.push_back(std::move(ports));

  const std::uint64_t pages = connections * buffer_pages_per_connection;
  result.push_back(
      at_least(root, "net.ipv4.tcp_mem", {pages / 2, pages * 3 / 4, pages},
               "pages of 4 KiB that all sockets' buffers may take: above the second the kernel slows down, "
               "above the third it drops; binds when everybody is answered at once"));
  result.push_back(
      at_least(root, "net.ipv4.tcp_max_orphans", {connections},
               "connections closed by their process and not yet by TCP; those beyond are reset when a run "
               "ends"));
  if (fs::exists(path_of(root, "net.netfilter.nf_conntrack_max")))
    result.push_back(
        at_least(root, "net.netfilter.nf_conntrack_max", {ends},
                 "only where the packet filter follows connections (nf_conntrack_count is not 0): those "
                 "beyond are dropped"));
  return result;
}

std::string describe_settings(const std::vector<setting>& settings) {
  std::ostringstream text;
  std::ostringstream commands;
  for (const setting& each : settings) {
    text << each.name << '\n'
         << "    now     " << (each.current.empty() ? "not readable" : each.current) << '\n'
         << "    wanted  " << each.wanted << (each.enough ? "  (as it is)" : "") << '\n'
         << "    why     " << each.why << "\n\n";
    if (!each.enough)
      commands << "    sysctl -w " << each.name << "='" << each.wanted << "'\n";
  }
  if (commands.str().empty())
    return text.str() + "Nothing needs to be set.\n";
  return text.str() + "As root, until the machine is started again (--tune=apply does the same):\n\n" +
         commands.str() +
         "\nDescriptors of one process are no sysctl: `ulimit -n`, or LimitNOFILE= of a service.\n";
}

runtime::result<std::string> apply_settings(const std::vector<setting>& settings, const fs::path& root) {
  std::ostringstream set;
  std::ostringstream undo;
  std::ostringstream refused;
  for (const setting& each : settings) {
    if (each.enough)
      continue;
    std::ofstream file(path_of(root, each.name));
    file << each.wanted << std::flush;
    if (!file) {
      refused << "    " << each.name << '\n';
      continue;
    }
    set << "    " << each.name << " = " << each.wanted << "  (was " << each.current << ")\n";
    undo << "    sysctl -w " << each.name << "='" << each.current << "'\n";
  }
  std::string text;
  if (!set.str().empty())
    text = "Set, until the machine is started again:\n" + set.str() + "To undo:\n" + undo.str();
  if (!refused.str().empty()) {
    const std::string why =
        "Could not be set (it takes root, and a machine that lets its own be set):\n" + refused.str();
    if (text.empty())
      return runtime::error{.text = why};
    text += why;
  }
  return text.empty() ? "Nothing needs to be set.\n" : text;
}

} // namespace perron::soak
