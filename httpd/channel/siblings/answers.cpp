// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/channel/siblings/answers.hpp>

#include <perron/httpd/channel/siblings/peers.hpp>
#include <perron/httpd/channel/siblings/state.hpp>
#include <perron/runtime/message.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <stdexcept>
#include <utility>

namespace perron::httpd {
namespace {

constexpr std::size_t most_loaded = std::size_t(256) << 10; ///< bytes of records in one answer, or one record
constexpr std::uint64_t most_records = 1000;

/// What the topic's process says; nothing if there is none, or if it ends.
std::optional<topic_told> ask_process(const topics& all, const std::string& topic, topic_asked question) {
  const runtime::pid who = all.there(topic);
  if (!who)
    return std::nullopt;
  const auto ref = runtime::monitor(who);
  question.who = runtime::self();
  runtime::send(who, question);
  std::optional<topic_told> out;
  runtime::receive(
      [&](topic_told told) { out = std::move(told); },
      runtime::when([ref](const runtime::down& end) { return end.ref == ref; }, [](const runtime::down&) {}));
  return out;
}

struct answering {
  const topics& all;

  std::string operator()(const topic_questions::standing& q) const {
    const auto told = ask_process(all, q.topic, {.who = {}, .place = q.place, .for_state = false});
    return told && told->has ? "1" : "0";
  }

  std::string operator()(const topic_questions::state& q) const {
    auto told = ask_process(all, q.topic, {.who = {}, .place = q.place, .for_state = true});
    if (!told || !told->has)
      throw std::runtime_error("the topic is not there");
    return std::move(told->state);
  }

  std::string operator()(const topic_questions::publish& q) const {
    topic_receipt out;
    auto done = all.publish(q.topic, q.data, q.origin);
    if (done) {
      out = std::move(*done);
    } else {
      out.refused = done.error().text;
      out.later = done.error().code != EPERM && done.error().code != ENOENT;
    }
    return encode(out);
  }

  std::string operator()(const topic_questions::start& q) const {
    topic_receipt out;
    if (const auto found = all.find(q.topic); !found)
      out.refused = found.error().text;
    return encode(out);
  }

  std::string operator()(const topic_questions::load& q) const {
    topic_questions::records out;
    const auto how = all.options_of(q.topic);
    if (!how || !how->store) {
      out.error = "there is no store";
      return encode(out);
    }
    const auto most = static_cast<std::size_t>(std::min(q.most, most_records));
    auto found = how->store->load(q.topic, q.behind, most);
    if (!found) {
      out.error = found.error().text;
      return encode(out);
    }
    std::size_t bytes = 0;
    for (topic_record& each : *found) {
      bytes += each.data.size() + each.origin.from.size() + sizeof each;
      if (bytes > most_loaded && !out.found.empty())
        break; // the rest is asked for behind these
      out.found.push_back(std::move(each));
    }
    return encode(out);
  }
};

} // namespace

std::string answer_topic_question(const topics& all, std::string_view question) {
  auto asked = decode_topic_question(question);
  if (!asked)
    throw std::runtime_error("not a question about a topic");
  return std::visit(answering{all}, *asked);
}

} // namespace perron::httpd
