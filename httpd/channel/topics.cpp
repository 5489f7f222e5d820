// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/channel/topics.hpp>

#include <perron/httpd/channel/siblings/answers.hpp>
#include <perron/runtime/process.hpp>
#include <perron/supervisors/dynamic_supervisor.hpp>
#include <perron/supervisors/siblings.hpp>
#include <perron/supervisors/supervisor.hpp>

#include <cerrno>
#include <string_view>
#include <utility>

namespace perron::httpd {
namespace {

/// By which these topics are known among all that siblings ask and publish.
std::string group_of(const std::string& name) { return "topics/" + name; }

/// Whether a call failed because its topic had ended for being idle before it saw the call: what it takes it
/// answers before it ends so.
bool ended_unasked(const runtime::error& e) {
  return e.code == ESRCH && (e.text == runtime::exit_reason::noproc().to_string() ||
                             e.text == runtime::exit_reason::normal().to_string());
}

} // namespace

topics::topics(std::string name, topics_options options)
    : shared_(std::make_shared<const shared>(shared{std::move(name), std::move(options)})) {}

supervisors::child_spec topics::child() const {
  if (siblings::count() > 1)
    siblings::answer(group_of(shared_->name), [all = *this](std::string_view question) {
      return answer_topic_question(all, question);
    });
  return supervisors::dynamic_supervisor_child(
      shared_->name, {.name = shared_->name, .max_children = shared_->options.most_topics});
}

runtime::pid topics::there(const std::string& topic) const { return runtime::whereis(process_name(topic)); }

runtime::result<topic_options> topics::options_of(const std::string& topic) const {
  if (!is_topic_name(topic))
    return runtime::error{"a topic's name has 1 to 128 of A-Z, a-z, 0-9 and . _ : / -", ENOENT};
  if (!shared_->options.options_of)
    return topic_options();
  auto told = shared_->options.options_of(topic);
  if (!told)
    return runtime::error{told.error().text, ENOENT};
  return told;
}

runtime::result<runtime::pid> topics::find(const std::string& topic) const {
  if (const runtime::pid running = there(topic))
    return running;
  auto how = options_of(topic);
  if (!how)
    return how.error();
  supervisors::child_spec spec;
  spec.id = topic;
  spec.restart = supervisors::temporary;
  // The supervisor starts one after the other, so that of many who ask at once the first makes it.
  spec.start = [how = std::move(*how), topic, group = group_of(shared_->name),
                process = process_name(topic)]() -> runtime::result<runtime::pid> {
    if (runtime::whereis(process))
      return runtime::pid();
    return runtime::start_server<httpd::topic>(runtime::spawn_options{.name = process, .link = true}, topic,
                                               how, group);
  };
  const supervisors::answer started =
      supervisors::start_child(runtime::whereis(shared_->name), std::move(spec));
  if (started.who)
    return started.who;
  if (const runtime::pid other = there(topic))
    return other;
  return runtime::error{started.why.empty() ? std::string(supervisors::to_string(started.what)) : started.why,
                        EAGAIN};
}

runtime::result<topic_receipt> topics::publish(const std::string& topic, const std::string& json,
                                               const topic_origin& origin,
                                               std::chrono::nanoseconds timeout) const {
  constexpr int most_attempts = 10;
  runtime::result<topic_receipt> receipt = runtime::error{"not asked"};
  for (int i = 0; i < most_attempts; ++i) {
    const auto who = find(topic);
    if (!who)
      return who.error();
    receipt = runtime::call(*who, topic_publish{json, origin}, timeout);
    if (receipt || !ended_unasked(receipt.error()))
      break;
  }
  if (receipt && !receipt->refused.empty())
    return runtime::error{receipt->refused, receipt->later ? EAGAIN : EPERM};
  return receipt;
}

} // namespace perron::httpd
