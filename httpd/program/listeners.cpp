// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/listeners.hpp>

#include <unistd.h>

#include <utility>

namespace perron::httpd::program {

std::string key_of(const endpoint& where) { return where.host + ' ' + std::to_string(where.port); }

runtime::result<std::shared_ptr<open_listener>>
open_listener::open(assembled_listener what, std::size_t workers, std::vector<int> handed_in) {
  server_options options = what.options;
  options.inherited = std::move(handed_in);
  auto sockets = options.inherited.empty() ? core::listening_sockets::open(options, workers)
                                           : core::listening_sockets::inherit(options, workers);
  for (const int fd : options.inherited)
    ::close(fd);
  if (!sockets) {
    const std::string place = what.place.to_string();
    return runtime::error{place.empty() ? sockets.error().text : place + ": " + sockets.error().text,
                          sockets.error().code};
  }
  std::string key = key_of(what.where);
  return std::make_shared<open_listener>(std::move(key), std::move(what), std::move(*sockets));
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
  if (started) {
    const std::lock_guard hold(lock_);
    server_ = *started;
  }
  return started;
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

} // namespace perron::httpd::program
