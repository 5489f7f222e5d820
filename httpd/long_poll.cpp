// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/long_poll.hpp>

#include <perron/runtime/call.hpp>
#include <perron/runtime/core/random.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/supervisors/dynamic_supervisor.hpp>
#include <perron/supervisors/siblings.hpp>
#include <perron/supervisors/supervisor.hpp>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <stdexcept>
#include <system_error>

namespace perron::httpd {
namespace {

std::string as_json(const std::string& lease, const poll_question::reply& news) {
  std::string out =
      R"({"lease":")" + lease + R"(","cursor":)" + std::to_string(news.cursor) + R"(,"events":[)";
  for (std::size_t i = 0; i < news.events.size(); ++i)
    (out += i == 0 ? "" : ",") += news.events[i].json;
  return out += "]}";
}

constexpr std::size_t most_from_elsewhere = std::size_t(8)
                                            << 20; ///< bytes of an answer that comes from another node
constexpr auto way_there_and_back = std::chrono::seconds(5);

/// By which leases of that name are asked for on other nodes.
std::string group_of(const std::string& name) { return "leases/" + name; }

/// The node in which a lease lives: its number and a dash begin the token where there are several.
unsigned node_of(std::string_view lease) {
  unsigned node = 0;
  const auto [end, problem] = std::from_chars(lease.data(), lease.data() + lease.size(), node);
  const bool whole = problem == std::errc() && end != lease.data() + lease.size() && *end == '-';
  return whole ? node : siblings::self(); // it is none of ours, as this node will find
}

response not_to_be_kept(std::string body) {
  response out = json(std::move(body));
  out.headers.emplace_back("Cache-Control", "no-store");
  return out;
}

} // namespace

void poll_lease::send(poll_event what) {
  while (events_.size() >= how_.most_events) {
    bool taken = false;
    auto own = clauses<void>(taken);
    std::apply(
        [&](auto&... each) { runtime::receive(each..., runtime::after(left(), [] { time_is_over(); })); },
        own);
  }
  events_.push_back(std::move(what));
  if (poll_)
    answer();
}

void poll_lease::take(runtime::caller from, const poll_question& asked) {
  if (poll_) { // the client has given it up, or has sent two; this one is the newer
    runtime::demonitor(poll_->monitor);
    runtime::reply(poll_->from, poll_question::reply{fetched_, {}});
  }
  poll_ = open_poll{from, runtime::monitor(from.from), asked.most_bytes};
  fetched_ = std::clamp(asked.cursor, first_ - 1, std::max(given_, first_ - 1));
  events_.erase(events_.begin(), events_.begin() + static_cast<std::ptrdiff_t>(fetched_ + 1 - first_));
  first_ = fetched_ + 1;
  if (!events_.empty())
    answer();
}

void poll_lease::answer() {
  poll_question::reply news;
  const std::size_t count = how_many_fit();
  news.events.assign(events_.begin(), events_.begin() + static_cast<std::ptrdiff_t>(count));
  news.cursor = given_ = first_ + count - 1;
  runtime::demonitor(poll_->monitor);
  runtime::reply(poll_->from, std::move(news));
  lost_poll();
}

std::size_t poll_lease::how_many_fit() const {
  const std::size_t most = std::min(events_.size(), how_.most_in_answer);
  if (poll_->most_bytes == SIZE_MAX)
    return most;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < most; ++i) {
    bytes += events_[i].json.size() + 1;
    if (bytes > poll_->most_bytes)
      return std::max<std::size_t>(i, 1);
  }
  return most;
}

void poll_lease::lost_poll() {
  poll_.reset();
  until_ = runtime::deadline(how_.window);
}

long_poll::long_poll(std::string name, long_poll_options options)
    : shared_(std::make_shared<const shared>(shared{std::move(name), options})) {}

supervisors::child_spec long_poll::child() const {
  if (siblings::count() > 1)
    siblings::answer(group_of(shared_->name),
                     [self = *this](std::string_view question) { return self.answer_other_node(question); });
  return supervisors::dynamic_supervisor_child(
      shared_->name, {.name = shared_->name, .max_children = shared_->options.most_leases});
}

response long_poll::begin(const std::function<void(poll_lease&)>& body) const {
  std::string token = runtime::core::random_name();
  if (siblings::count() > 1)
    token.insert(0, std::to_string(siblings::self()) + '-');
  supervisors::child_spec spec;
  spec.id = token;
  spec.restart = supervisors::temporary;
  spec.spawn.name = shared_->name + '/' + token;
  const supervisors::answer started = supervisors::start_child(
      runtime::whereis(shared_->name), supervisors::child(std::move(spec), [body, how = shared_->options] {
        poll_lease client(how);
        body(client);
      }));
  if (!started.who)
    throw http_error(status::service_unavailable, "too many clients poll");
  return not_to_be_kept(as_json(token, {}));
}

std::optional<std::string> long_poll::ask(const std::string& lease, std::uint64_t cursor) const {
  const unsigned node = node_of(lease);
  if (node == siblings::self())
    return ask_here(lease, {.cursor = cursor});
  auto bytes = siblings::ask(node, group_of(shared_->name), std::to_string(cursor) + ' ' + lease,
                             shared_->options.longest + way_there_and_back);
  return bytes ? std::optional(std::move(*bytes)) : std::nullopt;
}

std::optional<std::string> long_poll::ask_here(const std::string& lease, poll_question question) const {
  const runtime::pid who = runtime::whereis(shared_->name + '/' + lease);
  if (!who)
    return std::nullopt;
  auto news = runtime::call(who, question, shared_->options.longest);
  if (news)
    return as_json(lease, *news);
  if (news.error().code == ETIMEDOUT)
    return as_json(lease, {question.cursor, {}});
  return std::nullopt;
}

std::string long_poll::answer_other_node(std::string_view question) const {
  std::uint64_t cursor = 0;
  const char* const last = question.data() + question.size();
  const auto [end, problem] = std::from_chars(question.data(), last, cursor);
  if (problem != std::errc() || end == last || *end != ' ')
    throw std::runtime_error("not a question about a lease");
  auto news = ask_here(std::string(end + 1, last), {.cursor = cursor, .most_bytes = most_from_elsewhere});
  if (!news)
    throw std::runtime_error("there is no such lease any more");
  return std::move(*news);
}

response long_poll::answer(request& r, const std::function<void(poll_lease&)>& body) const {
  const auto lease = r.query().get("lease");
  return lease ? go_on(r, *lease) : begin(body);
}

response long_poll::go_on(request& r, const std::string& lease) const {
  const auto cursor = r.query().number("cursor");
  if (!cursor)
    throw http_error(status::bad_request, "a poll needs the cursor of the answer before it");
  r.leave_count();
  auto news = ask(lease, *cursor);
  if (!news)
    throw http_error(status::gone, "there is no such lease any more");
  return not_to_be_kept(std::move(*news));
}

} // namespace perron::httpd
