// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/siblings/link.hpp>

#include <perron/runtime/group.hpp>
#include <perron/runtime/message.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/supervisors/core/log.hpp>
#include <perron/supervisors/siblings/answers.hpp>
#include <perron/supervisors/siblings/membership.hpp>
#include <perron/supervisors/siblings/outlet.hpp>
#include <perron/supervisors/siblings/write_line.hpp>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace perron::siblings::core {

using supervisors::core::log_error;

namespace {

// -- mail of the link to itself, and of those who answer questions

struct ask_over {
  std::uint64_t number;
};
struct question_over {
  runtime::pid who;
};
struct answered {
  runtime::pid who;
  std::string bytes;
};

runtime::error mute() { return {"no answer in time", ETIMEDOUT}; }

} // namespace

std::string subscribers_group(std::string_view topic) { return "perron.siblings:" + std::string(topic); }

link::link() : link(link_options{}) {}

link::link(link_options with)
    : with_(std::move(with)), up_(mine().count, false),
      // an answer to an ask of the node that had this number before must not be taken for one to ours
      last_ask_(mine().incarnation << 40U) {}

link::~link() {
  if (with_.on_parted && !ordered_)
    with_.on_parted();
}

void link::run() {
  if (with_.socket >= 0) {
    runtime::result<runtime::net::stream> parent =
        runtime::net::stream::adopt(std::exchange(with_.socket, -1));
    stream_ = std::make_shared<runtime::net::stream>(std::move(parent.value()));
    runtime::spawn({.name = std::string(outlet_name), .link = true, .trap_exit = true},
                   [to = stream_] { run_writer(to); });
    runtime::net::active_once(*stream_).value();
  } else {
    own_.emplace(1U, [this](const std::vector<unsigned>&, const frame& what) { take(what); });
    own_->connected(0);
    own_->take(0, {.kind = frame_kind::ready});
    own_->take_orders();
  }
  while (!over_)
    wait();
}

void link::wait() {
  runtime::receive(
      [&](runtime::net::data d) { read(d.bytes); },
      [&](const runtime::net::closed& c) { part(c.why.code == 0 ? "it has ended" : c.why.text); },
      [&](outgoing o) {
        own_->take(0, std::move(o.what));
        take_own_orders();
      },
      [&](const runtime::caller& who, const flush&) { runtime::reply(who); },
      [&](const runtime::caller& who, ask_request r) { ask(who, std::move(r)); },
      [&](answered a) { answered_by(a.who, good, std::move(a.bytes)); },
      [&](const runtime::down& d) { answered_by(d.who, 0, d.reason.to_string()); },
      [&](ask_over o) { give_up_on(o.number); },
      [&](question_over q) {
        if (answering_.erase(q.who.id()) != 0)
          runtime::exit(q.who, runtime::exit_reason::shutdown());
      },
      [&](snapshot_wanted s) {
        for (unsigned node = 0; node < up_.size(); ++node)
          if (up_[node])
            runtime::send(s.by, node_change{node, true});
      },
      [&](const runtime::exited& e) {
        over_ = true;
        ordered_ = !e.from; // the node's stop
        if (!e.reason.orderly())
          log_error("siblings: the writer has ended: " + e.reason.to_string());
      },
      [](runtime::any_message) {});
}

void link::read(const std::string& bytes) {
  in_.feed(bytes);
  for (;;) {
    const runtime::result<std::optional<frame>> next = in_.next();
    if (!next) {
      part(next.error().text);
      return;
    }
    if (!*next)
      break;
    take(**next);
  }
  if (const auto again = runtime::net::active_once(*stream_); !again)
    part(again.error().text);
}

void link::part(const std::string& why) {
  log_error("siblings: parted from the parent process: " + why);
  over_ = true;
}

void link::send_up(frame what) {
  if (own_)
    own_->take(0, std::move(what));
  else
    put_out(std::move(what));
}

void link::take_own_orders() {
  const relay::orders now = own_->take_orders();
  if (!now.announcement.empty())
    write_line(now.announcement);
}

void link::take(const frame& what) {
  switch (what.kind) {
  case frame_kind::news:
    deliver(what);
    break;
  case frame_kind::change:
    change(what.node, what.code != 0);
    break;
  case frame_kind::ping:
    send_up({.kind = frame_kind::pong, .number = what.number});
    break;
  case frame_kind::stop:
    if (with_.on_stop)
      with_.on_stop();
    break;
  case frame_kind::question:
    answer(what);
    break;
  case frame_kind::answer:
    note_answer(what.number, what.node,
                what.code == good
                    ? runtime::result<std::string>(std::string(what.text()))
                    : runtime::result<std::string>(runtime::error{std::string(what.text()), what.code}));
    break;
  default:
    break;
  }
}

void link::deliver(const frame& what) {
  for (const runtime::pid each : runtime::group_members(subscribers_group(what.topic)))
    runtime::send(each, news{what.topic, what.bytes, what.node, what.number});
}

void link::change(unsigned node, bool up) {
  if (node >= up_.size())
    return;
  up_[node] = up;
  runtime::broadcast(watchers_group, node_change{node, up});
  if (up)
    return;
  std::vector<std::uint64_t> open;
  for (const auto& [number, a] : asked_)
    open.push_back(number);
  for (const std::uint64_t number : open)
    note_answer(number, node, runtime::error{"node " + std::to_string(node) + " went down", ENOTCONN});
}

// -- asking

void link::ask(const runtime::caller& from, ask_request what) {
  asked a;
  a.from = from;
  for (unsigned node = 0; node < up_.size(); ++node)
    if (what.to == every_node || what.to == node)
      a.replies.push_back({node, mute()});
  a.missing = a.replies.size();
  a.has_answer.resize(a.replies.size());
  const std::uint64_t number = ++last_ask_;
  if (what.timeout != runtime::no_timeout)
    a.timer = runtime::send_after(what.timeout, runtime::self(), ask_over{number});
  asked_.emplace(number, std::move(a));
  send_up({.kind = frame_kind::question,
           .node = what.to,
           .number = number,
           .time = std::max<std::int64_t>(what.timeout.count(), 0),
           .topic = std::move(what.topic),
           .bytes = std::make_shared<const std::string>(std::move(what.question))});
}

void link::asked::note(unsigned node, runtime::result<std::string> said) {
  for (std::size_t at = 0; at < replies.size(); ++at)
    if (replies[at].node == node && !has_answer[at]) {
      replies[at].bytes = std::move(said);
      has_answer[at] = true;
      --missing;
      return;
    }
}

void link::note_answer(std::uint64_t number, unsigned node, runtime::result<std::string> said) {
  const auto it = asked_.find(number);
  if (it == asked_.end())
    return; // too late
  it->second.note(node, std::move(said));
  if (it->second.missing == 0)
    give_up_on(number);
}

/// With what there is.
void link::give_up_on(std::uint64_t number) {
  const auto it = asked_.find(number);
  if (it == asked_.end())
    return;
  it->second.timer.cancel();
  runtime::reply(it->second.from, std::move(it->second.replies));
  asked_.erase(it);
}

// -- answering

void link::answer(const frame& question) {
  const auto how = answers::all().find(question.topic);
  if (how == nullptr) {
    answer_with(question.node, question.number, ENOENT, "no answer for '" + question.topic + "' there");
    return;
  }
  const runtime::monitored by = runtime::spawn_monitor([how, bytes = question.bytes, me = runtime::self()] {
    std::string said = (*how)(bytes ? std::string_view(*bytes) : std::string_view());
    runtime::send(me, answered{runtime::self(), std::move(said)});
  });
  open_question q{.asker = question.node, .number = question.number};
  if (const std::chrono::nanoseconds time(question.time); time != runtime::no_timeout)
    q.timer = runtime::send_after(time, runtime::self(), question_over{by.who});
  answering_.emplace(by.who.id(), std::move(q));
}

void link::answered_by(runtime::pid who, std::int32_t code, std::string bytes) {
  const auto it = answering_.find(who.id());
  if (it == answering_.end())
    return;
  it->second.timer.cancel();
  const open_question q = std::move(it->second);
  answering_.erase(it);
  if (bytes.size() > most_payload)
    answer_with(q.asker, q.number, EMSGSIZE, "the answer is too long");
  else
    answer_with(q.asker, q.number, code, std::move(bytes));
}

void link::answer_with(std::uint32_t asker, std::uint64_t number, std::int32_t code, std::string bytes) {
  send_up({.kind = frame_kind::answer,
           .node = asker,
           .code = code,
           .number = number,
           .bytes = std::make_shared<const std::string>(std::move(bytes))});
}

} // namespace perron::siblings::core
