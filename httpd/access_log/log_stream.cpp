// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/access_log/log_stream.hpp>

#include <perron/httpd/access_log/log_writer.hpp>

#include <algorithm>
#include <new>
#include <tuple>
#include <utility>

namespace perron::httpd {

log_stream::log_stream(log_writer& writer, std::unique_ptr<log_file> file, std::size_t workers,
                       std::size_t max_chunks)
    : writer_(writer), file_(std::move(file)), desks_(workers), max_chunks_(max_chunks) {}

log_stream::~log_stream() { collect(); }

log_stream::chunk* log_stream::take(unsigned worker) noexcept {
  if (worker < desks_.size()) {
    // acquire: the writer does not write into it, but the worker's other thread may have, see DESIGN.md 4
    if (chunk* c = desks_[worker].current.exchange(nullptr, std::memory_order_acquire); c != nullptr)
      return c;
    if (buffered_.fetch_add(1, std::memory_order_relaxed) < max_chunks_) {
      try {
        auto made = std::make_unique<chunk>();
        made->text.reserve(chunk_bytes);
        made->worker = worker;
        made->sequence = desks_[worker].sequence++;
        return made.release();
      } catch (const std::bad_alloc&) {
        // as if there were too many
      }
    }
    buffered_.fetch_sub(1, std::memory_order_relaxed);
  }
  dropped_.fetch_add(1, std::memory_order_relaxed);
  return nullptr;
}

void log_stream::put_back(unsigned worker, chunk* c) noexcept {
  constexpr std::size_t room_for_a_line = 1024;
  if (c->text.size() + room_for_a_line <= chunk_bytes) {
    // seq_cst: the writer clears its flag and then looks here, we store here and then look at its flag
    desks_[worker].current.store(c, std::memory_order_seq_cst);
    writer_.has_lines();
    return;
  }
  c->next = full_.load(std::memory_order_relaxed);
  while (!full_.compare_exchange_weak(c->next, c, std::memory_order_release, std::memory_order_relaxed)) {
  }
  writer_.has_full_chunk();
}

std::vector<std::unique_ptr<log_stream::chunk>> log_stream::collect() {
  std::vector<std::unique_ptr<chunk>> all;
  // in this order: of a worker whose present chunk is taken, all that came before it are in the list already
  for (desk& d : desks_)
    if (chunk* c = d.current.exchange(nullptr, std::memory_order_seq_cst); c != nullptr)
      all.emplace_back(c);
  for (chunk* c = full_.exchange(nullptr, std::memory_order_acquire); c != nullptr;)
    c = all.emplace_back(c)->next;
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return std::tie(a->worker, a->sequence) < std::tie(b->worker, b->sequence);
  });
  return all;
}

runtime::result<void> log_stream::write(log_file::time_point now) {
  runtime::result<void> first;
  for (auto& c : collect()) {
    auto done = file_->write(c->text, now);
    (done ? written_ : dropped_).fetch_add(c->lines, std::memory_order_relaxed);
    c.reset();
    buffered_.fetch_sub(1, std::memory_order_relaxed);
    if (!done && first)
      first = std::move(done);
  }
  return first;
}

} // namespace perron::httpd
