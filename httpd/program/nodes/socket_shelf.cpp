// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/nodes/socket_shelf.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <set>
#include <utility>

namespace perron::httpd::program {
namespace {

/// First byte of a message: what it is. Behind it the key, of a mark the process that has set it.
enum kind : char { opened = 'o', handed = 'h', mark = 'm' };

struct message {
  char is = mark;
  std::string text{};
  std::vector<int> fds{};

  bool is_sockets() const noexcept { return is != mark; }
  void close() {
    for (const int fd : std::exchange(fds, {}))
      ::close(fd);
  }
};

using control_bytes = std::array<char, CMSG_SPACE(sizeof(int) * socket_shelf::most_sockets)>;

runtime::result<void> send(int to, const message& what) {
  std::string text = what.is + what.text;
  iovec part{text.data(), text.size()};
  alignas(cmsghdr) control_bytes control{};
  msghdr head{};
  head.msg_iov = &part;
  head.msg_iovlen = 1;
  if (!what.fds.empty()) {
    const std::size_t size = sizeof(int) * what.fds.size();
    head.msg_control = control.data();
    head.msg_controllen = CMSG_SPACE(size);
    cmsghdr* rights = CMSG_FIRSTHDR(&head);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(size);
    std::memcpy(CMSG_DATA(rights), what.fds.data(), size);
  }
  ssize_t sent = 0;
  do
    sent = ::sendmsg(to, &head, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (sent < 0 && errno == EINTR);
  if (sent < 0)
    return runtime::error{std::string("share listening sockets: ") + std::strerror(errno), errno};
  return {};
}

/// The first in the queue, with `MSG_PEEK` a copy of it.
std::optional<message> receive(int from, int flags) {
  std::array<char, 4096> text;
  iovec part{text.data(), text.size()};
  alignas(cmsghdr) control_bytes control{};
  msghdr head{};
  head.msg_iov = &part;
  head.msg_iovlen = 1;
  head.msg_control = control.data();
  head.msg_controllen = control.size();
  ssize_t n = 0;
  do
    n = ::recvmsg(from, &head, flags | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  while (n < 0 && errno == EINTR);
  if (n <= 0)
    return std::nullopt;
  message out{text[0], std::string(text.data() + 1, static_cast<std::size_t>(n) - 1), {}};
  for (cmsghdr* c = CMSG_FIRSTHDR(&head); c != nullptr; c = CMSG_NXTHDR(&head, c))
    if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
      out.fds.resize((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
      std::memcpy(out.fds.data(), CMSG_DATA(c), out.fds.size() * sizeof(int));
    }
  return out;
}

} // namespace

runtime::result<std::shared_ptr<socket_shelf>> socket_shelf::make() {
  auto turns = shared_text::make("perron-shelf");
  if (!turns)
    return turns.error();
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0)
    return runtime::error{std::string("socketpair: ") + std::strerror(errno), errno};
  return std::shared_ptr<socket_shelf>(new socket_shelf(ends[0], ends[1], std::move(*turns)));
}

socket_shelf::~socket_shelf() {
  ::close(in_);
  ::close(out_);
}

/// Takes each message from the front and puts it behind the rest, once, up to a mark. A copy is behind before
/// the original goes, so that nothing is lost with this process; what was there twice is then once.
runtime::result<void> socket_shelf::walk(const std::function<verdict(const shelved_sockets&)>& look) const {
  const auto turn = turns_->take_turn();
  const std::string mine = std::to_string(::getpid());
  if (auto marked = send(in_, {mark, mine, {}}); !marked)
    return marked;
  std::set<std::string> seen;
  runtime::result<void> outcome;
  for (auto first = receive(out_, MSG_PEEK); first; first = receive(out_, MSG_PEEK)) {
    const bool is_end = !first->is_sockets() && first->text == mine;
    verdict what = verdict::drop;
    if (first->is_sockets() && seen.insert(first->text).second)
      what = look({first->text, first->is == handed, first->fds});
    if (what != verdict::drop)
      outcome = send(in_, *first);
    if (what != verdict::keep_copies)
      first->close();
    if (!outcome)
      return outcome; // it is still in front
    if (auto original = receive(out_, 0))
      original->close();
    if (is_end)
      break;
  }
  return outcome;
}

runtime::result<void> socket_shelf::put(const shelved_sockets& what) const {
  if (what.fds.size() > most_sockets)
    return runtime::error{"more than " + std::to_string(most_sockets) + " sockets for " + what.key, EMSGSIZE};
  take_off(what.key);
  const auto turn = turns_->take_turn();
  return send(in_, {what.handed_in ? handed : opened, what.key, what.fds});
}

std::vector<shelved_sockets> socket_shelf::copies() const {
  std::vector<shelved_sockets> out;
  static_cast<void>(walk([&](const shelved_sockets& each) {
    out.push_back(each);
    return verdict::keep_copies;
  }));
  return out;
}

shelved_sockets socket_shelf::copy_of(std::string_view key) const {
  shelved_sockets out;
  static_cast<void>(walk([&](const shelved_sockets& each) {
    if (each.key != key)
      return verdict::keep;
    out = each;
    return verdict::keep_copies;
  }));
  return out;
}

void socket_shelf::take_off(std::string_view key) const {
  static_cast<void>(
      walk([&](const shelved_sockets& each) { return each.key == key ? verdict::drop : verdict::keep; }));
}

} // namespace perron::httpd::program
