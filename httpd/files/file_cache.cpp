// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/files/file_cache.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <functional>
#include <utility>

namespace perron::httpd::files {

namespace {

constexpr std::uint64_t unused_ms = 60'000;
constexpr std::size_t most_shards = 16;
constexpr std::size_t worth_a_shard =
    32; // descriptors: so that chance does not fill one and leave others empty

std::size_t allowed_entries(std::size_t wanted) noexcept {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY)
    return wanted;
  return std::min<std::size_t>(wanted, files.rlim_cur / 4);
}

} // namespace

file_cache::file_cache(const file_cache_options& limits)
    : fresh_ms_(static_cast<std::uint64_t>(std::max<std::int64_t>(limits.fresh.count(), 0))), max_file_(-1) {
  const std::size_t entries = allowed_entries(limits.entries);
  const std::size_t count =
      entries == 0 ? 0 : std::clamp<std::size_t>(entries / worth_a_shard, 1, most_shards);
  for (std::size_t i = 0; i < count; ++i)
    shards_.push_back(std::make_unique<shard>());
  most_descriptors_ = count == 0 ? 0 : entries / count;
  most_bytes_ = count == 0 ? 0 : limits.bytes / count;
  // a file and its three codings fit into a shard together
  if (count != 0 && limits.bytes != 0)
    max_file_ = static_cast<std::int64_t>(std::min<std::size_t>(limits.max_file, most_bytes_ / 4));
}

file_cache::~file_cache() = default;

file_cache::shard& file_cache::shard_of(std::string_view path) noexcept {
  // the upper half: the table below uses the lower one
  return *shards_[(std::hash<std::string_view>()(path) >> 32U) % shards_.size()];
}

void file_cache::take_out(shard& from, std::list<slot>::iterator which, std::list<slot>& gone) noexcept {
  from.descriptors -= which->file->descriptors();
  from.bytes -= which->file->bytes_kept();
  from.by_path.erase(which->path);
  gone.splice(gone.begin(), from.by_use, which);
}

file_cache::hit file_cache::find(std::string_view path, std::uint64_t now_ms) {
  if (!is_on())
    return {};
  shard& in = shard_of(path);
  std::list<slot> gone;
  const std::lock_guard guard(in.lock);
  if (!in.by_use.empty() && in.by_use.back().used_at + unused_ms < now_ms)
    take_out(in, std::prev(in.by_use.end()), gone);
  const auto found = in.by_path.find(path);
  if (found == in.by_path.end())
    return {};
  const auto at = found->second;
  const bool just_given = std::exchange(at->used_at, now_ms) == now_ms;
  in.by_use.splice(in.by_use.begin(), in.by_use, at);
  return {at->file, now_ms < at->stale_at, just_given};
}

void file_cache::put(const std::string& path, std::shared_ptr<const served_file> file, std::uint64_t now_ms) {
  if (!is_on() || file->descriptors() > most_descriptors_ || file->bytes_kept() > most_bytes_)
    return;
  shard& in = shard_of(path);
  std::list<slot> gone;
  std::list<slot> made;
  made.push_back({path, std::move(file), now_ms + fresh_ms_, now_ms});
  const served_file& added = *made.front().file;
  const std::lock_guard guard(in.lock);
  if (const auto old = in.by_path.find(path); old != in.by_path.end())
    take_out(in, old->second, gone);
  while (!in.by_use.empty() && (in.descriptors + added.descriptors() > most_descriptors_ ||
                                in.bytes + added.bytes_kept() > most_bytes_))
    take_out(in, std::prev(in.by_use.end()), gone);
  in.by_path.emplace(made.front().path, made.begin());
  in.descriptors += added.descriptors();
  in.bytes += added.bytes_kept();
  in.by_use.splice(in.by_use.begin(), made);
}

void file_cache::renew(std::string_view path, const served_file& file, std::uint64_t now_ms) noexcept {
  if (!is_on())
    return;
  shard& in = shard_of(path);
  const std::lock_guard guard(in.lock);
  if (const auto found = in.by_path.find(path);
      found != in.by_path.end() && found->second->file.get() == &file)
    found->second->stale_at = now_ms + fresh_ms_;
}

void file_cache::drop(std::string_view path) noexcept {
  if (!is_on())
    return;
  shard& in = shard_of(path);
  std::list<slot> gone;
  const std::lock_guard guard(in.lock);
  if (const auto found = in.by_path.find(path); found != in.by_path.end())
    take_out(in, found->second, gone);
}

file_cache::figures file_cache::look() const {
  figures all;
  for (const auto& each : shards_) {
    const std::lock_guard guard(each->lock);
    all.paths += each->by_use.size();
    all.descriptors += each->descriptors;
    all.bytes += each->bytes;
  }
  return all;
}

} // namespace perron::httpd::files
