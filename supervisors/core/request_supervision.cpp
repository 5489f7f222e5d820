// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/core/request_supervision.hpp>

#include <perron/runtime/core/errand.hpp>
#include <perron/runtime/core/signals.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>

#include <algorithm>
#include <iterator>
#include <mutex>
#include <utility>

namespace perron::supervisors::core {
namespace {

namespace rc = runtime::core;
using runtime::exit_reason;

/// How long requests that were told to end may take, and then again those that were killed.
constexpr std::chrono::seconds end_time{1};

child_info child_of(std::string label, runtime::pid who) {
  return {std::move(label), who, child_info::state_type::running, child_type::worker};
}

/// An answer to which every worker adds its part; the last one sends it.
template <class Reply>
struct gathering {
  std::mutex lock;
  std::size_t missing;
  runtime::caller from;
  Reply all{};

  gathering(std::size_t parts, runtime::caller to) : missing(parts), from(to) {}
};

/// `part_of` is called on each worker, `merge` by one at a time, `finish` behind the last.
template <class Reply, class Part, class Merge, class Finish>
void gather(rc::scheduler& sched, runtime::caller from, Part part_of, Merge merge, Finish finish) {
  const auto shared = std::make_shared<gathering<Reply>>(sched.workers.size(), from);
  rc::errand::post_to_all(sched, [=](rc::worker& at) {
    Reply part = part_of(at);
    const std::lock_guard hold(shared->lock);
    merge(shared->all, part);
    if (--shared->missing == 0) {
      finish(shared->all);
      runtime::reply(shared->from, std::move(shared->all));
    }
  });
}

} // namespace

request_supervision::request_supervision(std::string name, std::shared_ptr<request_site> site,
                                         std::vector<connection_alarm> alarms)
    : name_(std::move(name)), sched_(runtime::detail::current_scheduler()), site_(std::move(site)),
      alarms_(std::move(alarms)) {
  site_->supervisor = runtime::self();
}

void request_supervision::handle_call(list_call asked, runtime::caller from) const {
  const auto part_of = [site = site_, asked](rc::worker& at) {
    request_page part;
    const std::uint64_t now = at.now_ms();
    const auto add = [&](const request_entry& e) {
      part.requests.push_back(
          {e.who, std::chrono::milliseconds(now - std::min(now, e.since_ms)), site->label_of(e)});
    };
    part.more = site->requests.of(at.index).page(asked.after.id(), asked.most, add);
    return part;
  };
  const auto merge = [](request_page& all, request_page& part) {
    all.requests.insert(all.requests.end(), std::move_iterator(part.requests.begin()),
                        std::move_iterator(part.requests.end()));
    all.more = all.more || part.more;
  };
  const auto finish = [most = asked.most](request_page& all) {
    std::sort(all.requests.begin(), all.requests.end(),
              [](const request_info& a, const request_info& b) { return a.who < b.who; });
    if (all.requests.size() > most) {
      all.requests.resize(most);
      all.more = true;
    }
  };
  gather<request_page>(sched_, from, part_of, merge, finish);
}

void request_supervision::handle_call(has_call asked, runtime::caller from) const {
  gather<bool>(
      sched_, from,
      [site = site_, asked](rc::worker& at) { return site->requests.of(at.index).has(asked.request); },
      [](bool& found, bool here) { found = found || here; }, [](bool) {});
}

void request_supervision::handle_call(limit_call asked) {
  if (asked.max_connections)
    site_->limits.set_max_connections(allowed(*asked.max_connections));
  if (asked.hard_limit)
    site_->limits.set_hard_limit(*asked.hard_limit);
}

runtime::result<void> request_supervision::handle_call(listen_call asked) {
  if (!asked.on) {
    site_->accepting = false;
    stop_listening();
    return {};
  }
  if (drain_)
    return runtime::error{"it is being drained"};
  if (const auto open = listen_again(); !open)
    return open.error();
  site_->closing = false;
  site_->draining = false;
  site_->ending = false;
  site_->accepting = true;
  return {};
}

void request_supervision::handle_call(drain_call asked, runtime::caller from) {
  if (drain_) {
    runtime::reply(from, runtime::result<drain_outcome>(runtime::error{"it is being drained already"}));
    return;
  }
  drain_.emplace();
  drain_->from = from;
  drain_->number = ++drains_;
  drain_->drained_before = site_->counts().ended_as(request_end::drained);
  drain_->timer = runtime::send_after(asked.deadline, runtime::self(), drain_due{drains_});
  begin_closing();
}

void request_supervision::handle_cast(all_gone) {
  if (drain_ && site_->limits.all() == 0)
    end_drain();
}

void request_supervision::handle_cast(drain_due due) {
  if (!drain_ || drain_->number != due.number)
    return;
  if (drain_->told == 2) {
    end_drain();
    return;
  }
  drain_->timer = runtime::send_after(end_time, runtime::self(), drain_due{due.number});
  end_requests(drain_->told++ == 0 ? exit_reason::shutdown() : exit_reason::kill());
}

void request_supervision::end_drain() {
  drain_->timer.cancel();
  drain_outcome out;
  out.drained = site_->counts().ended_as(request_end::drained) - drain_->drained_before;
  out.left = site_->limits.all();
  runtime::reply(drain_->from, runtime::result<drain_outcome>(out));
  drain_.reset();
}

void request_supervision::handle_cast(alarm_rings what) {
  const connection_alarm& a = alarms_[what.which];
  if (a.call)
    runtime::spawn(
        [call = a.call, told = alarm_info{runtime::self(), a.name, what.connections}] { call(told); });
}

// -- what ordinary supervisors are asked

answer request_supervision::makes_its_own() {
  return {answer::kind::simple_one_for_one, {}, "a request supervisor makes its requests itself", {}};
}

void request_supervision::handle_call(list_request, runtime::caller from) const {
  using children = std::vector<child_info>;
  gather<children>(
      sched_, from,
      [site = site_](rc::worker& at) {
        children part;
        site->requests.of(at.index).for_each(
            [&](const request_entry& e) { part.push_back(child_of(site->label_of(e), e.who)); });
        return part;
      },
      [](children& all, children& part) {
        all.insert(all.end(), std::move_iterator(part.begin()), std::move_iterator(part.end()));
      },
      [](children&) {});
}

void request_supervision::handle_call(page_request asked, runtime::caller from) const {
  // the walk may wait for workers, and others shall be served meanwhile
  runtime::spawn([supervisor = runtime::self(), asked, from] {
    child_page out;
    const auto found =
        which_requests(supervisor, runtime::pid(nullptr, asked.wanted.from), asked.wanted.most);
    if (!found)
      return; // the supervisor has ended, which its caller hears as well
    for (const request_info& each : found->requests)
      out.children.push_back(child_of(each.label, each.who));
    if (found->more && !out.children.empty())
      out.next = out.children.back().who.id();
    runtime::reply(from, std::move(out));
  });
}

child_counts request_supervision::handle_call(count_request) const {
  const std::size_t running = site_->requests.figures().running;
  return {1, running, 0, running};
}

void request_supervision::handle_call(end_request asked, runtime::caller from) const {
  runtime::spawn([supervisor = runtime::self(), asked, from] {
    runtime::reply(from, supervisors::stop_request(supervisor, asked.child));
  });
}

void request_supervision::handle_cast(stop_request order) { runtime::exit(std::move(order.why)); }

// -- stop

void request_supervision::stop(std::chrono::milliseconds drain_time) {
  begin_closing();
  wait_for_last(drain_time);
  end_requests(exit_reason::shutdown());
  wait_for_last(end_time);
  end_requests(exit_reason::kill());
  wait_for_last(end_time);
}

void request_supervision::abort() {
  site_->ending = true; // nobody waits for a client
  begin_closing();
  end_requests(exit_reason::kill());
}

void request_supervision::begin_closing() {
  site_->accepting = false;
  site_->draining = true;
  site_->closing = true;
  stop_listening();
  rc::errand::post_to_all(sched_, [site = site_, close_idle = closes_idle()](rc::worker& at) {
    if (close_idle != nullptr)
      close_idle(*site, at);
    site->tell_if_empty();
  });
}

void request_supervision::wait_for_last(std::chrono::milliseconds limit) const {
  if (site_->limits.all() != 0)
    runtime::receive(
        runtime::when([this](const all_gone&) { return site_->limits.all() == 0; }, [](all_gone) {}),
        runtime::after(limit, [] {}));
}

void request_supervision::end_requests(const exit_reason& why) const {
  if (site_->limits.all() == 0)
    return;
  site_->ending = true;
  rc::errand::post_to_all(sched_, [site = site_, why](rc::worker& at) {
    site->requests.of(at.index).for_each([&](const request_entry& e) {
      rc::push_signal(e.who, rc::exit_envelope(rc::envelope_kind::exit, site->supervisor, why, 0));
    });
  });
}

} // namespace perron::supervisors::core
