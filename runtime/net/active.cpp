// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/net/active.hpp>

#include <perron/runtime/core/carrier.hpp>
#include <perron/runtime/core/worker.hpp>
#include <perron/runtime/net/failure.hpp>
#include <perron/runtime/net/system_calls.hpp>
#include <perron/runtime/process.hpp>

#include <cerrno>
#include <memory>
#include <utility>

namespace perron::runtime::net {
namespace detail {
namespace {

struct outcome {
  core::envelope* mail; ///< the one given, or another in its place
  bool nothing;         ///< it stays as it was
  bool exhausted;
  std::int64_t bytes;
};

/// Reads once and puts what came of it into the mail. On the home worker, or by the owner.
outcome read_into(socket& s, core::envelope* mail, char* scratch) {
  const std::int64_t n = try_receive(s.fd, scratch, core::worker::scratch_bytes);
  if (n == -EAGAIN)
    return {mail, true, true, 0};
  if (n > 0) {
    const auto size = static_cast<std::size_t>(n);
    core::payload_of<data>(*mail).bytes.assign(scratch, size);
    return {mail, false, size < core::worker::scratch_bytes && !s.has_hung_up(), n};
  }
  auto* end = core::make_envelope<closed>(
      core::envelope_kind::mail, closed{s.id, n == 0 ? error{} : failure("read", static_cast<int>(-n))});
  end->from = mail->from;
  core::destroy(mail);
  return {end, false, false, 0};
}

outcome read_here(socket& s, core::envelope* mail) {
  {
    const core::inside engine;
    if (core::worker* w = engine.own(); w != nullptr)
      return read_into(s, mail, w->scratch.get());
  }
  const auto scratch = std::make_unique<char[]>(core::worker::scratch_bytes);
  return read_into(s, mail, scratch.get());
}

} // namespace

void read_for_owner(socket& s, core::envelope* mail, core::worker& home) noexcept {
  const outcome got = read_into(s, mail, home.scratch.get());
  if (got.nothing) {
    s.reading.rearm(mail);
    return;
  }
  const pid owner = got.mail->from.from;
  // before the mail goes out: its receiver may read at once, and may close the socket
  s.reading.end_read(got.exhausted);
  deliver_asked_for(owner, got.mail);
}

} // namespace detail

result<void> active_once(stream& from) {
  constexpr const char* what = "active_once";
  if (!from.is_open())
    return detail::is_closed(what);
  detail::socket& s = *from.handle();
  detail::operation op(forever);
  passive(from);
  const pid me = self();
  core::envelope* mail = core::make_envelope<data>(core::envelope_kind::mail, data{s.id, {}});
  mail->from.from = me;
  using rd = detail::readiness_of_socket;
  for (;;) {
    rd::bedding how = rd::bedding::ready;
    switch (s.reading.begin()) {
    case rd::attempt::busy:
      how = rd::bedding::busy;
      break;
    case rd::attempt::go: {
      const detail::outcome got = detail::read_here(s, mail);
      s.reading.end(got.exhausted);
      if (!got.nothing) {
        detail::deliver_asked_for(me, got.mail);
        op.spend(got.bytes);
        return {};
      }
      break;
    }
    case rd::attempt::dry:
      how = s.reading.arm(mail);
      break;
    }
    if (how == rd::bedding::done)
      return {};
    if (how == rd::bedding::busy) {
      core::destroy(mail);
      return detail::failure(what, EBUSY);
    }
  }
}

bool passive(stream& from) noexcept {
  if (!from.is_open())
    return false;
  core::envelope* mail = from.handle()->reading.disarm();
  if (mail == nullptr)
    return false;
  core::destroy(mail);
  return true;
}

} // namespace perron::runtime::net
