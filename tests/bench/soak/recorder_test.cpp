// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/recorder.hpp>

#include <gtest/gtest.h>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

namespace perron::soak {
namespace {

using made = std::unique_ptr<histogram>;

made empty() { return std::make_unique<histogram>(); }

std::uint64_t exact_quantile(const std::vector<std::uint64_t>& sorted, double share) {
  const double rank = std::ceil(share * static_cast<double>(sorted.size()));
  return sorted[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

TEST(recorder, of_nothing_is_nothing) {
  const auto h = empty();
  EXPECT_EQ(h->count(), 0U);
  EXPECT_EQ(h->quantile(0.5), 0U);
  EXPECT_EQ(h->max_ns(), 0U);
  EXPECT_EQ(h->mean_ns(), 0);
  h->for_each([](std::uint64_t, std::uint64_t) { ADD_FAILURE(); });
}

TEST(recorder, quantiles_are_at_most_a_thousandth_above_the_true_ones) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> waits(12, 3);
  std::vector<std::uint64_t> all;
  const auto h = empty();
  for (int i = 0; i < 50'000; ++i) {
    const auto ns = std::min(static_cast<std::uint64_t>(waits(random)), histogram::greatest);
    all.push_back(ns);
    h->record(ns);
  }
  std::sort(all.begin(), all.end());
  for (const double share : {0.0, 0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0}) {
    const std::uint64_t truth = exact_quantile(all, share);
    const std::uint64_t told = h->quantile(share);
    EXPECT_GE(told, truth) << share;
    EXPECT_LE(static_cast<double>(told), static_cast<double>(truth) * 1.001 + 1) << share;
  }
  EXPECT_EQ(h->max_ns(), all.back());
  EXPECT_EQ(h->quantile(1), all.back());
}

TEST(recorder, small_values_are_exact_and_great_ones_are_kept_as_the_greatest) {
  const auto h = empty();
  for (std::uint64_t ns = 0; ns < 1024; ++ns)
    h->record(ns);
  EXPECT_EQ(h->quantile(0.5), 511U);
  h->record(~std::uint64_t{0});
  EXPECT_EQ(h->max_ns(), histogram::greatest);
  EXPECT_EQ(h->quantile(1), histogram::greatest);
}

TEST(recorder, mean_is_exact) {
  const auto h = empty();
  h->record(1'000'001);
  h->record(2'000'002, 2);
  EXPECT_DOUBLE_EQ(h->mean_ns(), (1'000'001 + 2 * 2'000'002) / 3.0);
}

TEST(recorder, merged_is_as_if_recorded_in_one) {
  std::mt19937_64 random(11);
  const auto one = empty();
  const auto other = empty();
  const auto both = empty();
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t ns = random() % (std::uint64_t{1} << (10 + i % 25));
    (i % 3 == 0 ? one : other)->record(ns);
    both->record(ns);
  }
  one->merge(*other);
  one->merge(*empty());
  EXPECT_EQ(one->count(), both->count());
  EXPECT_EQ(one->max_ns(), both->max_ns());
  EXPECT_DOUBLE_EQ(one->mean_ns(), both->mean_ns());
  for (int i = 0; i <= 1000; ++i)
    EXPECT_EQ(one->quantile(i / 1000.0), both->quantile(i / 1000.0));
}

TEST(recorder, since_is_what_came_after_a_copy) {
  const auto h = empty();
  h->record(5'000'000'000);
  const auto copy = std::make_unique<histogram>(*h);
  h->record(700, 3);
  h->record(900);
  const auto later = std::make_unique<histogram>(h->since(*copy));
  EXPECT_EQ(later->count(), 4U);
  EXPECT_EQ(later->quantile(0.5), 700U);
  EXPECT_EQ(later->max_ns(), 900U);
  EXPECT_DOUBLE_EQ(later->mean_ns(), 750);
  EXPECT_EQ(h->since(*h).count(), 0U);
}

TEST(recorder, a_long_wait_counts_for_the_questions_it_kept_back) {
  // A question every 10 ms; one took 100 ms, so nine more were due meanwhile, which would have waited 90, 80,
  // ... 10.
  const auto h = empty();
  h->record_corrected(100'000'000, 10'000'000);
  EXPECT_EQ(h->count(), 10U);
  EXPECT_NEAR(h->mean_ns(), 55'000'000, 1);
  const auto median = static_cast<double>(h->quantile(0.5));
  EXPECT_GE(median, 50'000'000);
  EXPECT_LE(median, 50'000'000 * 1.001);
}

TEST(recorder, a_wait_shorter_than_two_intervals_kept_nothing_back) {
  const auto h = empty();
  h->record_corrected(19, 10);
  h->record_corrected(5, 0);
  EXPECT_EQ(h->count(), 2U);
}

TEST(recorder, a_correction_of_very_many_questions_is_the_same_by_buckets) {
  const auto h = empty();
  constexpr std::uint64_t interval = 1000;
  constexpr std::uint64_t wait = 1'000'000'000;
  h->record_corrected(wait, interval);
  const auto each = empty();
  for (std::uint64_t ns = wait; ns >= interval; ns -= interval)
    each->record(ns);
  EXPECT_EQ(h->count(), each->count());
  for (int i = 1; i <= 1000; ++i)
    EXPECT_EQ(h->quantile(i / 1000.0), each->quantile(i / 1000.0));
}

TEST(recorder, one_process_records_and_another_reads) {
  void* memory =
      ::mmap(nullptr, sizeof(histogram), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  auto* shared = new (memory) histogram;
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    for (std::uint64_t ns = 1; ns <= 100'000; ++ns)
      shared->record(ns);
    ::_exit(0);
  }
  std::uint64_t before = 0;
  int status = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    const std::uint64_t now = shared->count();
    EXPECT_GE(now, before);
    before = now;
  }
  EXPECT_EQ(status, 0);
  EXPECT_EQ(shared->count(), 100'000U);
  EXPECT_EQ(shared->max_ns(), 100'000U);
  ::munmap(memory, sizeof(histogram));
}

} // namespace
} // namespace perron::soak
