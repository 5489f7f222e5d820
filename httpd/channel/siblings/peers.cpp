// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/channel/siblings/peers.hpp>

#include <perron/httpd/channel/siblings/place.hpp>
#include <perron/runtime/core/random.hpp>
#include <perron/runtime/message.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace perron::httpd {
namespace {

using namespace std::chrono_literals;

constexpr auto answer_time = 10s;
constexpr auto load_pause = 100ms; ///< while the node that has the store is away
constexpr int most_rounds = 10;    ///< of asking; who has the state may end just then

/// What the asking process has found.
struct found_state {
  std::optional<topic_state> state;
};

/// Asks the other nodes for the state of a topic that began at a place. Throws if it cannot be known who has
/// it.
class state_search {
public:
  state_search(std::string group, std::string topic, std::uint64_t place, std::optional<unsigned> keeper)
      : group_(std::move(group)), topic_(std::move(topic)), place_(place), keeper_(keeper) {}

  std::optional<topic_state> run() const {
    for (int round = 0; round < most_rounds; ++round) {
      const std::vector<unsigned> who = who_has_it();
      if (who.empty() && !keeper_)
        return std::nullopt;
      if (who.empty())
        start_keeper();
      for (const unsigned node : who)
        if (auto state = ask_for_it(node))
          return state;
    }
    throw std::runtime_error("nobody who has the topic gives its state");
  }

private:
  std::vector<unsigned> who_has_it() const {
    std::vector<unsigned> out;
    const auto replies =
        siblings::ask_all(group_, encode(topic_questions::standing{topic_, place_}), answer_time);
    for (const siblings::reply& each : replies) {
      const bool own = each.node == siblings::self();
      if (!each.bytes) {
        // Where not even this node can be asked it has lost the others, who may well have the topic.
        const int code = each.bytes.error().code;
        if (own || (code != ENOTCONN && code != ENOENT))
          throw std::runtime_error("node " + std::to_string(each.node) + ": " + each.bytes.error().text);
      } else if (!own && *each.bytes == "1") {
        out.push_back(each.node);
      }
    }
    return out;
  }

  std::optional<topic_state> ask_for_it(unsigned node) const {
    const auto bytes =
        siblings::ask(node, group_, encode(topic_questions::state{topic_, place_}), answer_time);
    return bytes ? decode_topic_state(*bytes) : std::nullopt;
  }

  void start_keeper() const {
    const auto bytes = siblings::ask(*keeper_, group_, encode(topic_questions::start{topic_}), answer_time);
    const auto receipt = bytes ? decode_receipt(*bytes) : std::nullopt;
    if (!receipt || !receipt->refused.empty())
      throw std::runtime_error("node " + std::to_string(*keeper_) + ", which has the store: " +
                               (bytes ? "cannot start the topic" : bytes.error().text));
  }

  std::string group_;
  std::string topic_;
  std::uint64_t place_;
  std::optional<unsigned> keeper_; ///< if that is another node
};

/// The store of another node.
class remote_topic_store final : public topic_store {
public:
  remote_topic_store(std::string group, unsigned keeper) : group_(std::move(group)), keeper_(keeper) {}

  runtime::result<opened> open(const std::string&, std::size_t) override { return not_here(); }
  runtime::result<void> append(const std::string&, const topic_record&) override { return not_here(); }
  runtime::result<std::vector<topic_record>> load(const std::string& topic, std::uint64_t id,
                                                  std::size_t most) override {
    const std::string question = encode(topic_questions::load{topic, id, most});
    for (;;) {
      const auto bytes = siblings::ask(keeper_, group_, question, answer_time);
      if (auto records = bytes ? decode_records(*bytes) : std::nullopt; records && records->error.empty())
        return std::move(records->found);
      runtime::sleep_for(load_pause);
    }
  }

private:
  static runtime::error not_here() { return {"the store is on another node"}; }

  std::string group_;
  unsigned keeper_;
};

} // namespace

topic_peers::topic_peers(std::string group, std::string topic, bool has_store)
    : group_(std::move(group)), topic_(std::move(topic)), channel_(group_ + '/' + topic_),
      has_store_(has_store), node_(siblings::self()), keeper_(node_of(topic_, siblings::count())),
      life_(runtime::core::random_secret()), up_(siblings::count()) {}

std::shared_ptr<topic_store> topic_peers::remote_store() const {
  return std::make_shared<remote_topic_store>(group_, keeper_);
}

// -- the beginning

std::optional<topic_state> topic_peers::take_up() {
  wait_until_up();
  mark();
  std::optional<unsigned> keeper;
  if (has_store_ && !keeps())
    keeper = keeper_;
  runtime::spawn_link([search = state_search(group_, topic_, place_, keeper), to = runtime::self()] {
    runtime::send(to, found_state{search.run()});
  });
  std::optional<found_state> found;
  while (!found)
    runtime::receive([&](found_state f) { found = std::move(f); },
                     [&](const topic_asked& q) { take_in_beginning(q); },
                     [&](const siblings::node_change& c) { take(c); });
  return std::move(found->state);
}

/// Whoever sees this process's `began` can ask it then.
void topic_peers::wait_until_up() {
  siblings::watch();
  while (!up_[node_])
    runtime::receive([&](const siblings::node_change& c) { take(c); },
                     [&](const topic_asked& q) { take_in_beginning(q); });
}

/// Finds out its own place in the order.
void topic_peers::mark() {
  siblings::subscribe(channel_);
  say_over_at_end();
  if (const auto sent = send(topic_frames::began{life_, node_}); !sent)
    throw std::runtime_error("a topic cannot tell the other nodes that it begins: " + sent.error().text);
  const topic_frame mine = topic_frames::began{life_, node_};
  while (place_ == 0)
    runtime::receive(
        [&](const siblings::news& n) {
          if (decode_topic_frame(*n.bytes) == mine)
            place_ = n.number;
        },
        [&](const siblings::node_change& c) { take(c); },
        [&](const topic_asked& q) { take_in_beginning(q); });
  for (const topic_asked& q : std::exchange(waiting_, {}))
    take_in_beginning(q);
}

/// Whether this process, which begins, will have the state without the one that began at that place.
bool topic_peers::will_have_before(std::uint64_t place) const {
  return has_store_ ? keeps() : place > place_;
}

void topic_peers::take_in_beginning(const topic_asked& q) {
  const bool will = will_have_before(q.place);
  // Who asks for the state may have heard of a process before this one. Were it held without being before it,
  // each could wait for the other.
  if ((place_ == 0 && !has_store_) || (q.for_state && will))
    waiting_.push_back(q);
  else
    runtime::send(q.who, topic_told{.has = will});
}

/// A process that ends by a crash cannot say so itself.
void topic_peers::say_over_at_end() const {
  runtime::spawn([channel = channel_, life = life_, who = runtime::self()] {
    const auto ref = runtime::monitor(who);
    runtime::receive(runtime::when([ref](const runtime::down& end) { return end.ref == ref; },
                                   [](const runtime::down&) {}));
    // Fails only if this node ends as well, which the others learn by themselves.
    static_cast<void>(siblings::publish(channel, encode(topic_frames::over{life})));
  });
}

// -- afterwards

runtime::result<void> topic_peers::send(const topic_frame& what) const {
  return siblings::publish(channel_, encode(what));
}

std::optional<topic_frame> topic_peers::take(const siblings::news& n) {
  if (n.number <= place_)
    return std::nullopt;
  place_ = n.number;
  return decode_topic_frame(*n.bytes); // what is none is none for all
}

bool topic_peers::take(const topic_asked& question) {
  if (!question.for_state) {
    runtime::send(question.who, topic_told{.has = true});
    return false;
  }
  if (may_give_ && question.place <= place_)
    return true;
  waiting_.push_back(question);
  return false;
}

std::vector<topic_asked> topic_peers::take_waiting() {
  std::vector<topic_asked> out;
  if (waiting_.empty() || !may_give_)
    return out;
  const auto later = std::stable_partition(waiting_.begin(), waiting_.end(),
                                           [this](const topic_asked& q) { return q.place <= place_; });
  out.assign(waiting_.begin(), later);
  waiting_.erase(waiting_.begin(), later);
  return out;
}

void topic_peers::take(const siblings::node_change& change) {
  if (change.node < up_.size())
    up_[change.node] = change.up;
}

void topic_peers::publish_there(topic_publish what, std::function<void(topic_receipt)> done) const {
  runtime::spawn([node = keeper_, group = group_,
                  question = topic_questions::publish{topic_, std::move(what.origin), std::move(what.data)},
                  done = std::move(done)] {
    const auto bytes = siblings::ask(node, group, encode(question), answer_time);
    auto receipt = bytes ? decode_receipt(*bytes) : std::nullopt;
    if (!receipt) {
      receipt.emplace();
      receipt->refused = "the node that has the store cannot be reached";
      receipt->later = true;
    }
    done(std::move(*receipt));
  });
}

} // namespace perron::httpd
