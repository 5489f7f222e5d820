// SPDX-License-Identifier: BSD-3-Clause
//
// The wheel beside std::multimap, which is what CAF 0.17 keeps its timeouts in.
#include <perron/runtime/core/timing_wheel.hpp>

#include <benchmark/benchmark.h>

#include <cstdint>
#include <map>
#include <random>
#include <vector>

namespace {

using perron::runtime::core::timing_wheel;
using perron::runtime::core::wheel_node;

constexpr std::uint64_t minute = 60'000;

std::vector<std::uint64_t> random_dues(std::size_t count) {
  std::mt19937_64 random(42);
  std::vector<std::uint64_t> dues(count);
  for (auto& due : dues)
    due = 1 + random() % (10 * minute);
  return dues;
}

/// What a request with a deadline does: arm at its start, cancel at its end, among many that wait.
void wheel_arm_cancel(benchmark::State& state) {
  const auto dues = random_dues(static_cast<std::size_t>(state.range(0)));
  std::vector<wheel_node> nodes(dues.size());
  timing_wheel wheel;
  for (std::size_t i = 0; i < dues.size(); ++i)
    wheel.arm(nodes[i], dues[i]);
  wheel_node node;
  std::uint64_t i = 0;
  for (auto _ : state) {
    wheel.arm(node, 1 + (i += 7919) % (10 * minute));
    wheel.cancel(node);
  }
}

void multimap_arm_cancel(benchmark::State& state) {
  std::multimap<std::uint64_t, void*> map;
  for (const auto due : random_dues(static_cast<std::size_t>(state.range(0))))
    map.emplace(due, nullptr);
  std::uint64_t i = 0;
  for (auto _ : state)
    map.erase(map.emplace(1 + (i += 7919) % (10 * minute), nullptr));
}

/// The whole life of a timer: arm all, then time passes millisecond by millisecond over ten minutes. Time is
/// per timer.
void wheel_arm_fire(benchmark::State& state) {
  const auto dues = random_dues(static_cast<std::size_t>(state.range(0)));
  std::vector<wheel_node> nodes(dues.size());
  for (auto _ : state) {
    timing_wheel wheel;
    for (std::size_t i = 0; i < dues.size(); ++i)
      wheel.arm(nodes[i], dues[i]);
    std::uint64_t sum = 0;
    while (const auto next = wheel.next_due())
      wheel.advance(*next, [&](wheel_node& node) { sum += node.due; });
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void multimap_arm_fire(benchmark::State& state) {
  const auto dues = random_dues(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    std::multimap<std::uint64_t, void*> map;
    for (const auto due : dues)
      map.emplace(due, nullptr);
    std::uint64_t sum = 0;
    while (!map.empty()) {
      sum += map.begin()->first;
      map.erase(map.begin());
    }
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

/// What a worker pays between two turns when no timer is due.
void wheel_look(benchmark::State& state) {
  std::vector<wheel_node> nodes(1000);
  timing_wheel wheel;
  std::uint64_t now = 0;
  for (auto& node : nodes)
    wheel.arm(node, (std::uint64_t{1} << 35) + 5);
  for (auto _ : state) {
    wheel.advance(++now, [](wheel_node&) {});
    benchmark::DoNotOptimize(wheel.next_due());
  }
}

BENCHMARK(wheel_arm_cancel)->Arg(1000)->Arg(1'000'000);
BENCHMARK(multimap_arm_cancel)->Arg(1000)->Arg(1'000'000);
BENCHMARK(wheel_arm_fire)->Arg(1000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK(multimap_arm_fire)->Arg(1000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK(wheel_look);

} // namespace

BENCHMARK_MAIN();
