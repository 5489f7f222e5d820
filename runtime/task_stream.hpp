// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/deadline.hpp>
#include <perron/runtime/task.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <iterator>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace perron::runtime {

/// How async_stream() works on its items.
struct stream_options {
  std::size_t max_concurrency = 0; ///< tasks that run at once; 0: as many as the node has workers
  /// What each item may take, from its start.
  std::chrono::nanoseconds timeout = default_call_timeout;
  bool ordered = true; ///< results in the order of the items; else in the order in which they come
};

namespace detail {

std::size_t concurrency_of(const stream_options& options);
/// Waits until one of the requests is answered, or the time is over.
void wait_for_some(const std::vector<const open_request*>& requests, std::chrono::nanoseconds timeout);

} // namespace detail

/// The results of a function for each item of a range, computed by tasks of which some run at once; made by
/// async_stream(). Lazy: nothing starts before the first result is asked for, and items are taken from the
/// range as they are started, so that it may be long or without end. For the process that made it; move-only.
/// Letting it go ends the tasks that run.
template <class Range, class F>
class task_stream {
  using iterator_type = decltype(std::begin(std::declval<Range&>()));
  using sentinel_type = decltype(std::end(std::declval<Range&>()));
  using item_type = std::decay_t<decltype(*std::declval<iterator_type&>())>;

public:
  using value_type = std::decay_t<std::invoke_result_t<F&, item_type>>;

  task_stream(std::shared_ptr<Range> range, F work, const stream_options& options)
      : range_(std::move(range)), work_(std::move(work)), options_(options),
        most_(detail::concurrency_of(options)), at_(std::begin(*range_)), end_(std::end(*range_)) {}
  task_stream(task_stream&&) noexcept = default;
  task_stream& operator=(task_stream&&) = delete;

  /// The next result; nothing after the last one. Waits, and starts tasks for further items. A task that
  /// failed or took too long gives an error in its place, as task::await() does.
  std::optional<result<value_type>> next() {
    for (;;) {
      start_more();
      collect();
      if (auto ready = take_ready())
        return ready;
      if (items_.empty())
        return std::nullopt;
      wait();
    }
  }

  /// For `for (auto& each : async_stream(...))`; each result once.
  class iterator {
  public:
    explicit iterator(task_stream& stream) : stream_(stream) { ++*this; }
    result<value_type>& operator*() { return *now_; }
    iterator& operator++() {
      now_ = stream_.next();
      return *this;
    }
    friend bool operator==(const iterator& it, std::default_sentinel_t) { return !it.now_; }

  private:
    task_stream& stream_;
    std::optional<result<value_type>> now_;
  };
  iterator begin() { return iterator(*this); }
  static std::default_sentinel_t end() noexcept { return {}; }

private:
  struct item {
    std::optional<task<value_type>> running;
    deadline due;
    std::optional<result<value_type>> done;
  };

  void start_more() {
    auto running = static_cast<std::size_t>(std::count_if(
        items_.begin(), items_.end(), [](const item& each) { return each.running.has_value(); }));
    // results that wait for their turn are bounded as well
    for (; running < most_ && items_.size() < 2 * most_ && at_ != end_; ++at_, ++running)
      items_.push_back(
          {async_nolink([work = work_, value = item_type(*at_)]() mutable { return work(std::move(value)); }),
           deadline(options_.timeout), std::nullopt});
  }

  void collect() {
    for (item& each : items_) {
      if (!each.running)
        continue;
      each.done = each.running->yield(std::chrono::nanoseconds::zero());
      if (!each.done && each.due.is_over())
        each.done = error{"timeout", ETIMEDOUT};
      if (each.done)
        each.running.reset();
    }
  }

  std::optional<result<value_type>> take_ready() {
    auto ready = items_.begin();
    if (!options_.ordered)
      ready =
          std::find_if(items_.begin(), items_.end(), [](const item& each) { return each.done.has_value(); });
    if (ready == items_.end() || !ready->done)
      return std::nullopt;
    std::optional<result<value_type>> taken(std::move(ready->done));
    items_.erase(ready);
    return taken;
  }

  void wait() {
    std::vector<const detail::open_request*> open;
    std::optional<deadline> first;
    for (item& each : items_)
      if (each.running) {
        open.push_back(&each.running->request().request());
        first = first ? std::min(*first, each.due) : each.due;
      }
    detail::wait_for_some(open, first ? first->left() : std::chrono::nanoseconds::zero());
  }

  std::shared_ptr<Range> range_;
  F work_;
  stream_options options_;
  std::size_t most_;
  iterator_type at_;
  sentinel_type end_;
  std::deque<item> items_; ///< started and not given out, oldest first
};

/// `work(item)` for each item of `range`, in tasks of their own:
///
///     for (auto& page : async_stream(urls, fetch, {.max_concurrency = 8, .timeout = 2s}))
///       if (page) use(*page);
///
/// `work` is copied into each task, the item too. A range that is given as an lvalue must outlive the stream.
/// The tasks are not linked: a failure is the error of its item (Elixir: async_stream_nolink, on_timeout:
/// :kill_task). Timeouts are looked at in next(). Costs a task for each item, and a look at all running ones
/// for each result.
template <class Range, class F>
auto async_stream(Range&& range, F work, const stream_options& options = {}) {
  using held = std::remove_reference_t<Range>;
  if constexpr (std::is_lvalue_reference_v<Range>)
    return task_stream<held, F>(std::shared_ptr<held>(std::shared_ptr<void>(), &range), std::move(work),
                                options);
  else
    return task_stream<held, F>(std::make_shared<held>(std::forward<Range>(range)), std::move(work), options);
}

} // namespace perron::runtime
