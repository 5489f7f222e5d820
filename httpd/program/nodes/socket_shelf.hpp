// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/program/nodes/shared_text.hpp>
#include <perron/runtime/result.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace perron::httpd::program {

/// Listening sockets of an address, as they lie on the shelf.
struct shelved_sockets {
  std::string key{};      ///< the address
  bool handed_in = false; ///< by the service manager, which goes on to listen
  std::vector<int> fds{}; ///< copies, close-on-exec; whoever gets them closes them
};

/// The listening sockets of all nodes of a program: a queue of messages between two Unix sockets, in which
/// each address is a message with its descriptors (SCM_RIGHTS, unix(7)). Nobody ever takes them out to use
/// them: whoever looks gets copies (MSG_PEEK). So a socket that one node opens is everybody's, Unix sockets
/// too, and stays open when its node dies: clients in its queue wait for the next.
///
/// To be made before the fork. Any thread; all calls may wait for another process. A node that is killed
/// while it looks can leave an address there twice, which the next one mends.
class socket_shelf {
public:
  /// The kernel's bound for a message (SCM_MAX_FD).
  static constexpr std::size_t most_sockets = 253;

  static runtime::result<std::shared_ptr<socket_shelf>> make();
  ~socket_shelf();
  socket_shelf(const socket_shelf&) = delete;
  socket_shelf& operator=(const socket_shelf&) = delete;

  /// In the place of what has this key. The descriptors stay the caller's. Errors: EMSGSIZE, too many; the
  /// system's, as ETOOMANYREFS.
  runtime::result<void> put(const shelved_sockets& what) const;
  /// What has this key; without descriptors: nothing has.
  shelved_sockets copy_of(std::string_view key) const;
  std::vector<shelved_sockets> copies() const;
  void take_off(std::string_view key) const;

private:
  socket_shelf(int in, int out, std::shared_ptr<shared_text> turns)
      : in_(in), out_(out), turns_(std::move(turns)) {}

  enum class verdict : std::uint8_t { keep, keep_copies, drop };
  runtime::result<void> walk(const std::function<verdict(const shelved_sockets&)>& look) const;

  const int in_;
  const int out_;
  const std::shared_ptr<shared_text> turns_; ///< one looks at a time
};

} // namespace perron::httpd::program
