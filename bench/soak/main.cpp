// SPDX-License-Identifier: BSD-3-Clause
//
// perron-soak: very many connections to a server, and what becomes of them.
#include <perron/bench/soak/conductor.hpp>
#include <perron/bench/soak/fleet.hpp>
#include <perron/bench/soak/options.hpp>

#include <sys/signalfd.h>

#include <csignal>
#include <cstdio>
#include <ctime>

namespace {

using namespace perron::soak;

/// Readable from the first SIGINT or SIGTERM on.
int stop_signals() {
  sigset_t some;
  sigemptyset(&some);
  sigaddset(&some, SIGINT);
  sigaddset(&some, SIGTERM);
  sigprocmask(SIG_BLOCK, &some, nullptr);
  return signalfd(-1, &some, SFD_CLOEXEC | SFD_NONBLOCK);
}

std::optional<server_watch> server_of(const soak_options& o, run_record& record) {
  auto found = o.server_pid != 0 ? server_watch::of_process(o.server_pid) : server_watch::of_listener(o.port);
  if (found)
    return std::move(*found);
  record.notes.push_back("nothing is known of the server's memory and time: " + found.error().text);
  return std::nullopt;
}

audience plain_lines() {
  return {.sampled =
              [](const sample& s, double, double) {
                std::printf("%7.1f s  %-8s open %llu of %llu, answers %llu\n", s.at_s, s.phase.c_str(),
                            static_cast<unsigned long long>(s.clients.open),
                            static_cast<unsigned long long>(s.clients.wanted),
                            static_cast<unsigned long long>(s.clients.answers));
                std::fflush(stdout);
              },
          .marked = [](const mark& m) { std::printf("%7.1f s  %s\n", m.at_s, m.text.c_str()); }};
}

/// The number of errors.
std::uint64_t tell_result(const run_record& record) {
  std::uint64_t errors = 0;
  for (const named_count& each : record.totals.errors) {
    errors += each.count;
    if (each.count != 0)
      std::printf("error %s %llu\n", each.name.c_str(), static_cast<unsigned long long>(each.count));
  }
  for (const verdict& each : record.verdicts)
    std::printf("%s  %s: %s\n",
                !each.holds   ? "    "
                : *each.holds ? "ok  "
                              : "MISS",
                each.line.c_str(), each.figures.c_str());
  for (const std::string& each : record.notes)
    std::printf("note: %s\n", each.c_str());
  std::printf("opened %llu, answers %llu, messages %llu, errors %llu, left open %llu\n",
              static_cast<unsigned long long>(record.totals.opened),
              static_cast<unsigned long long>(record.totals.answers),
              static_cast<unsigned long long>(record.totals.messages),
              static_cast<unsigned long long>(errors), static_cast<unsigned long long>(record.totals.open));
  return errors;
}

} // namespace

int main(int argc, char** argv) {
  const auto [options, status] = parse_options(argc, argv);
  if (status)
    return *status;
  const int stop = stop_signals();
  run_record record;
  record.title = options.run.title;
  record.wanted = held_by(options.run);
  record.options = described(options);
  auto server = server_of(options, record);
  auto clients = fleet::start(options, deal_out(options.run, options.per_process));
  if (!clients) {
    std::fprintf(stderr, "perron-soak: %s\n", clients.error().text.c_str());
    return 1;
  }
  conductor lead(options, *clients, std::move(server), stop, options.quiet ? audience{} : plain_lines(),
                 record);
  lead.run();
  record.verdicts = judge(options.run, record, lead.found());
  return tell_result(record) == 0 ? 0 : 1;
}
