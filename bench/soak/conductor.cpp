// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/conductor.hpp>

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

namespace perron::soak {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t sample_every_ns = second_ns / 2;

/// What was counted since `before`, which becomes the present state.
quantiles interval_of(histogram now, histogram& before) {
  const quantiles q = quantiles_of(now.since(before));
  before = now;
  return q;
}

} // namespace

conductor::conductor(const soak_options& options, fleet& clients, std::optional<server_watch> server,
                     int stop, audience tells, run_record& record)
    : options_(options), clients_(clients), server_(std::move(server)), stop_(stop), tells_(std::move(tells)),
      record_(record), began_ns_(now_ns()), phase_began_ns_(began_ns_), next_sample_ns_(began_ns_) {}

double conductor::since(std::int64_t ns) const { return static_cast<double>(now_ns() - ns) / 1e9; }

void conductor::run() {
  take_sample(true);
  const auto& phases = options_.run.phases;
  for (std::uint32_t number = 1; number <= phases.size() && !stopped_; ++number)
    run_phase(number);
  if (stopped_)
    mark_now("stopped");
  drain();
  settle();
  take_sample(true);
  record_.totals = clients_.counts();
  for (std::string& text : clients_.error_texts())
    note(std::move(text));
  record_.histograms = {
      {"connect", connect_}, {"latency", latency_}, {"service", service_}, {"publish", publish_}};
  accident_counts& a = found_.accidents;
  a.lost_by_kill = clients_.sum(&shared_block::lost_by_kill);
  a.lost_unanswered = clients_.sum(&shared_block::lost_unanswered);
  a.cut_by_kernel = clients_.sum(&shared_block::cut_by_kernel);
  a.cut_behind_remains = clients_.sum(&shared_block::cut_behind_remains);
  a.crashed = clients_.sum(&shared_block::crashed);
  a.silent = clients_.sum(&shared_block::silent);
  a.vanished = clients_.sum(&shared_block::vanished);
  a.said_goodbye = clients_.sum(&shared_block::said_goodbye);
  a.reconnected = clients_.sum(&shared_block::reconnected);
  found_.probe_rest_p99_ns = clients_.director().probe_rest.quantile(0.99);
  found_.probe_calm_p99_ns = clients_.director().probe_calm.quantile(0.99);
  found_.probe_chaos_p99_ns = clients_.director().probe_chaos.quantile(0.99);
  found_.probes_at_rest = clients_.director().probe_rest.count();
  found_.probes_in_calm = clients_.director().probe_calm.count();
  found_.probes_in_chaos = clients_.director().probe_chaos.count();
}

void conductor::run_phase(std::uint32_t number) {
  phase_ = &options_.run.phases[number - 1];
  phase_began_ns_ = now_ns();
  clients_.begin_phase(number, phase_began_ns_);
  switch (phase_->what) {
  case phase_kind::ramp:
    ramp_up(number);
    break;
  case phase_kind::probe:
    if (!wait_done(number, options_.patience))
      note("the probe was not over in time");
    break;
  case phase_kind::publish:
    publish_all();
    break;
  case phase_kind::chaos:
    have_accidents();
    break;
  case phase_kind::drain:
    return;
  default:
    pause_until(phase_began_ns_ + static_cast<std::int64_t>(phase_->seconds * 1e9));
    break;
  }
  take_sample(true);
}

/// Over when all are open, or when for the whole patience none was opened any more.
void conductor::ramp_up(std::uint32_t number) {
  std::uint64_t opened = 0;
  std::int64_t progress_ns = now_ns();
  while (!clients_.done(number)) {
    if (const std::uint64_t now = clients_.sum(&shared_block::opened); now != opened) {
      opened = now;
      progress_ns = now_ns();
    }
    if (since(progress_ns) > options_.patience) {
      note("the ramp stopped at " + std::to_string(clients_.sum(&shared_block::open)) + " open connections");
      return;
    }
    if (!pause_until(now_ns() + second_ns / 20))
      return;
  }
}

bool conductor::wait_done(std::uint32_t number, double patience_s) {
  while (!clients_.done(number)) {
    if (since(phase_began_ns_) > patience_s)
      return false;
    if (!pause_until(now_ns() + second_ns / 20))
      break;
  }
  return true;
}

void conductor::publish_all() {
  for (std::uint32_t i = 0; i < phase_->count && !stopped_; ++i) {
    if (i != 0 && !pause_until(now_ns() + static_cast<std::int64_t>(phase_->every * 1e9)))
      return;
    publish_once();
  }
}

/// Over when as many have heard it as listened, or when for the whole patience nobody did any more.
void conductor::publish_once() {
  const std::uint64_t before = clients_.sum(&shared_block::heard);
  const bool polls = std::any_of(options_.run.shares.begin(), options_.run.shares.end(),
                                 [](const share& s) { return s.what == mode::poll; });
  publish_result result;
  result.listening = clients_.sum(&shared_block::listening);
  mark_now("published");
  clients_.publish();
  std::int64_t progress_ns = now_ns();
  std::int64_t again_ns = progress_ns;
  while (result.heard < result.listening && since(progress_ns) < options_.patience) {
    if (!pause_until(now_ns() + second_ns / 50))
      break;
    if (const std::uint64_t now = clients_.sum(&shared_block::heard) - before; now != result.heard) {
      result.heard = now;
      progress_ns = again_ns = now_ns();
    } else if (polls && since(again_ns) > 1.5) {
      // A poll that the server took up behind the publish waits for the next one.
      mark_now("published again");
      ++result.repeats;
      clients_.publish_again();
      again_ns = now_ns();
    }
  }
  const shared_block& director = clients_.director();
  result.reached = director.reached.get();
  result.last_s = static_cast<double>(clients_.latest_heard_ns()) / 1e9 -
                  static_cast<double>(director.published_ns.get()) / 1e9;
  mark_now(std::to_string(result.heard) + " of " + std::to_string(result.listening) + " have heard it");
  found_.publishes.push_back(result);
}

void conductor::have_accidents() {
  const std::int64_t end = phase_began_ns_ + static_cast<std::int64_t>(phase_->seconds * 1e9);
  if (phase_->wrong.kill_every <= 0) {
    pause_until(end);
    return;
  }
  const auto every = static_cast<std::int64_t>(phase_->wrong.kill_every * 1e9);
  for (std::int64_t next = phase_began_ns_ + every; next < end; next += every) {
    if (!pause_until(next))
      return;
    kill_one();
  }
  pause_until(end);
}

/// Not the first process: that is the one that starts the others again.
void conductor::kill_one() {
  const std::vector<pid_t> pids = server_ ? server_->pids() : std::vector<pid_t>{};
  if (pids.size() < 3)
    return note("the server has no processes of which one could be killed");
  const pid_t node = pids[1 + found_.accidents.kills % (pids.size() - 1)];
  ++found_.accidents.kills;
  clients_.tell_killed(node, now_ns());
  ::kill(node, SIGKILL);
  mark_now("process " + std::to_string(node) + " of the server killed");
}

/// The server needs a moment to notice that everybody has left.
void conductor::settle() {
  constexpr double most_s = 10;
  if (!server_ || record_.samples.empty())
    return;
  const std::uint64_t before = record_.samples.front().server.descriptors;
  for (const std::int64_t began = now_ns(); server_->read().descriptors > before && since(began) < most_s;) {
    pollfd none{.fd = -1, .events = 0, .revents = 0};
    ::poll(&none, 1, 100);
  }
}

void conductor::drain() {
  static const phase leaving = [] {
    phase p;
    p.what = phase_kind::drain;
    return p;
  }();
  const std::int64_t began = now_ns();
  phase_ = &leaving;
  phase_began_ns_ = began;
  clients_.end();
  while (clients_.alive() != 0 && since(began) < options_.patience) {
    pollfd none{.fd = -1, .events = 0, .revents = 0};
    ::poll(&none, 1, 20);
    for (std::string& bad : clients_.reap())
      note(std::move(bad));
    if (now_ns() >= next_sample_ns_)
      take_sample(false);
  }
  if (const std::size_t left = clients_.alive(); left != 0)
    note(std::to_string(left) + " client processes did not end in time");
}

bool conductor::pause_until(std::int64_t at_ns) {
  while (!stopped_) {
    const std::int64_t now = now_ns();
    if (now >= next_sample_ns_)
      take_sample(false);
    for (std::string& bad : clients_.reap()) {
      mark_now(bad);
      note(std::move(bad));
    }
    if (now >= at_ns)
      return true;
    const std::int64_t until = std::min(at_ns, next_sample_ns_);
    pollfd stop{.fd = stop_, .events = POLLIN, .revents = 0};
    if (::poll(&stop, 1, static_cast<int>(std::max<std::int64_t>((until - now_ns()) / 1'000'000, 0)) + 1) > 0)
      stopped_ = true;
  }
  return false;
}

void conductor::take_sample(bool with_memory) {
  sample s;
  s.at_s = since(began_ns_);
  s.phase = phase_ == nullptr ? "before" : std::string(name_of(phase_->what));
  s.clients = clients_.counts();
  if (server_)
    s.server = with_memory ? server_->read_with_memory() : server_->read();
  s.machine = read_machine();
  s.connect = interval_of(clients_.merged(&shared_block::connect), connect_);
  s.latency = interval_of(clients_.merged(&shared_block::latency), latency_);
  s.service = interval_of(clients_.merged(&shared_block::service), service_);
  s.publish = interval_of(clients_.merged(&shared_block::publish), publish_);
  if (tells_.sampled)
    tells_.sampled(s, since(phase_began_ns_), phase_ == nullptr ? 0 : phase_->seconds);
  record_.samples.push_back(std::move(s));
  next_sample_ns_ = now_ns() + sample_every_ns;
}

void conductor::mark_now(std::string text) {
  record_.marks.push_back({since(began_ns_), std::move(text)});
  if (tells_.marked)
    tells_.marked(record_.marks.back());
}

} // namespace perron::soak
