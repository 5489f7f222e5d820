// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/siblings/relay.hpp>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace perron::siblings::core {

relay::relay(unsigned count, give_function give) : give_(std::move(give)), nodes_(count, state::gone) {}

void relay::connected(unsigned node) {
  nodes_[node] = state::connected;
  connected_.insert(std::lower_bound(connected_.begin(), connected_.end(), node), node);
  for (unsigned other = 0; other < nodes_.size(); ++other)
    if (is_up(other))
      give_({node}, {.kind = frame_kind::change, .node = other, .code = 1});
}

void relay::gone(unsigned node) {
  const bool was_up = is_up(node);
  nodes_[node] = state::gone;
  std::erase(connected_, node);
  if (was_up)
    tell_change(node, false);
}

bool relay::take(unsigned from, frame what) {
  switch (what.kind) {
  case frame_kind::publish:
    what.kind = frame_kind::news;
    what.node = from;
    what.number = ++published_;
    give_(connected_, what);
    return true;
  case frame_kind::ready:
    ready(from);
    return true;
  case frame_kind::announcement:
    if (!announced_ && line_.empty())
      line_ = what.text();
    if (complete_ && !std::exchange(announced_, true))
      orders_.announcement = std::exchange(line_, {});
    return true;
  case frame_kind::stop_all:
    orders_.stop_all = true;
    return true;
  case frame_kind::question:
    if (what.node != every_node && what.node >= nodes_.size())
      return false;
    ask(from, std::move(what));
    return true;
  case frame_kind::answer: {
    const unsigned asker = what.node;
    if (asker >= nodes_.size())
      return false;
    what.node = from;
    if (nodes_[asker] != state::gone)
      give_({asker}, what);
    return true;
  }
  default:
    return false;
  }
}

void relay::ready(unsigned node) {
  if (is_up(node))
    return;
  nodes_[node] = state::up;
  tell_change(node, true);
  if (complete_ || std::count(nodes_.begin(), nodes_.end(), state::up) != std::ssize(nodes_))
    return;
  complete_ = true;
  orders_.all_up = true;
  if (!line_.empty()) {
    announced_ = true;
    orders_.announcement = std::exchange(line_, {});
  }
}

void relay::ask(unsigned from, frame question) {
  const std::uint32_t to = std::exchange(question.node, from);
  std::vector<unsigned> able;
  for (unsigned node = 0; node < nodes_.size(); ++node) {
    if (to != every_node && to != node)
      continue;
    if (is_up(node))
      able.push_back(node);
    else
      refuse(from, node, question.number);
  }
  if (!able.empty())
    give_(able, question);
}

void relay::refuse(unsigned asker, unsigned node, std::uint64_t number) {
  give_({asker},
        {.kind = frame_kind::answer,
         .node = node,
         .code = ENOTCONN,
         .number = number,
         .bytes = std::make_shared<const std::string>("node " + std::to_string(node) + " is not up")});
}

void relay::tell_change(unsigned node, bool up) {
  if (!connected_.empty())
    give_(connected_, {.kind = frame_kind::change, .node = node, .code = up ? 1 : 0});
}

} // namespace perron::siblings::core
