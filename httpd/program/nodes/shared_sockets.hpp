// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/program/assemble.hpp>
#include <perron/httpd/program/nodes/socket_shelf.hpp>
#include <perron/runtime/result.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace perron::httpd::program {

/// The sockets of one address in one of several nodes: copies of what lies on the shelf, of which each node
/// accepts from its share. Owns its copies; the shelf's stay open when it ends. For one owner at a time.
class shared_sockets {
public:
  /// What is on the shelf for this address; what nobody has opened yet is opened, for all nodes. `workers`
  /// are those of a node. Errors as listening_sockets::open() gives them, and EMSGSIZE.
  static runtime::result<std::unique_ptr<shared_sockets>> get(const std::string& key,
                                                              const server_options& options,
                                                              std::size_t workers, unsigned nodes,
                                                              std::shared_ptr<const socket_shelf> shelf);
  ~shared_sockets();
  shared_sockets(const shared_sockets&) = delete;
  shared_sockets& operator=(const shared_sockets&) = delete;

  /// Those that a node accepts from: every so-manieth; all, where there are too few for that, as of Unix
  /// sockets and of those that a service manager has opened.
  std::vector<int> of_node(unsigned node) const;
  /// Whether each node has sockets of its own, to which the kernel spreads clients.
  bool is_spread() const noexcept { return here_.fds.size() >= nodes_; }

  /// Nobody can connect any more, to no node, and the address is free; what a service manager has opened it
  /// goes on to listen on.
  void close_for_all();

private:
  shared_sockets(shelved_sockets here, unsigned nodes, std::shared_ptr<const socket_shelf> shelf)
      : here_(std::move(here)), nodes_(nodes), shelf_(std::move(shelf)) {}

  const shelved_sockets here_;
  const unsigned nodes_;
  const std::shared_ptr<const socket_shelf> shelf_;
};

/// Removes the files of the Unix sockets that are on the shelf, at the end of the program.
void remove_socket_files(const socket_shelf& of);

} // namespace perron::httpd::program
