// SPDX-License-Identifier: BSD-3-Clause
//
// Perron's side of `./dev bench supervision`: the workloads of peers/supervision_bench.erl, with the same
// names and the same lines.
#include "measured.hpp"

#include <perron/runtime/call.hpp>
#include <perron/runtime/node.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/runtime/report/crash_report.hpp>
#include <perron/runtime/timer.hpp>
#include <perron/supervisors/dynamic_supervisor.hpp>
#include <perron/supervisors/supervisor.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace perron::runtime;
using namespace perron::bench;
using namespace perron::supervisors;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t never_gives_up = 2'000'000'000;
/// OTP's supervisor looks through the restarts of the period at each restart: a fresh one keeps them few.
constexpr long restarts_of_one_supervisor = 100;
constexpr int sibling_count = 8;
constexpr auto pace = 5ms;

double resident_bytes() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line))
    if (line.starts_with("VmRSS:"))
      return std::strtod(line.c_str() + line.find(':') + 1, nullptr) * 1024;
  return 0;
}

void quantiles(const std::string& name, std::vector<std::int64_t> values) {
  std::sort(values.begin(), values.end());
  const auto at = [&](double q) {
    return static_cast<double>(values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1))]);
  };
  result_line(name + "_p50", at(0.5), "ns");
  result_line(name + "_p99", at(0.99), "ns");
}

supervisor_options options() {
  supervisor_options how;
  how.intensity = never_gives_up;
  how.period = 1s;
  how.reports = [](const report&) {};
  return how;
}

pid started(std::vector<child_spec> children) {
  return start_supervisor(options(), std::move(children)).value();
}

struct die {};
struct up {
  pid who;
  std::int64_t at = 0;
};
using moment = std::shared_ptr<std::atomic<std::int64_t>>;

// -- restart: a child dies, a new one runs

enum class death : std::uint8_t { by_exit, by_exception, by_return, of_server };

/// Tells `parent` when it runs, then dies as ordered, and leaves word when.
struct mortal {
  pid parent;
  moment died;
  death how;

  void operator()() const {
    send(parent, up{self(), now_ns()});
    receive_one<die>();
    died->store(now_ns(), std::memory_order_release);
    if (how == death::by_exception)
      throw std::runtime_error("crash");
    if (how == death::by_exit)
      perron::runtime::exit(exit_reason::custom("crash"));
  }
};

/// The same as a server, which dies by an exception.
struct mortal_server {
  using casts = protocol<die>;

  mortal_server(pid parent, moment last_word) : died(std::move(last_word)) {
    send(parent, up{self(), now_ns()});
  }
  [[noreturn]] void handle_cast(die) {
    died->store(now_ns(), std::memory_order_release);
    throw std::runtime_error("crash");
  }

  moment died;
};

child_spec mortal_child(pid parent, const moment& died, death how) {
  return how == death::of_server ? server_child<mortal_server>("mortal", parent, died)
                                 : child("mortal", mortal{parent, died, how});
}

/// From one life's last word to the next one's first.
void restart_once(pid& child, const moment& died, std::vector<std::int64_t>& into) {
  send(child, die{});
  const up next = receive_one<up>();
  child = next.who;
  into.push_back(next.at - died->load(std::memory_order_acquire));
}

std::vector<std::int64_t> restarts(long n, death how, std::chrono::nanoseconds between) {
  std::vector<std::int64_t> latencies;
  latencies.reserve(static_cast<std::size_t>(n));
  const auto died = std::make_shared<std::atomic<std::int64_t>>(0);
  for (long left = n; left > 0; left -= restarts_of_one_supervisor) {
    const pid supervisor = started({mortal_child(self(), died, how)});
    pid child = receive_one<up>().who;
    for (long i = std::min(left, restarts_of_one_supervisor); i > 0; --i) {
      if (between > 0ns)
        sleep_for(between);
      restart_once(child, died, latencies);
    }
    static_cast<void>(stop_supervisor(supervisor));
  }
  return latencies;
}

/// The time per restart is that of the fresh supervisors too, a hundredth of one.
void restart(const std::string& name, long n, death how) {
  restarts(n / 10 + 1, how, 0ns);
  std::vector<std::int64_t> latencies;
  timed(name + "_time", n, [&] { latencies = restarts(n, how, 0ns); });
  quantiles(name, std::move(latencies));
}

void restart_paced(const std::string& name, long n, death how) {
  restarts(n / 10 + 1, how, pace);
  quantiles(name, restarts(n, how, pace));
}

/// All at once: from the first order to the first line of the last new child.
void restart_many(long n) {
  struct all_up {};
  const pid me = self();
  const auto left = std::make_shared<std::atomic<long>>(n);
  std::vector<child_spec> specs;
  for (long i = 0; i < n; ++i)
    specs.push_back(child(std::to_string(i), [me, left] {
      if (left->fetch_sub(1, std::memory_order_acq_rel) == 1)
        send(me, all_up{});
      receive_one<die>();
      perron::runtime::exit(exit_reason::custom("crash"));
    }));
  const pid supervisor = started(std::move(specs));
  receive_one<all_up>();
  const auto children = which_children(supervisor).value();
  left->store(n, std::memory_order_release);
  timed("restart_many", n, [&] {
    for (const child_info& each : children)
      send(each.who, die{});
    receive_one<all_up>();
  });
  static_cast<void>(stop_supervisor(supervisor));
}

// -- children: very many of them

/// The longest time that a process which wants to run every millisecond did not.
class ticker {
public:
  ticker() {
    spawn([longest = longest_, over = over_] {
      for (std::int64_t last = now_ns(); !over->load(std::memory_order_relaxed);) {
        sleep_for(1ms);
        const std::int64_t now = now_ns();
        if (now - last - 1'000'000 > longest->load(std::memory_order_relaxed))
          longest->store(now - last - 1'000'000, std::memory_order_relaxed);
        last = now;
      }
    });
  }
  ~ticker() { over_->store(true, std::memory_order_relaxed); }
  ticker(const ticker&) = delete;
  ticker& operator=(const ticker&) = delete;

  void say(const std::string& name) {
    sleep_for(5ms); // the tick that is late is counted when it comes
    result_line(name, static_cast<double>(longest_->exchange(0)), "ns");
  }

private:
  moment longest_ = std::make_shared<std::atomic<std::int64_t>>(0);
  std::shared_ptr<std::atomic<bool>> over_ = std::make_shared<std::atomic<bool>>(false);
};

void children(long n) {
  const pid supervisor =
      start_dynamic_supervisor(
          {.intensity = never_gives_up, .period = 1s, .reports = [](const report&) {}, .clock = {}})
          .value();
  ticker ticks;
  const double memory = resident_bytes();
  const child_spec spec = child({.restart = temporary}, [] { receive_one<die>(); });
  timed("children_start", n, [&] {
    for (long i = 0; i < n; ++i)
      start_child(supervisor, spec);
  });
  ticks.say("children_start_pause");
  result_line("children_bytes", (resident_bytes() - memory) / static_cast<double>(n), "bytes");

  std::size_t active = 0;
  timed("children_count", 1, [&] { active = count_children(supervisor).value().active; });
  ticks.say("children_count_pause");

  std::size_t listed = 0;
  timed("children_list", n, [&] {
    page next{};
    do {
      const child_page got = which_children(supervisor, next).value();
      listed += got.children.size();
      next.from = got.next;
    } while (next.from != 0);
  });
  ticks.say("children_list_pause");
  if (listed != static_cast<std::size_t>(n) || active != listed)
    std::fprintf(stderr, "children: %ld started, %zu listed, %zu counted\n", n, listed, active);

  timed("children_stop", n, [&] { static_cast<void>(stop_supervisor(supervisor)); });
  ticks.say("children_stop_pause");
}

// -- siblings: what those who are well notice of those who crash

struct question {
  using reply = std::uint64_t;
  std::uint64_t value = 0;
};

/// A few microseconds of work for each question.
std::uint64_t worked(std::uint64_t value) {
  for (int i = 0; i < 2000; ++i)
    value = value * 6364136223846793005U + 1442695040888963407U;
  return value;
}

struct sibling {
  using calls = protocol<question>;
  std::uint64_t handle_call(question q) { return worked(q.value); }
};

enum phase : int { quiet, crashing, over };
using phase_ptr = std::shared_ptr<std::atomic<int>>;

/// Orders a thousand crashes a second while it is time for them; gives their number.
long crash_steadily(const phase_ptr& now) {
  std::deque<pid> mortals;
  long crashed = 0;
  long due = 0;
  std::int64_t last = now_ns();
  std::int64_t rest = 0;
  for (int p = now->load(); p != over; p = now->load()) {
    receive([&](up u) { mortals.push_back(u.who); }, after(1ms, [] {}));
    const std::int64_t at = now_ns();
    rest += p == crashing ? at - last : 0;
    last = at;
    due += static_cast<long>(rest / 1'000'000);
    rest %= 1'000'000;
    for (; crashed < due && !mortals.empty(); ++crashed) {
      send(mortals.front(), die{});
      mortals.pop_front();
    }
  }
  return crashed;
}

/// Calls a sibling over and over; gives the latencies of the quiet and of the crashing times.
std::array<std::vector<std::int64_t>, 2> ask_steadily(pid whom, std::chrono::nanoseconds between,
                                                      const phase_ptr& now) {
  std::array<std::vector<std::int64_t>, 2> latencies;
  for (int p = now->load(); p != over; p = now->load()) {
    if (between > 0ns)
      sleep_for(between);
    const std::int64_t begin = now_ns();
    static_cast<void>(call(whom, question{1}));
    if (now->load() == p)
      latencies[static_cast<std::size_t>(p)].push_back(now_ns() - begin);
  }
  return latencies;
}

void siblings(const std::string& name, std::chrono::nanoseconds between, long milliseconds) {
  constexpr long slice_ms = 250;
  const auto now = std::make_shared<std::atomic<int>>(quiet);
  const auto died = std::make_shared<std::atomic<std::int64_t>>(0);
  const pid me = self();
  const pid crasher = spawn([me, now] { send(me, crash_steadily(now)); });
  std::vector<child_spec> specs;
  for (int i = 0; i < sibling_count; ++i)
    specs.push_back(server_child<sibling>("sibling " + std::to_string(i)));
  for (int i = 0; i < sibling_count; ++i)
    specs.push_back(child("mortal " + std::to_string(i), mortal{crasher, died, death::by_exit}));
  const pid supervisor = started(std::move(specs));
  for (const child_info& each : which_children(supervisor).value())
    if (each.id.starts_with("sibling"))
      spawn([=, whom = each.who] { send(me, ask_steadily(whom, between, now)); });
  const long slices = (milliseconds + slice_ms - 1) / slice_ms;
  for (long i = 0; i < slices; ++i)
    for (const phase p : {quiet, crashing}) {
      now->store(p);
      sleep_for(std::chrono::milliseconds(slice_ms));
    }
  now->store(over);
  const double crashes = static_cast<double>(receive_one<long>());
  std::array<std::vector<std::int64_t>, 2> all;
  for (int i = 0; i < sibling_count; ++i) {
    const auto got = receive_one<std::array<std::vector<std::int64_t>, 2>>();
    for (std::size_t p = 0; p < all.size(); ++p)
      all[p].insert(all[p].end(), got[p].begin(), got[p].end());
  }
  const double seconds = static_cast<double>(slices * slice_ms) / 1000;
  result_line(name + "_crashes", crashes / seconds, "per_s");
  result_line(name + "_quiet_rate", static_cast<double>(all[quiet].size()) / seconds, "per_s");
  result_line(name + "_crashing_rate", static_cast<double>(all[crashing].size()) / seconds, "per_s");
  quantiles(name + "_quiet", std::move(all[quiet]));
  quantiles(name + "_crashing", std::move(all[crashing]));
  static_cast<void>(stop_supervisor(supervisor));
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s WORKLOAD [COUNT]\n", argv[0]);
    return 2;
  }
  const std::string workload = argv[1];
  const long count = argc > 2 ? std::atol(argv[2]) : 0;
  const auto n = [&](long standard) { return count > 0 ? count : standard; };
  const std::map<std::string, std::function<void()>> workloads{
      {"restart", [&] { restart("restart", n(50'000), death::by_exit); }},
      {"restart_exception", [&] { restart("restart_exception", n(20'000), death::by_exception); }},
      {"restart_return", [&] { restart("restart_return", n(50'000), death::by_return); }},
      {"restart_server", [&] { restart("restart_server", n(20'000), death::of_server); }},
      {"restart_paced", [&] { restart_paced("restart_paced", n(1000), death::by_exit); }},
      {"restart_return_paced", [&] { restart_paced("restart_return_paced", n(1000), death::by_return); }},
      {"restart_server_paced", [&] { restart_paced("restart_server_paced", n(1000), death::of_server); }},
      {"restart_many", [&] { restart_many(n(10'000)); }},
      {"children", [&] { children(n(1'000'000)); }},
      {"siblings_closed", [&] { siblings("siblings_closed", 0ns, n(3000)); }},
      {"siblings_paced", [&] { siblings("siblings_paced", 1ms, n(3000)); }},
  };
  const auto found = workloads.find(workload);
  if (found == workloads.end()) {
    std::fprintf(stderr, "perron_supervision_bench: no workload '%s'\n", workload.c_str());
    return 2;
  }
  node here(node_options{.workers = 2});
  here.crash_reports().set_sink([](const crash_report&, const std::string&) {});
  const exit_reason how = here.run({.trap_exit = true}, found->second);
  if (!how.orderly()) {
    std::fprintf(stderr, "perron_supervision_bench: %s\n", how.to_string().c_str());
    return 1;
  }
  here.stop(std::chrono::seconds(30));
  return 0;
}
