// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/nodes/shared_sockets.hpp>

#include <perron/httpd/core/listening.hpp>
#include <perron/runtime/net/address.hpp>
#include <perron/runtime/net/listener.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace perron::httpd::program {
namespace {

/// Of a key, "unix:/run/web.sock 0".
void remove_file_of(std::string_view key) {
  constexpr std::string_view mark = "unix:";
  if (!key.starts_with(mark))
    return;
  const std::string path(key.substr(mark.size(), key.rfind(' ') - mark.size()));
  if (const auto at = runtime::net::address::unix_path(path))
    runtime::net::detail::socket_file(*at).remove();
}

void close_all(const std::vector<int>& fds) {
  for (const int fd : fds)
    ::close(fd);
}

} // namespace

runtime::result<std::unique_ptr<shared_sockets>>
shared_sockets::get(const std::string& key, const server_options& options, std::size_t workers,
                    unsigned nodes, std::shared_ptr<const socket_shelf> shelf) {
  shelved_sockets here = shelf->copy_of(key);
  if (here.fds.empty()) {
    const std::size_t each = std::clamp<std::size_t>(socket_shelf::most_sockets / nodes, 1, workers);
    auto opened = core::listening_sockets::open(options, each * nodes);
    if (!opened)
      return opened.error();
    here = {key, false, opened->all()};
    if (auto shelved = shelf->put(here); !shelved)
      return shelved.error(); // `opened` closes them
    static_cast<void>(opened->release());
  }
  return std::unique_ptr<shared_sockets>(new shared_sockets(std::move(here), nodes, std::move(shelf)));
}

shared_sockets::~shared_sockets() { close_all(here_.fds); }

std::vector<int> shared_sockets::of_node(unsigned node) const {
  if (!is_spread())
    return here_.fds;
  std::vector<int> out;
  for (std::size_t i = node; i < here_.fds.size(); i += nodes_)
    out.push_back(here_.fds[i]);
  return out;
}

void shared_sockets::close_for_all() {
  shelf_->take_off(here_.key);
  if (here_.handed_in)
    return;
  remove_file_of(here_.key);
  for (const int fd : here_.fds)
    ::shutdown(fd, SHUT_RD);
}

void remove_socket_files(const socket_shelf& of) {
  for (const shelved_sockets& each : of.copies()) {
    close_all(each.fds);
    if (!each.handed_in)
      remove_file_of(each.key);
  }
}

} // namespace perron::httpd::program
