// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/siblings/outlet.hpp>

#include <perron/runtime/call.hpp>
#include <perron/runtime/message.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <string>

namespace perron::siblings::core {

using namespace std::chrono_literals;

namespace {

/// Relaxed everywhere: it bounds a sum and orders nothing.
std::atomic<std::size_t> reserved{0};

/// What a frame costs beside its payload.
constexpr std::size_t frame_overhead = 256;
/// Frames are joined up to so many bytes.
constexpr std::size_t one_write = std::size_t(128) << 10;

} // namespace

runtime::error no_outlet() { return {"siblings: this node has not begun, or ends", ENOTCONN}; }

reservation::reservation(std::size_t bytes) noexcept : bytes_(bytes) {
  reserved.fetch_add(bytes, std::memory_order_relaxed);
}

reservation::~reservation() { reserved.fetch_sub(bytes_, std::memory_order_relaxed); }

std::size_t reservation::sum() noexcept { return reserved.load(std::memory_order_relaxed); }

bool put_out(frame what) {
  reservation room(what.payload() + frame_overhead);
  return runtime::send(outlet_name, outgoing{std::move(what), std::move(room)});
}

runtime::result<void> put_out_in_turn(frame what) {
  if (what.payload() > most_payload)
    return runtime::error{"siblings: more than " + std::to_string(most_payload) + " bytes", EMSGSIZE};
  if (reservation::sum() > most_waiting) {
    const runtime::pid outlet = runtime::whereis(outlet_name);
    if (!outlet)
      return no_outlet();
    if (!runtime::self_or_none() || !runtime::call(outlet, flush{}, 5s))
      return runtime::error{"siblings: too much is on its way", EAGAIN};
  }
  if (!put_out(std::move(what)))
    return no_outlet();
  return {};
}

void run_writer(const std::shared_ptr<runtime::net::stream>& to) {
  std::string batch;
  bool over = false;
  const auto write = [&](std::chrono::nanoseconds time) {
    if (!batch.empty() && !to->write(batch, time))
      over = true; // the link hears of it as well
    batch.clear();
    if (batch.capacity() > 2 * one_write)
      batch = {};
  };
  const auto take = [&](const outgoing& o) { encode(o.what, batch); };
  const auto answer_flush = [&](const runtime::caller& who, const flush&) {
    write(runtime::no_timeout);
    runtime::reply(who);
  };
  bool told_to_end = false;
  while (!over && !told_to_end) {
    runtime::receive(
        take, answer_flush, [&](const runtime::exited&) { told_to_end = true; }, [](runtime::any_message) {});
    bool more = true;
    while (more && batch.size() < one_write)
      runtime::receive(take, runtime::after(0s, [&] { more = false; }));
    write(told_to_end ? std::chrono::nanoseconds(500ms) : runtime::no_timeout);
  }
}

} // namespace perron::siblings::core
