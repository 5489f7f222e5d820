// SPDX-License-Identifier: BSD-3-Clause
#include "conformance/supervision/stage.hpp"

#include "conformance/supervision/cast.hpp"
#include "conformance/supervision/recorder.hpp"
#include "conformance/supervision/words.hpp"
#include "support/sanitizers.hpp"

#include <perron/runtime/inspect.hpp>
#include <perron/runtime/message.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/runtime/report/crash_report.hpp>
#include <perron/supervisors/supervisor.hpp>

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>

namespace perron::conformance {

using runtime::exit_reason;
using runtime::pid;
using runtime::result;
using namespace supervisors;

namespace {

using words = std::vector<std::string>;
using lines = std::vector<std::string>;

/// Mail to the runner from processes that ask in its place.
struct answered {
  pid from;
  std::string text;
};
struct surveyed {
  pid from;
  lines picture;
};
/// Mail that no supervisor expects.
struct odd {};

std::string answer_words(const answer& said, const recorder& trace) {
  switch (said.what) {
  case answer::kind::ok:
    return "ok " + trace.name(said.who) + (said.info.empty() ? "" : " info " + said.info);
  case answer::kind::already_started:
    return "already_started " + trace.name(said.who);
  case answer::kind::bad_spec: {
    const std::string what = objection(said.why);
    return what.empty() ? "bad_spec" : "bad_spec " + what;
  }
  case answer::kind::start_failed:
    return "failed " + error_word(said.why);
  default:
    return std::string(to_string(said.what));
  }
}

std::string plain_words(const answer& said, const recorder& trace) {
  return said ? "ok" : answer_words(said, trace);
}

std::string spec_words(const result<child_spec>& got) {
  if (!got)
    return got.error().text == "not_found" ? "not_found" : "unreachable";
  return "spec " + got->id + ' ' +
         terms(got->restart, got->significant, got->shutdown.resolved(got->type), got->type);
}

/// The process that acts on the scenario, parent of its top supervisor. Traps exits.
class runner {
public:
  runner(const scenario& play, recorder& trace)
      : play_(play), trace_(trace), cast_(play, trace, runtime::self()) {}

  void run() {
    try {
      perform();
    } catch (const std::exception& e) {
      trace_.note(std::string("the stage broke: ") + e.what());
    }
    for (const pid who : trace_.left())
      trace_.note("left " + trace_.name(who));
    std::vector<pid> rest = trace_.left();
    rest.insert(rest.end(), helpers_.begin(), helpers_.end());
    for (const pid who : rest)
      end_of(who, [who] { runtime::exit(who, exit_reason::kill()); });
  }

private:
  void perform() {
    const declaration& top = *play_.find("top");
    const result<pid> made = start_supervisor(cast_.options_of(top), cast_.children_of(top));
    if (!made) {
      const std::string why = objection(made.error().text);
      trace_.note(why.empty() ? "failed " + error_word(made.error().text) : "refused " + why);
      return;
    }
    trace_.note("up " + trace_.runs("top", *made));
    draw(settle());
    for (const words& each : play_.steps)
      step(each);
    while (held_)
      step({"release"});
    trace_.note("> end");
    runtime::exit(*made, exit_reason::shutdown());
    draw(settle());
  }

  void step(const words& what) {
    std::string line = ">";
    for (const std::string& each : what)
      line += ' ' + each;
    trace_.note(line);
    act(what);
    draw(settle());
  }

  void act(const words& what) {
    const std::string& verb = what[0];
    if (verb == "release")
      release();
    else if (verb == "signal")
      runtime::exit(trace_.find("top"), reason_of(what.at(1)));
    else if (verb == "pass")
      cast_.pass(std::stol(what.at(1)));
    else if (verb == "check")
      check_spec(part(what.at(1)));
    else if (verb == "exit" || verb == "kill" || verb == "unlink" || verb == "foreign" || verb == "message")
      act_on_process(what);
    else if (verb.ends_with("_pid") && !trace_.find(what.at(2)))
      trace_.note("= nobody");
    else
      call(what);
  }

  const declaration& part(std::string_view name) const {
    const declaration* found = play_.find(name);
    if (found == nullptr)
      throw std::invalid_argument("no such part: " + std::string(name));
    return *found;
  }

  // -- processes

  void act_on_process(const words& what) {
    const std::string& verb = what[0];
    const pid who = trace_.find(what.at(1));
    if (!runtime::alive(who)) {
      trace_.note("= gone");
    } else if (verb == "exit") {
      end_of(who, [&] { runtime::send(who, end_order{reason_of(what.at(2))}); });
    } else if (verb == "kill") {
      end_of(who, [&] { runtime::exit(who, exit_reason::kill()); });
    } else if (verb == "unlink") {
      trace_.unlinked(who);
      runtime::send(who, unlink_order{runtime::self()});
      runtime::receive_one<unlinked_notice>();
    } else if (verb == "message") {
      runtime::send(who, odd{});
    } else {
      const auto signal = [who, why = reason_of(what.at(2))] { runtime::exit(who, why); };
      if (what.at(2) == "kill")
        end_of(who, [&] { runtime::spawn(signal); });
      else
        await_down(runtime::spawn_monitor(signal).ref);
    }
  }

  static void end_of(pid who, const std::function<void()>& action) {
    const runtime::monitor_ref ref = runtime::monitor(who);
    action();
    await_down(ref);
  }

  static void await_down(runtime::monitor_ref ref) {
    runtime::receive(
        runtime::when([&](const runtime::down& d) { return d.ref == ref; }, [](const runtime::down&) {}));
  }

  // -- calls, each by a process of its own, as the answer may have to wait for a release

  void call(const words& what) {
    const std::string& verb = what[0];
    const std::string& to = verb == "start" ? part(what.at(1)).in() : what.at(1);
    const pid asker = runtime::spawn([this, what, me = runtime::self(), sup = trace_.find(to)] {
      runtime::send(me, answered{runtime::self(), ask(what, sup)});
    });
    helpers_.push_back(asker);
    if (held_) {
      // so that what follows comes after this call
      for (;;) {
        const std::optional<runtime::process_info> now = runtime::info(asker);
        if (!now || now->state == runtime::process_state::waiting)
          break;
        runtime::yield();
      }
      pending_.push_back(asker);
    } else {
      await_answer(asker);
    }
  }

  std::string ask(const words& what, pid sup) {
    const std::string& verb = what[0];
    if (verb == "start")
      return answer_words(start_child(sup, cast_.spec_of(part(what.at(1)))), trace_);
    if (verb == "start_with")
      return answer_words(start_child(sup, with(words(what.begin() + 2, what.end()))), trace_);
    if (verb == "restart")
      return answer_words(restart_child(sup, what.at(2)), trace_);
    if (verb == "terminate")
      return plain_words(terminate_child(sup, what.at(2)), trace_);
    if (verb == "terminate_pid")
      return plain_words(terminate_child(sup, trace_.find(what.at(2))), trace_);
    if (verb == "delete")
      return plain_words(delete_child(sup, what.at(2)), trace_);
    if (verb == "which") {
      const result<std::vector<child_info>> got = which_children(sup);
      return got ? "is" + shown(*got, is_simple(part(what.at(1)))) : "unreachable";
    }
    if (verb == "count") {
      const result<child_counts> got = count_children(sup);
      return got ? "is" + shown(*got) : "unreachable";
    }
    if (verb == "get")
      return spec_words(get_child_spec(sup, what.at(2)));
    if (verb == "get_pid")
      return spec_words(get_child_spec(sup, trace_.find(what.at(2))));
    throw std::invalid_argument("no such step: " + verb);
  }

  void await_answer(pid asker) {
    runtime::receive(runtime::when([&](const answered& a) { return a.from == asker; },
                                   [&](const answered& a) { trace_.note("= " + a.text); }),
                     [&](const held_notice& h) {
                       held_ = h.holder;
                       pending_.push_back(asker);
                     });
  }

  void check_spec(const declaration& what) {
    supervisor_options how;
    how.auto_shutdown = cast_.options_of(part(what.in())).auto_shutdown;
    const result<void> good = check(how, {cast_.spec_of(what)});
    trace_.note(good ? "= ok" : "= bad_spec " + objection(good.error().text));
  }

  void release() {
    if (held_)
      runtime::send(std::exchange(held_, {}), go_on{});
    else
      trace_.note("= nothing is held");
  }

  // -- quiet

  /// Waits until supervisors have dealt with all that happened, or one is held in a start. Gives what they
  /// show then.
  lines settle() {
    if (held_)
      return {};
    const pid surveyor = runtime::spawn([this, me = runtime::self()] {
      runtime::send(me, surveyed{runtime::self(), survey()});
    });
    helpers_.push_back(surveyor);
    lines picture;
    const bool quiet = runtime::receive(runtime::when([&](const surveyed& s) { return s.from == surveyor; },
                                                      [&](surveyed s) {
                                                        picture = std::move(s.picture);
                                                        return true;
                                                      }),
                                        [&](const held_notice& h) {
                                          held_ = h.holder;
                                          return false;
                                        });
    if (!quiet)
      return {};
    for (const pid each : std::exchange(pending_, {}))
      await_answer(each);
    notice_end();
    return held_ ? lines() : picture;
  }

  void draw(const lines& picture) {
    for (const std::string& each : picture)
      trace_.note(each);
  }

  void notice_end() {
    const pid top = trace_.find("top");
    if (ended_ || runtime::alive(top))
      return;
    ended_ = true;
    runtime::receive(
        runtime::when([&](const runtime::exited& e) { return e.from == top; },
                      [&](const runtime::exited& e) { trace_.note("ended top " + word(e.reason)); }));
  }

  lines survey() const {
    for (;;) {
      const std::size_t before = trace_.size();
      lines picture;
      std::vector<pid> looked;
      bool quiet = true;
      // from the leaves up, so that a supervisor that is quiet has quiet children
      for (auto at = play_.parts.rbegin(); at != play_.parts.rend(); ++at)
        if (const pid sup = trace_.find(at->name);
            at->what == declaration::kind::supervisor && runtime::alive(sup)) {
          looked.push_back(sup);
          quiet = look(*at, sup, picture) && quiet;
        }
      for (const pid who : trace_.left())
        quiet = quiet && !is_dying(who);
      quiet = quiet && std::all_of(looked.begin(), looked.end(), [](pid who) { return runtime::alive(who); });
      if (quiet && trace_.size() == before) {
        std::reverse(picture.begin(), picture.end());
        return picture;
      }
      runtime::yield();
    }
  }

  bool is_dying(pid who) const {
    const pid parent = trace_.parent(who);
    return parent && !runtime::alive(parent) && !trace_.is_unlinked(who);
  }

  /// Draws a supervisor; false if it has something to do yet.
  bool look(const declaration& what, pid sup, lines& picture) const {
    const result<std::vector<child_info>> children = which_children(sup);
    const result<child_counts> counts = count_children(sup);
    if (!children || !counts)
      return false;
    picture.push_back(trace_.name(sup) + ':' + shown(*children, is_simple(what)) + ';' + shown(*counts));
    return std::all_of(children->begin(), children->end(), [&](const child_info& each) {
      return each.state != child_info::state_type::restarting &&
             (!each.who || runtime::alive(each.who) || trace_.is_unlinked(each.who));
    });
  }

  static bool is_simple(const declaration& what) { return what.get("strategy") == "simple_one_for_one"; }

  std::string shown(const std::vector<child_info>& children, bool simple) const {
    lines all;
    for (const child_info& each : children)
      all.push_back(
          (simple ? " " : ' ' + each.id + '=') +
          (each.state == child_info::state_type::restarting ? "restarting" : trace_.name(each.who)) + '/' +
          std::string(to_string(each.type)));
    std::sort(all.begin(), all.end());
    std::string out;
    for (const std::string& each : all)
      out += each;
    return out;
  }

  static std::string shown(const child_counts& counts) {
    return " specs " + std::to_string(counts.specs) + " active " + std::to_string(counts.active) +
           " supervisors " + std::to_string(counts.supervisors) + " workers " +
           std::to_string(counts.workers);
  }

  const scenario& play_;
  recorder& trace_;
  cast cast_;
  pid held_{};               ///< the supervisor that waits in a start
  std::vector<pid> pending_; ///< those who ask for us and have no answer yet
  std::vector<pid> helpers_; ///< they use all this, and one that waits for a held supervisor may be late
  bool ended_ = false;
};

/// Takes the log "perron" instead of standard error.
class log_ear : public spdlog::sinks::base_sink<std::mutex> {
public:
  explicit log_ear(std::function<void(std::string_view)> hear) : hear_(std::move(hear)) {}

private:
  void sink_it_(const spdlog::details::log_msg& said) override {
    hear_(std::string_view(said.payload.data(), said.payload.size()));
  }
  void flush_() override {}

  std::function<void(std::string_view)> hear_;
};

runtime::node_options one_worker() {
  runtime::node_options out;
  out.workers = 1;
  out.watchdog_ms = 0;
  out.stack_bytes = testing::under_sanitizer ? 512 * 1024 : 128 * 1024;
  return out;
}

} // namespace

stage::stage() : node_(one_worker()) {
  node_.crash_reports().set_sink([](const runtime::crash_report&, const std::string&) {});
  auto ear = std::make_shared<log_ear>([this](std::string_view text) { hear_log(text); });
  spdlog::register_logger(std::make_shared<spdlog::logger>("perron", std::move(ear)));
}

stage::~stage() { spdlog::drop("perron"); }

void stage::hear_log(std::string_view text) {
  constexpr std::string_view start = "supervisor <";
  if (trace_ == nullptr || !text.starts_with(start) || text.find("unexpected message") == text.npos)
    return;
  const std::string full = trace_->name(runtime::self_or_none());
  trace_->note("odd message to " + full.substr(0, full.find('#')));
}

std::vector<std::string> stage::run(const scenario& play) {
  recorder trace;
  trace_ = &trace;
  const exit_reason why =
      node_.run(runtime::spawn_options{.trap_exit = true}, [&] { runner(play, trace).run(); });
  trace_ = nullptr;
  if (why != exit_reason::normal())
    trace.note("the stage broke: " + why.to_string());
  return trace.lines();
}

} // namespace perron::conformance
