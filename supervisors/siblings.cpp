// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/siblings.hpp>

#include <perron/runtime/call.hpp>
#include <perron/runtime/group.hpp>
#include <perron/runtime/message.hpp>
#include <perron/runtime/process.hpp>
#include <perron/supervisors/siblings/answers.hpp>
#include <perron/supervisors/siblings/link.hpp>
#include <perron/supervisors/siblings/membership.hpp>
#include <perron/supervisors/siblings/outlet.hpp>

#include <cerrno>
#include <stdexcept>
#include <utility>

namespace perron::siblings {
namespace {

/// Where there is one node the link comes into being when it is needed, and is the outlet as well.
runtime::pid need_link() {
  const std::string_view name = core::mine().count == 1 ? core::outlet_name : core::link_name;
  if (const runtime::pid there = runtime::whereis(name); there || core::mine().count > 1)
    return there;
  try {
    return runtime::spawn({.name = std::string(name)}, [] { core::link().run(); });
  } catch (const std::invalid_argument&) {
    return runtime::whereis(name); // somebody else was faster
  }
}

/// Where there are several nodes it is there, or gone for good.
void need_outlet() {
  if (count() == 1)
    need_link();
}

std::vector<reply> ask_link(core::ask_request what) {
  const runtime::pid link = need_link();
  const std::uint32_t to = what.to;
  runtime::error why = core::no_outlet();
  if (what.topic.size() + what.question.size() > core::most_payload) {
    why = {"siblings: the question is too long", EMSGSIZE};
  } else if (link) {
    // the link keeps the time; what is over it here is only a link that does not go on
    const auto patience =
        what.timeout < std::chrono::hours(24) ? what.timeout + std::chrono::seconds(5) : runtime::no_timeout;
    auto said = runtime::call(link, std::move(what), patience);
    if (said)
      return std::move(*said);
    why = said.error();
  }
  std::vector<reply> none;
  for (unsigned node = 0; node < count(); ++node)
    if (to == core::every_node || to == node)
      none.push_back({node, why});
  return none;
}

} // namespace

unsigned count() noexcept { return core::mine().count; }
unsigned self() noexcept { return core::mine().self; }

runtime::result<void> publish(std::string topic, std::string bytes) {
  need_outlet();
  return core::put_out_in_turn({.kind = core::frame_kind::publish,
                                .topic = std::move(topic),
                                .bytes = std::make_shared<const std::string>(std::move(bytes))});
}

void subscribe(const std::string& topic) { runtime::join_group(core::subscribers_group(topic)); }

bool unsubscribe(std::string_view topic) { return runtime::leave_group(core::subscribers_group(topic)); }

void watch() {
  runtime::join_group(core::watchers_group);
  runtime::send(need_link(), core::snapshot_wanted{runtime::self()});
}

void answer(const std::string& topic, std::function<std::string(std::string_view question)> how) {
  core::answers::all().set(topic, std::move(how));
}

std::vector<reply> ask_all(const std::string& topic, std::string question, std::chrono::nanoseconds timeout) {
  return ask_link({core::every_node, topic, std::move(question), timeout});
}

runtime::result<std::string> ask(unsigned node, const std::string& topic, std::string question,
                                 std::chrono::nanoseconds timeout) {
  if (node >= count())
    return runtime::error{"siblings: there is no node " + std::to_string(node), ENXIO};
  std::vector<reply> said = ask_link({node, topic, std::move(question), timeout});
  return std::move(said.front().bytes);
}

void announce(std::string line) {
  need_outlet();
  core::put_out({.kind = core::frame_kind::announcement,
                 .bytes = std::make_shared<const std::string>(std::move(line))});
  if (const runtime::pid outlet = runtime::whereis(core::outlet_name))
    static_cast<void>(runtime::call(outlet, core::flush{}));
}

} // namespace perron::siblings
