// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/request_supervisor.hpp>

#include <perron/runtime/call.hpp>
#include <perron/runtime/core/carrier.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/core/signals.hpp>
#include <perron/runtime/core/waiting.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/supervisors/core/request_supervision.hpp>

#include <cerrno>
#include <utility>

namespace perron::supervisors {

using runtime::error;
using runtime::exit_reason;
using runtime::pid;
using runtime::result;

namespace {

namespace rc = runtime::core;

template <class Request>
auto ask(pid supervisor, Request request) {
  return runtime::call(supervisor, std::move(request), runtime::no_timeout);
}

/// An error of the call and one of the answer are the same to whoever asked.
template <class T>
result<T> flat(result<result<T>> got) {
  if (!got)
    return got.error();
  return std::move(*got);
}

} // namespace

// -- calls

result<request_counts> count_requests(pid supervisor) { return ask(supervisor, core::count_call{}); }

result<request_page> which_requests(pid supervisor, pid after, std::size_t most) {
  return ask(supervisor, core::list_call{after, most});
}

answer stop_request(pid supervisor, pid request, shutdown_rule rule) {
  const result<bool> found = ask(supervisor, core::has_call{request});
  if (!found)
    return {answer::kind::unreachable, {}, found.error().text};
  if (!*found)
    return {runtime::alive(request) ? answer::kind::not_found : answer::kind::ok, {}, {}};
  const shutdown_rule how = rule.resolved(child_type::worker);
  const runtime::monitor_ref ref = runtime::monitor(request);
  const bool brutal = how.what() == shutdown_rule::kind::brutal_kill;
  runtime::exit(request, brutal ? exit_reason::kill() : exit_reason::shutdown());
  const auto is_gone = runtime::when([ref](const runtime::down& d) { return d.ref == ref; },
                                     [](const runtime::down&) { return true; });
  bool gone = false;
  if (how.what() == shutdown_rule::kind::timed) {
    auto in_time = is_gone;
    gone = runtime::receive(in_time, runtime::after(how.time(), [] { return false; }));
    if (!gone)
      runtime::exit(request, exit_reason::kill());
  }
  if (!gone) {
    auto at_last = is_gone;
    runtime::receive(at_last);
  }
  return {};
}

result<void> set_max_connections(pid supervisor, std::size_t most) {
  return ask(supervisor, core::limit_call{most, {}});
}

result<void> set_hard_limit(pid supervisor, std::size_t most) {
  return ask(supervisor, core::limit_call{{}, most});
}

result<void> suspend_accepting(pid supervisor) { return flat(ask(supervisor, core::listen_call{false})); }

result<void> resume_accepting(pid supervisor) { return flat(ask(supervisor, core::listen_call{true})); }

result<drain_outcome> drain(pid supervisor, std::chrono::milliseconds deadline) {
  return flat(ask(supervisor, core::drain_call{deadline}));
}

// -- a supervisor of its own

namespace {

class own_site;

/// A request that start_request has made. Freed on its home worker, behind its end.
///
/// | field   | who may touch it                                          |
/// |---------|-----------------------------------------------------------|
/// | counted | the request's process; behind its end the home worker      |
/// | how     | written by the end of the process, read by the home worker |
/// | label   | nobody writes it                                          |
struct own_request final : core::request_entry, rc::runnable {
  own_request(std::shared_ptr<own_site> s, std::string l)
      : runnable(&comes_home), site(std::move(s)), label(std::move(l)) {}

  static void comes_home(rc::runnable& self, rc::carrier&);

  const std::shared_ptr<own_site> site;
  const std::string label;
  rc::worker* home = nullptr;
  request_end how = request_end::normal;
  bool counted = true;
};

class own_site final : public rc::end_observer, public core::request_site {
public:
  using request_site::request_site;

  std::string label_of(const core::request_entry& e) const override {
    return static_cast<const own_request&>(e).label;
  }

  void process_ended(rc::process& who, const exit_reason& why) noexcept override {
    auto& mine = *static_cast<own_request*>(who.observer_data);
    mine.how = usual_end_of(why, draining);
    const rc::inside engine;
    if (engine.own() == mine.home)
      mine.home->push_pinned(mine);
    else
      mine.home->post(mine);
  }
};

void own_request::comes_home(rc::runnable& self, rc::carrier&) {
  const std::unique_ptr<own_request> mine(static_cast<own_request*>(&self));
  mine->site->requests.of(mine->home->index).ends(*mine, mine->how);
  mine->site->connection_gone(mine->counted);
}

/// An acceptor that sleeps until there is room.
class sleeping_process final : public core::connection_limits::sleeper {
public:
  sleeping_process(core::connection_limits& limits, rc::process& me)
      : sleeper(&wake), limits_(limits), process_(me), wait_(me, rc::wait_kind::room),
        number_(wait_.number()) {}
  ~sleeping_process() {
    // who has been woken, and ends instead, leaves the room to another
    if (!limits_.forget(*this) && asleep_)
      limits_.pass_on();
  }

  void sleep() {
    if (!limits_.sleep(*this))
      return;
    asleep_ = true;
    while (!process_.woken)
      wait_.park();
    asleep_ = false;
  }

private:
  static void wake(sleeper& s) noexcept {
    auto& mine = static_cast<sleeping_process&>(s);
    rc::push_signal(mine.process_.self(), rc::plain_signal(rc::envelope_kind::wake, pid(), mine.number_));
  }

  core::connection_limits& limits_;
  rc::process& process_;
  rc::waiting wait_;
  const std::uint32_t number_;
  bool asleep_ = false;
};

class own_supervision final : public core::request_supervision {
public:
  own_supervision(const std::shared_ptr<core::request_site>& site, request_supervisor_options options)
      : request_supervision(std::move(options.name), site, std::move(options.limits.alarms)), site_(*site),
        drain_time_(options.drain_time) {}
  ~own_supervision() { abort(); }

  void terminate(const exit_reason&) { stop(drain_time_); }

private:
  void stop_listening() override { site_.limits.wake_all(); }

  core::request_site& site_;
  const std::chrono::milliseconds drain_time_;
};

/// Makes the process of a request and lists it, in one go on one worker.
pid spawn_request(rc::process& me, std::unique_ptr<own_request> mine,
                  std::unique_ptr<core::request_body> work) {
  for (;; runtime::yield()) {
    const rc::inside engine;
    rc::worker* at = engine.own();
    if (at == nullptr)
      continue; // it was slow and has lost its worker; it gets one when it gives way
    rc::spawn_plan plan;
    plan.observer = mine->site.get();
    plan.observer_data = mine.get();
    runtime::monitor_ref unused;
    rc::process& made = rc::begin_spawn(*me.sched, plan, unused);
    const pid who = made.self();
    made.body.emplace([body = std::move(work)] { body->run(); });
    mine->home = at;
    mine->site->requests.of(at->index).begins(*mine, who, at->now_ms());
    static_cast<void>(mine.release()); // its end's
    rc::commit_spawn(made);
    return who;
  }
}

error no_more() { return {"this supervisor accepts no requests", ECANCELED}; }

} // namespace

result<request_supervisor> request_supervisor::start(request_supervisor_options options) {
  const auto site =
      std::make_shared<own_site>(runtime::detail::current_scheduler().workers.size(), options.limits);
  const auto made =
      runtime::start_server<own_supervision>({.name = options.name, .link = true, .trap_exit = true},
                                             std::shared_ptr<core::request_site>(site), std::move(options));
  if (!made)
    return made.error();
  return request_supervisor(site);
}

result<request_supervisor> request_supervisor::of(pid supervisor) {
  auto site = ask(supervisor, core::site_call{});
  if (!site)
    return site.error();
  if (std::dynamic_pointer_cast<own_site>(*site) == nullptr)
    return error{"it makes its requests itself"};
  return request_supervisor(std::move(*site));
}

pid request_supervisor::who() const noexcept { return site_->supervisor; }

bool request_supervisor::leave_count() const {
  const rc::process& me = runtime::detail::current();
  if (me.observer != static_cast<own_site*>(site_.get()))
    return false;
  auto& mine = *static_cast<own_request*>(me.observer_data);
  if (!std::exchange(mine.counted, false))
    return false;
  site_->limits.leaves_count();
  return true;
}

result<pid> request_supervisor::start_boxed(std::string label,
                                            std::unique_ptr<core::request_body> work) const {
  rc::process& me = runtime::detail::current();
  for (core::admission next{};
       site_->accepting && (next = site_->limits.advice()) != core::admission::accept;) {
    if (next == core::admission::turn_away) {
      site_->turned_away.fetch_add(1, std::memory_order_relaxed);
      return error{"there are as many requests as the hard limit", EBUSY};
    }
    sleeping_process(site_->limits, me).sleep();
  }
  if (!site_->accepting)
    return no_more();
  site_->connection_came(me.sched->now_ms());
  // seq_cst, as the count is: a drain that did not see the count is seen here
  if (!site_->accepting) {
    site_->connection_gone(true);
    return no_more();
  }
  const pid who = spawn_request(
      me, std::make_unique<own_request>(std::static_pointer_cast<own_site>(site_), std::move(label)),
      std::move(work));
  runtime::detail::count_spawn();
  return who;
}

child_spec request_supervisor_child(std::string id, request_supervisor_options options) {
  child_spec spec;
  spec.id = std::move(id);
  spec.shutdown = options.drain_time + std::chrono::seconds(3);
  spec.start = [options = std::move(options)]() -> result<pid> {
    const auto made = request_supervisor::start(options);
    if (!made)
      return made.error();
    return made->who();
  };
  return spec;
}

} // namespace perron::supervisors
