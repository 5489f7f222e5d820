// SPDX-License-Identifier: BSD-3-Clause
// How a worker sleeps and is woken by it: worker_interleaving_test.
#include <perron/runtime/core/inbox.hpp>

#include <gtest/gtest.h>

#include <cstdint>

namespace perron::runtime::core {
namespace {

struct job {
  job* next = nullptr;
};

TEST(inbox, gives_what_was_posted_oldest_first) {
  inbox<job> box;
  job first;
  job second;
  EXPECT_FALSE(box.post(first)); // nobody sleeps
  EXPECT_FALSE(box.post(second));
  EXPECT_FALSE(box.empty());
  EXPECT_EQ(box.take_all(), &first);
  EXPECT_EQ(first.next, &second);
  EXPECT_EQ(second.next, nullptr);
  EXPECT_EQ(box.take_all(), nullptr);
}

TEST(inbox, asks_the_poster_to_ring_once_for_a_sleeper) {
  inbox<job> box;
  job first;
  job second;
  EXPECT_TRUE(box.may_sleep());
  EXPECT_TRUE(box.post(first));
  EXPECT_FALSE(box.post(second));
}

TEST(inbox, what_a_job_reads_may_be_any_address) {
  inbox<job> box;
  for (const std::uintptr_t reads : {std::uintptr_t(0), std::uintptr_t(8), ~std::uintptr_t(0)}) {
    job one;
    EXPECT_FALSE(box.post(one, reinterpret_cast<const void*>(reads)));
    EXPECT_EQ(box.take_all(), &one);
    EXPECT_EQ(box.take_all(), nullptr);
  }
}

} // namespace
} // namespace perron::runtime::core
