// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/metrics/metrics.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>

namespace perron::httpd::program {
namespace {

double seconds(const timeval& t) noexcept {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
}

/// Ticks after boot at which the program began: field 22 of /proc/self/stat, the 20th behind the name.
double start_ticks() {
  std::ifstream in("/proc/self/stat");
  std::string line;
  std::getline(in, line);
  std::istringstream rest(line.substr(std::min(line.size(), line.rfind(')') + 1)));
  std::string field;
  for (int i = 0; i < 20; ++i)
    rest >> field;
  return std::strtod(field.c_str(), nullptr);
}

double boot_time() {
  std::ifstream in("/proc/stat");
  for (std::string word; in >> word;)
    if (word == "btime") {
      double at = 0;
      in >> at;
      return at;
    }
  return 0;
}

} // namespace

process_figures process_figures::now() {
  process_figures out;
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  out.cpu_seconds = seconds(used.ru_utime) + seconds(used.ru_stime);
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  std::uint64_t all = 0;
  std::uint64_t resident = 0;
  std::ifstream("/proc/self/statm") >> all >> resident;
  out.virtual_bytes = all * page;
  out.resident_bytes = resident * page;
  std::error_code fault;
  for (std::filesystem::directory_iterator at("/proc/self/fd", fault), end; !fault && at != end;
       at.increment(fault))
    ++out.open_files;
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  out.max_files = files.rlim_cur;
  static const double started = boot_time() + start_ticks() / static_cast<double>(::sysconf(_SC_CLK_TCK));
  out.start_time = started;
  return out;
}

} // namespace perron::httpd::program
