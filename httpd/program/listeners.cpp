// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/listeners.hpp>

#include <perron/httpd/core/cover.hpp>
#include <perron/httpd/program/keeper.hpp>
#include <perron/supervisors/core/log.hpp>

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace perron::httpd::program {

std::string key_of(const assembled_listener& what) {
  std::string key = what.where.host + ' ' + std::to_string(what.where.port);
  if (what.where.port == 0 && !what.where.host.starts_with("unix:"))
    key += ' ' + what.name;
  return key;
}

namespace {

runtime::error at_its_place(const assembled_listener& what, const runtime::error& why) {
  const std::string place = what.place.to_string();
  return {place.empty() ? why.text : place + ": " + why.text, why.code};
}

} // namespace

runtime::result<std::shared_ptr<open_listener>>
open_listener::open(assembled_listener what, std::size_t workers, std::vector<int> handed_in) {
  server_options options = what.options;
  options.inherited = std::move(handed_in);
  auto sockets = options.inherited.empty() ? core::listening_sockets::open(options, workers)
                                           : core::listening_sockets::inherit(options, workers);
  for (const int fd : options.inherited)
    ::close(fd);
  if (!sockets)
    return at_its_place(what, sockets.error());
  std::string key = key_of(what);
  return std::make_shared<open_listener>(std::move(key), std::move(what), std::move(*sockets));
}

runtime::result<std::shared_ptr<open_listener>> open_listener::share(assembled_listener what,
                                                                     std::size_t workers,
                                                                     const shared_program& with,
                                                                     unsigned self) {
  std::string key = key_of(what);
  auto shared = shared_sockets::get(key, what.options, workers, with.nodes, with.shelf);
  if (!shared)
    return at_its_place(what, shared.error());
  server_options mine = what.options;
  mine.inherited = (*shared)->of_node(self);
  auto sockets = core::listening_sockets::inherit(mine, workers);
  if (!sockets)
    return at_its_place(what, sockets.error());
  return std::make_shared<open_listener>(std::move(key), std::move(what), std::move(*sockets),
                                         std::move(*shared));
}

runtime::result<runtime::pid> open_listener::start() {
  server_options options;
  hosts sites;
  {
    const std::lock_guard hold(lock_);
    options = what_.options;
    options.inherited = sockets_.all();
    sites = what_.sites;
  }
  auto started = start_server(options, std::move(sites));
  if (!started)
    return started;
  std::vector<unsigned> nodes;
  {
    const std::lock_guard hold(lock_);
    server_ = *started;
    nodes = covered_;
  }
  if (is_spread())
    static_cast<void>(core::tell_when_full(*started, std::string(keeper::name)));
  for (const unsigned node : nodes)
    cover_by(*started, node, true);
  return started;
}

void open_listener::cover_by(runtime::pid server, unsigned node, bool on) const {
  const auto done = core::cover(server, node, on ? shared_->of_node(node) : std::vector<int>());
  if (!done)
    supervisors::core::log_error("perron: " + key + ", instead of node " + std::to_string(node) + ": " +
                                 done.error().text);
}

void open_listener::cover(std::vector<unsigned> nodes) {
  std::vector<unsigned> before;
  runtime::pid server;
  {
    const std::lock_guard hold(lock_);
    before = std::exchange(covered_, nodes);
    server = server_;
  }
  const auto has = [](const std::vector<unsigned>& in, unsigned node) {
    return std::find(in.begin(), in.end(), node) != in.end();
  };
  for (const unsigned node : before)
    if (!has(nodes, node))
      cover_by(server, node, false);
  for (const unsigned node : nodes)
    if (!has(before, node))
      cover_by(server, node, true);
}

void open_listener::set(assembled_listener what) {
  const std::lock_guard hold(lock_);
  what_ = std::move(what);
}

assembled_listener open_listener::now() const {
  const std::lock_guard hold(lock_);
  assembled_listener out = what_;
  out.options.inherited = sockets_.all();
  return out;
}

runtime::pid open_listener::server() const {
  const std::lock_guard hold(lock_);
  return server_;
}

endpoint open_listener::bound() const {
  const std::lock_guard hold(lock_);
  endpoint out = what_.where;
  if (sockets_.port() != 0)
    out.port = sockets_.port();
  return out;
}

std::string open_listener::url() const {
  const endpoint where = bound();
  const std::lock_guard hold(lock_);
  return listener_url(where, what_.tls.has_value());
}

void open_listener::close() {
  const std::lock_guard hold(lock_);
  if (shared_ != nullptr)
    shared_->close_for_all();
  sockets_.close();
}

runtime::result<std::vector<std::shared_ptr<open_listener>>>
open_all(std::vector<assembled_listener> what, std::size_t workers,
         std::vector<inherited_socket>& handed_in) {
  std::vector<std::shared_ptr<open_listener>> out;
  for (assembled_listener& each : what) {
    auto mine = take_sockets_of(handed_in, each.name, socket_address(each.where.host, each.where.port));
    auto opened = open_listener::open(std::move(each), workers, std::move(mine));
    if (!opened)
      return opened.error();
    out.push_back(std::move(*opened));
  }
  return out;
}

runtime::result<void> open_for_all(const std::vector<assembled_listener>& what, std::size_t workers,
                                   const shared_program& with, std::vector<inherited_socket>& handed_in) {
  for (const assembled_listener& each : what) {
    const std::string key = key_of(each);
    const auto theirs =
        take_sockets_of(handed_in, each.name, socket_address(each.where.host, each.where.port));
    if (!theirs.empty()) {
      const auto shelved = with.shelf->put({key, true, theirs});
      for (const int fd : theirs)
        ::close(fd);
      if (!shelved)
        return at_its_place(each, shelved.error());
      continue;
    }
    // what this process has open of them goes at once; the shelf keeps them
    if (const auto opened = shared_sockets::get(key, each.options, workers, with.nodes, with.shelf); !opened)
      return at_its_place(each, opened.error());
  }
  return {};
}

} // namespace perron::httpd::program
