// SPDX-License-Identifier: BSD-3-Clause
#include "conformance/supervision/comparison.hpp"

#include "conformance/supervision/words.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <stdexcept>
#include <system_error>
#include <utility>

extern char** environ;

namespace perron::conformance {
namespace {

std::array<int, 2> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    throw std::system_error(errno, std::generic_category(), "pipe");
  return ends;
}

void write_all(int to, std::string_view data) {
  while (!data.empty()) {
    const ssize_t n = ::write(to, data.data(), data.size());
    if (n < 0 && errno != EINTR)
      throw std::runtime_error("Erlang has ended: it takes no more scenarios");
    if (n > 0)
      data.remove_prefix(static_cast<std::size_t>(n));
  }
}

std::string read_exactly(int from, std::size_t size) {
  std::string out(size, '\0');
  for (std::size_t have = 0; have < size;) {
    const ssize_t n = ::read(from, out.data() + have, size - have);
    if (n == 0 || (n < 0 && errno != EINTR))
      throw std::runtime_error("Erlang has ended before it has answered");
    if (n > 0)
      have += static_cast<std::size_t>(n);
  }
  return out;
}

// -- a scenario without an end says which it is

std::atomic<const char*> under_way{nullptr};

void on_alarm(int) {
  constexpr std::string_view text = "there is no end to: ";
  const char* name = under_way.load();
  if (::write(STDERR_FILENO, text.data(), text.size()) < 0 ||
      ::write(STDERR_FILENO, name, std::strlen(name)) < 0 || ::write(STDERR_FILENO, "\n", 1) < 0)
    ::_exit(EXIT_FAILURE);
  ::_exit(EXIT_FAILURE);
}

void begin(const scenario& play) {
  constexpr unsigned patience = 120; // seconds
  under_way = play.name.c_str();
  std::signal(SIGALRM, on_alarm);
  ::alarm(patience);
}

} // namespace

otp::otp(const std::string& escript) {
  const std::array<int, 2> in = make_pipe();
  const std::array<int, 2> out = make_pipe();
  posix_spawn_file_actions_t ends;
  posix_spawn_file_actions_init(&ends);
  posix_spawn_file_actions_adddup2(&ends, in[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&ends, out[1], STDOUT_FILENO);
  std::string program = "escript";
  std::string script = escript;
  const std::array<char*, 3> words{program.data(), script.data(), nullptr};
  const int failed = ::posix_spawnp(&child_, "escript", &ends, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&ends);
  ::close(in[0]);
  ::close(out[1]);
  to_ = in[1];
  from_ = out[0];
  if (failed != 0) {
    ::close(to_);
    ::close(from_);
    throw std::system_error(failed, std::generic_category(), "escript (Debian's erlang-base) is needed");
  }
}

otp::~otp() {
  ::close(to_);
  ::close(from_);
  ::waitpid(child_, nullptr, 0);
}

void otp::give(const scenario& play) {
  const auto size = static_cast<std::uint32_t>(play.text.size());
  std::string packet;
  for (const unsigned shift : {24U, 16U, 8U, 0U})
    packet += static_cast<char>(size >> shift & 0xffU);
  write_all(to_, packet + play.text);
}

std::vector<std::string> otp::take() {
  std::size_t size = 0;
  for (const char byte : read_exactly(from_, 4))
    size = size << 8U | static_cast<unsigned char>(byte);
  return split(read_exactly(from_, size), '\n');
}

void comparison::run(const std::vector<scenario>& plays) {
  constexpr std::size_t at_once = 32;
  for (std::size_t first = 0; first < plays.size(); first += at_once) {
    const std::size_t end = std::min(first + at_once, plays.size());
    for (std::size_t i = first; i < end; ++i)
      otp_.give(plays[i]);
    std::vector<std::vector<std::string>> ours;
    for (std::size_t i = first; i < end; ++i) {
      begin(plays[i]);
      ours.push_back(stage_.run(plays[i]));
    }
    for (std::size_t i = first; i < end; ++i) {
      begin(plays[i]);
      compare(plays[i], std::move(ours[i - first]), otp_.take());
    }
  }
  ::alarm(0);
}

void comparison::compare(const scenario& play, std::vector<std::string> ours,
                         std::vector<std::string> theirs) {
  sort_simultaneous(ours);
  sort_simultaneous(theirs);
  bool as_known = true;
  for (const difference& each : known_)
    if (each.scenario == play.name)
      as_known = each.apply(theirs) && as_known;
  const bool equal = ours == theirs && as_known;
  ++(equal ? passed_ : failed_);
  if (equal && !verbose_)
    return;
  std::cout << (equal ? "passed: " : "FAILED: ") << play.name << '\n';
  const auto differ = std::mismatch(ours.begin(), ours.end(), theirs.begin(), theirs.end());
  const auto same = static_cast<std::size_t>(differ.first - ours.begin());
  if (!equal)
    std::cout << play.text;
  if (!as_known)
    std::cout << "differences.txt lists what OTP does not do here\n";
  for (std::size_t i = 0; i < same; ++i)
    std::cout << "    " << ours[i] << '\n';
  if (equal)
    return;
  constexpr std::size_t shown = 4;
  for (std::size_t i = same; i < theirs.size() && i < same + shown; ++i)
    std::cout << "OTP    " << theirs[i] << '\n';
  for (std::size_t i = same; i < ours.size() && i < same + shown; ++i)
    std::cout << "Perron " << ours[i] << '\n';
}

void sort_simultaneous(std::vector<std::string>& trace) {
  const auto has_star = [](const std::string& line) {
    return line.starts_with("told* ") || line.starts_with("report* ");
  };
  for (auto at = trace.begin(); at != trace.end();) {
    const auto first = std::find_if(at, trace.end(), has_star);
    at = std::find_if_not(first, trace.end(), has_star);
    std::sort(first, at);
  }
}

} // namespace perron::conformance
