// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/http_activity.hpp>

#include <utility>

namespace perron::soak {

namespace {
constexpr std::size_t most_body = 1U << 20U;
}

std::string http_activity::get(std::string_view path, std::string_view fields) const {
  std::string request = "GET ";
  request.append(path).append(" HTTP/1.1\r\nHost: ").append(all_.host_name()).append("\r\n");
  return request.append(fields).append("\r\n");
}

void http_activity::ask(link& l, std::string_view request, std::int64_t due_ns) {
  l.asked = true;
  l.due_ns = due_ns;
  l.since_ns = now_ns();
  l.answer = {};
  all_.block().requests.add();
  all_.send(l, request);
}

void http_activity::count_answer(const link& l) {
  shared_block& block = all_.block();
  block.answers.add();
  if (!takes_times_)
    return;
  const std::int64_t now = now_ns();
  block.latency.record(static_cast<std::uint64_t>(now - l.due_ns));
  block.service.record(static_cast<std::uint64_t>(now - l.since_ns));
}

bool http_activity::ended_whole(const link& l) {
  if (!l.asked || l.answer.at != answer_state::place::until_close)
    return false;
  count_answer(l);
  return true;
}

std::size_t http_activity::received(link& l, std::string_view bytes) {
  if (!l.asked) {
    all_.fail(l, error_kind::bad_answer, "an answer to no question");
    return 0;
  }
  const answer_step step = next_step(l.answer, bytes);
  if (step.wrong != nullptr) {
    all_.fail(l, error_kind::bad_answer, step.wrong);
    return 0;
  }
  const std::uint32_t generation = l.generation;
  if (!step.body.empty())
    piece(l, step.body);
  if (l.generation != generation || l.fd < 0)
    return 0;
  std::string joined;
  std::string_view body = keeps_bodies_ ? step.body : std::string_view();
  if (const auto before = bodies_.find(all_.index_of(l)); before != bodies_.end()) {
    before->second += body;
    if (before->second.size() > most_body) {
      all_.fail(l, error_kind::bad_answer, "a body of more than 1 MB");
      return 0;
    }
    if (step.whole) {
      joined = std::move(before->second);
      bodies_.erase(before);
      body = joined;
    }
  } else if (!step.whole && !body.empty()) {
    bodies_[all_.index_of(l)] = body;
  }
  if (step.whole) {
    l.asked = false;
    count_answer(l);
    answered(l, body);
  }
  return step.used;
}

} // namespace perron::soak
