// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/ws.hpp>

namespace perron::soak {

namespace {

// The example of RFC 6455, 1.3: one key is as good as another for whom nobody stands between.
constexpr std::string_view key = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr std::string_view accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
constexpr std::uint16_t unexpected_condition = 1011;

} // namespace

ws_activity::ws_activity(connections& all, const std::string& path, std::uint8_t share)
    : http_activity(all, path, bodies::skipped, times::taken), upgrade_(upgrade_to(path)),
      probe_(all, share) {}

std::string ws_activity::upgrade_to(std::string_view path) const {
  return get(path,
             "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " +
                 std::string(key) + "\r\n");
}

void ws_activity::opened(link& l) {
  l.shaking = true;
  ask(l, handshake(l), all_.now());
}

std::size_t ws_activity::received(link& l, std::string_view bytes) {
  if (l.shaking)
    return handshaken(l, bytes);
  const frame f = read_frame(bytes);
  if (f.wrong != nullptr) {
    all_.fail(l, error_kind::bad_answer, f.wrong);
    return 0;
  }
  if (f.used != 0)
    on_frame(l, f);
  return f.used;
}

std::size_t ws_activity::handshaken(link& l, std::string_view bytes) {
  const answer_step step = next_step(l.answer, bytes);
  if (step.used == 0 && step.wrong == nullptr)
    return 0;
  if (step.wrong != nullptr || l.answer.status != 101 ||
      bytes.substr(0, step.used).find(accept) == std::string_view::npos) {
    all_.fail(l, error_kind::bad_answer,
              step.wrong != nullptr ? step.wrong : "no WebSocket: status " + std::to_string(l.answer.status));
    return 0;
  }
  l.shaking = false;
  l.asked = false;
  all_.block().answers.add();
  ready(l);
  return step.used;
}

void ws_activity::on_frame(link& l, const frame& f) {
  switch (f.kind) {
  case opcode::text:
  case opcode::binary:
    if (f.last)
      return text(l, f.payload);
    return all_.fail(l, error_kind::bad_answer, "a message in pieces");
  case opcode::continuation:
    return all_.fail(l, error_kind::bad_answer, "a message in pieces");
  case opcode::ping:
    return all_.send(l, make_frame(opcode::pong, f.payload));
  case opcode::pong:
    if (probe_.ended(l)) {
      l.asked = false;
      count_answer(l);
    }
    return;
  case opcode::close: {
    const std::uint16_t code = close_code(f.payload);
    if (code == unexpected_condition && all_.accidents_happen()) {
      all_.block().crashed.add();
      return all_.reopen(l);
    }
    return all_.end_by_server(l, error_kind::closed_early, "closed with " + std::to_string(code));
  }
  }
}

void ws_activity::say(link& l, std::string_view payload) { all_.send(l, make_frame(opcode::text, payload)); }

void ws_activity::enter(const phase& p, std::int64_t) {
  if (p.what == phase_kind::probe)
    probe_.begin();
  else
    probe_.stop();
}

void ws_activity::work(std::int64_t now) {
  probe_.go_on([&](link& l) {
    l.asked = true;
    l.since_ns = now_ns();
    l.due_ns = now;
    all_.block().requests.add();
    all_.send(l, make_frame(opcode::ping, "still there"));
  });
}

void ws_activity::leave(link& l) {
  constexpr std::string_view going_away("\x03\xe9", 2); // 1001
  if (is_ready(l))
    all_.send(l, make_frame(opcode::close, going_away));
}

void ws_activity::gone(link& l) {
  probe_.ended(l);
  l.shaking = false;
  http_activity::gone(l);
}

} // namespace perron::soak
