// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/channel/entry.hpp>
#include <perron/runtime/result.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace perron::httpd {

/// Where topics keep their history beyond the newest entries and beyond their own lives. Called by processes,
/// so it may block by a call() or in blocking(), and by several at once. What it throws ends the topic, which
/// its supervisor starts anew.
class topic_store {
public:
  struct opened {
    std::uint64_t epoch = 0;            ///< not 0; the same for as long as the history of this topic is
    std::uint64_t last = 0;             ///< the number of its newest entry; 0: it has none yet
    std::vector<topic_record> newest{}; ///< up to `most` of them, oldest first, without a hole, to the last
  };

  virtual ~topic_store() = default;

  /// A topic starts. Makes the history if there is none.
  virtual runtime::result<opened> open(const std::string& topic, std::size_t most) = 0;
  /// Keeps one more entry, whose number is one more than the last one's. When this returns the entry has to
  /// survive what the store is there for: who published it is told that it is safe.
  virtual runtime::result<void> append(const std::string& topic, const topic_record& record) = 0;
  /// The entries behind `id`, oldest first, up to `most`; they may begin later where old ones were deleted.
  virtual runtime::result<std::vector<topic_record>> load(const std::string& topic, std::uint64_t id,
                                                          std::size_t most) = 0;
};

/// Keeps the newest entries of each topic in memory, so that a topic that crashes does not lose them; they
/// end with the store. The mutex is held for a copy and no longer, and never while a process waits.
///
/// | field   | who                                   |
/// |---------|---------------------------------------|
/// | kept_   | any process, under mutex_             |
class memory_store final : public topic_store {
public:
  explicit memory_store(std::size_t most_per_topic = 1000) : most_(most_per_topic) {}

  runtime::result<opened> open(const std::string& topic, std::size_t most) override;
  runtime::result<void> append(const std::string& topic, const topic_record& record) override;
  runtime::result<std::vector<topic_record>> load(const std::string& topic, std::uint64_t id,
                                                  std::size_t most) override;

private:
  struct kept {
    std::uint64_t epoch = 0;
    std::uint64_t last = 0;
    std::vector<topic_record> newest;
  };

  std::size_t most_;
  std::mutex mutex_;
  std::unordered_map<std::string, kept> kept_;
};

/// A number for an epoch, from the system's randomness; never 0.
std::uint64_t new_epoch();

} // namespace perron::httpd
