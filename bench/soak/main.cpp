// SPDX-License-Identifier: BSD-3-Clause
//
// perron-soak: very many connections to a server, and what becomes of them.
#include <perron/bench/soak/conductor.hpp>
#include <perron/bench/soak/display.hpp>
#include <perron/bench/soak/fleet.hpp>
#include <perron/bench/soak/limits.hpp>
#include <perron/bench/soak/machine.hpp>
#include <perron/bench/soak/options.hpp>
#include <perron/bench/soak/report_command.hpp>
#include <perron/bench/soak/report_html.hpp>
#include <perron/bench/soak/report_json.hpp>
#include <perron/bench/soak/source_addresses.hpp>
#include <perron/bench/soak/tune.hpp>

#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

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

/// Shows the run on standard output, at the width that the terminal has at the time.
audience shown_by(display& screen) {
  return {.sampled =
              [&screen](const sample& s, double phase_s, double phase_of) {
                screen.resize(terminal::of(STDOUT_FILENO).columns);
                screen.show(s, {.phase_s = phase_s, .phase_of = phase_of});
              },
          .marked = [&screen](const mark& m) { screen.event(m); }};
}

std::string joined(int argc, char** argv) {
  std::string line = "perron-soak";
  for (int i = 1; i < argc; ++i)
    line.append(" ").append(argv[i]);
  return line;
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

/// False: it could not be written, which has been said.
bool write_file(const std::string& file, const std::string& text) {
  std::ofstream to(file, std::ios::binary);
  if (to << text << std::flush)
    return true;
  std::fprintf(stderr, "perron-soak: %s could not be written\n", file.c_str());
  return false;
}

bool write_report(const std::string& folder, const run_record& record) {
  std::error_code wrong;
  std::filesystem::create_directories(folder, wrong);
  const bool kept = write_file(folder + "/soak.json", to_json(record));
  return write_file(folder + "/soak.html", to_html(record)) && kept;
}

int tune(const soak_options& o) {
  const auto settings = settings_for(connections_of(o.run));
  if (o.tune != "apply") {
    std::fputs(describe_settings(settings).c_str(), stdout);
    return 0;
  }
  const auto done = apply_settings(settings);
  std::fputs((done ? *done : done.error().text).c_str(), stdout);
  return done ? 0 : 1;
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

/// "connections N", "server_processes M" and, if not all fit, "bound WHY".
int tell_limits(const soak_options& o) {
  const auto sources = parse_sources(o.sources, parse_address(o.host).value()).value();
  std::uint64_t bytes = 0;
  for (const share& each : o.run.shares)
    bytes += each.connections * bytes_of(each.what);
  const std::uint64_t wanted = connections_of(o.run);
  const fitting f = fit(wanted, bytes / std::max<std::uint64_t>(wanted, 1), room_here(sources.room()));
  std::printf("connections %llu\nserver_processes %llu\n", static_cast<unsigned long long>(f.connections),
              static_cast<unsigned long long>(f.server_processes));
  if (!f.bound.empty())
    std::printf("bound %s\n", f.bound.c_str());
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "report")
    return report_command(argc, argv);
  const auto [options, status] = parse_options(argc, argv);
  if (status)
    return *status;
  if (!options.tune.empty())
    return tune(options);
  if (options.limits)
    return tell_limits(options);
  const int stop = stop_signals();
  run_record record;
  record.title = options.run.title;
  record.command = joined(argc, argv);
  record.started = utc_now();
  record.machine = read_machine_facts();
  record.wanted = held_by(options.run);
  record.options = described(options);
  auto server = server_of(options, record);
  if (server)
    record.server = server->facts();
  record.server.address = options.host + ':' + std::to_string(options.port);
  auto clients = fleet::start(options, deal_out(options.run, options.per_process));
  if (!clients) {
    std::fprintf(stderr, "perron-soak: %s\n", clients.error().text.c_str());
    return 1;
  }
  display screen(record.title, terminal::of(STDOUT_FILENO), [](std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  });
  conductor lead(options, *clients, std::move(server), stop, options.quiet ? audience{} : shown_by(screen),
                 record);
  lead.run();
  if (!options.quiet)
    screen.finish();
  record.verdicts = judge(options.run, record, lead.found());
  const bool written = options.out.empty() || write_report(options.out, record);
  return tell_result(record) == 0 && written ? 0 : 1;
}
