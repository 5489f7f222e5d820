// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/options.hpp>

#include <perron/bench/soak/scenario_file.hpp>
#include <perron/bench/soak/source_addresses.hpp>
#include <perron/bench/soak/units.hpp>

#include <CLI/CLI.hpp>

#include <array>
#include <cstdio>
#include <map>

namespace perron::soak {

namespace {

/// What the options of a run without a scenario file say.
struct plain_run {
  share all{};
  double ramp = 5'000;
  double hold = 10;
  std::uint32_t publishes = 1;
  double publish_every = 2;
  accidents wrong{};
  double chaos = 0;
};

std::map<std::string, mode> modes() {
  std::map<std::string, mode> names;
  for (std::uint8_t i = 0; i < static_cast<std::uint8_t>(mode::count); ++i)
    names.emplace(name_of(static_cast<mode>(i)), static_cast<mode>(i));
  return names;
}

scenario scenario_of(const plain_run& p) {
  scenario s;
  s.title = grouped(p.all.connections) + " connections: " + std::string(name_of(p.all.what));
  s.shares.push_back(p.all);
  const auto add = [&](phase_kind what, auto... with) {
    phase next;
    next.what = what;
    (with(next), ...);
    s.phases.push_back(next);
  };
  add(phase_kind::ramp, [&](phase& n) { n.rate = p.ramp; });
  add(phase_kind::hold, [&](phase& n) { n.seconds = p.hold; });
  if (p.chaos > 0) {
    add(phase_kind::calm, [&](phase& n) { n.seconds = p.chaos / 2, n.wrong = p.wrong; });
    add(phase_kind::chaos, [&](phase& n) { n.seconds = p.chaos, n.wrong = p.wrong; });
  }
  const mode m = p.all.what;
  if (m == mode::idle || m == mode::ws || m == mode::chat || m == mode::churn || m == mode::requests)
    add(phase_kind::probe);
  if (p.publishes > 0 && (m == mode::poll || m == mode::sse || m == mode::ws))
    add(phase_kind::publish, [&](phase& n) { n.count = p.publishes, n.every = p.publish_every; });
  add(phase_kind::drain);
  return s;
}

void describe_load(CLI::App& cli, soak_options& o, plain_run& p, std::string& what) {
  cli.add_option("mode", what,
                 "what the connections do:\n"
                 "idle      held after one answer, and asked again at the end; no server that closes idle "
                 "ones sooner\n"
                 "poll      wait in a long poll until something is published\n"
                 "sse       hold a stream of events\n"
                 "ws        hold a WebSocket\n"
                 "chat      speak in rooms, over WebSockets\n"
                 "churn     are opened, ask once and are closed\n"
                 "requests  ask again and again\n"
                 "slow      ask for much and read it slowly")
      ->check(CLI::IsMember(modes()).description(""))
      ->capture_default_str();
  cli.add_option("--scenario", o.scenario_file,
                 "a TOML file of shares and phases, in the place of a mode and the options of this kind");
  cli.add_option("-n,--connections", p.all.connections, "how many; of churn: under way at a time")
      ->capture_default_str();
  cli.add_option("--ramp", p.ramp, "connections opened a second; 0: as fast as it goes")
      ->capture_default_str();
  cli.add_option("--hold", p.hold, "seconds to hold them, or to ask, speak, come and go")
      ->capture_default_str();
  cli.add_option("--path", p.all.path, "what they ask for; by default the mode's own, of kitchen_sink");
  cli.add_option("--rate", p.all.rate, "churn, requests: a second in all; 0: as fast as it goes")
      ->capture_default_str();
  cli.add_option("--publishes", p.publishes, "poll, sse, ws: how often something is published after the hold")
      ->capture_default_str();
  cli.add_option("--publish-every", p.publish_every, "seconds between two of those")->capture_default_str();
  cli.add_option("--room", p.all.room, "chat: members of a room")
      ->check(CLI::Range(1, 19'000))
      ->capture_default_str();
  cli.add_option("--messages", p.all.messages, "chat: messages a second in each room")->capture_default_str();
  cli.add_option("--bytes", p.all.bytes, "slow: of an answer")->capture_default_str();
  cli.add_option("--read-rate", p.all.read_rate, "slow: bytes a second that each reads")
      ->capture_default_str();
  cli.add_option("--probes", o.probes, "requests a second beside all that, to see how others fare")
      ->capture_default_str();
}

void describe_chaos(CLI::App& cli, plain_run& p) {
  const auto share = CLI::Range(0.0, 1.0).description("");
  cli.add_option("--chaos", p.chaos,
                 "seconds of accidents after the hold, and after half as many "
                 "of calm: the same coming, going and asking without them")
      ->capture_default_str();
  cli.add_option("--crash", p.wrong.crash, "share of the connections whose handlers crash each second")
      ->check(share)
      ->capture_default_str();
  cli.add_option("--vanish", p.wrong.vanish, "share of the clients that vanish each second")
      ->check(share)
      ->capture_default_str();
  cli.add_option("--kill-every", p.wrong.kill_every,
                 "seconds after which a process of the server is killed, one after the other; 0: none")
      ->capture_default_str();
}

void describe_run(CLI::App& cli, soak_options& o) {
  cli.add_option("--host", o.host, "address of the server, IPv4")->capture_default_str();
  cli.add_option("-p,--port", o.port, "its port")->capture_default_str();
  cli.add_option("--server-pid", o.server_pid,
                 "the server's first process; by default who listens on the port");
  cli.add_option(
         "--greeting", o.greeting,
         "asked once on each; a number as answer is the pid of the process that serves it; empty: none")
      ->capture_default_str();
  cli.add_option(
      "--sources", o.sources,
      "addresses to come from, A.B.C.D or A.B.C.D-E.F.G.H; by default 127.0.0.1 and up on loopback");
  cli.add_option("--patience", o.patience, "seconds to wait for an accept or an answer")
      ->capture_default_str();
  cli.add_option("--opening", o.opening, "connections on their way at a time")->capture_default_str();
  cli.add_option("--per-process", o.per_process, "connections of one client process")
      ->check(CLI::Range(1, 1'000'000).description(""))
      ->capture_default_str();
  cli.add_option("-o,--out", o.out, "folder for the report, soak.html and soak.json");
  cli.add_option("--tune", o.tune, "only show the settings of the system that bind; apply: set them")
      ->expected(0, 1)
      ->default_str("show")
      ->check(CLI::IsMember(std::vector<std::string>{"show", "apply"}).description(""));
  cli.add_flag(
      "--limits", o.limits,
      "only say how many of the connections this machine can hold, both ends, and what the bound is");
  cli.add_flag("-q,--quiet", o.quiet, "only the result");
}

} // namespace

std::pair<soak_options, std::optional<int>> parse_options(int argc, char** argv) {
  soak_options o;
  o.sources.clear();
  plain_run p;
  std::string what = "idle";
  CLI::App cli("Opens very many connections to a server and says what becomes of them.", "perron-soak");
  cli.footer("perron-soak report soak.json... --out page.html   draws kept runs, several over each other\n"
             "A tutorial, the keys of scenarios and the names in soak.json: bench/soak/README.md");
  describe_load(cli, o, p, what);
  describe_chaos(cli, p);
  describe_run(cli, o);
  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return {std::move(o), cli.exit(e) == 0 ? 0 : 2};
  }
  p.all.what = modes().at(what);
  if (o.scenario_file.empty()) {
    if (p.all.what == mode::chat && p.all.connections % p.all.room != 0) {
      std::fprintf(stderr, "perron-soak: --connections has to be a multiple of --room\n");
      return {std::move(o), 2};
    }
    o.run = scenario_of(p);
  } else if (auto read = read_scenario(o.scenario_file)) {
    o.run = std::move(*read);
  } else {
    std::fprintf(stderr, "perron-soak: %s\n", read.error().text.c_str());
    return {std::move(o), 2};
  }
  const auto host = parse_address(o.host);
  const auto sources = host ? parse_sources(o.sources, *host) : source_addresses{};
  if (host && sources)
    return {std::move(o), std::nullopt};
  std::fprintf(stderr, "perron-soak: %s\n", (host ? sources.error() : host.error()).text.c_str());
  return {std::move(o), 2};
}

std::vector<std::pair<std::string, std::string>> described(const soak_options& o) {
  return {{"server", o.host + ':' + std::to_string(o.port)},
          {"connections", std::to_string(connections_of(o.run))},
          {"greeting", o.greeting},
          {"sources", o.sources.empty() ? "127.0.0.1 and up" : o.sources},
          {"patience", std::to_string(o.patience) + " s"},
          {"on their way at a time", std::to_string(o.opening)},
          {"of one client process", std::to_string(o.per_process)}};
}

} // namespace perron::soak
