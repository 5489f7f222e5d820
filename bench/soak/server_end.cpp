// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/server_end.hpp>

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstring>

namespace perron::soak {

std::string_view name_of(end_state s) {
  constexpr std::array<std::string_view, 4> names = {"unknown", "gone", "open", "ending"};
  return names.at(static_cast<std::size_t>(s));
}

end_state server_end(const sockaddr_in& server, const sockaddr_in& client) {
  // of tcp_states.h; a search without result finds who listens
  constexpr std::uint8_t established = 1;
  constexpr std::uint8_t syn_received = 3;
  constexpr std::uint8_t new_syn_received = 12;
  struct {
    nlmsghdr head;
    inet_diag_req_v2 what;
  } question{};
  question.head.nlmsg_len = sizeof question;
  question.head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  question.head.nlmsg_flags = NLM_F_REQUEST;
  question.what.sdiag_family = AF_INET;
  question.what.sdiag_protocol = IPPROTO_TCP;
  question.what.idiag_states = ~std::uint32_t{0};
  question.what.id.idiag_sport = server.sin_port;
  question.what.id.idiag_src[0] = server.sin_addr.s_addr;
  question.what.id.idiag_dport = client.sin_port;
  question.what.id.idiag_dst[0] = client.sin_addr.s_addr;
  question.what.id.idiag_cookie[0] = question.what.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;

  const int kernel = ::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (kernel < 0)
    return end_state::unknown;
  alignas(nlmsghdr) std::array<char, 8192> answer{};
  ssize_t got = ::send(kernel, &question, sizeof question, 0);
  if (got == static_cast<ssize_t>(sizeof question))
    got = ::recv(kernel, answer.data(), answer.size(), 0);
  ::close(kernel);
  if (got < static_cast<ssize_t>(NLMSG_HDRLEN))
    return end_state::unknown;
  nlmsghdr head{};
  inet_diag_msg found{};
  std::memcpy(&head, answer.data(), sizeof head);
  if (head.nlmsg_type != SOCK_DIAG_BY_FAMILY ||
      got < static_cast<ssize_t>(NLMSG_LENGTH(sizeof(inet_diag_msg))))
    return end_state::none;
  std::memcpy(&found, answer.data() + NLMSG_HDRLEN, sizeof found);
  if (found.id.idiag_sport != server.sin_port || found.id.idiag_dport != client.sin_port ||
      found.id.idiag_dst[0] != client.sin_addr.s_addr)
    return end_state::none;
  return found.idiag_state == established || found.idiag_state == syn_received ||
                 found.idiag_state == new_syn_received
             ? end_state::open
             : end_state::ending;
}

bool began_twice(int client) {
  tcp_info all{};
  socklen_t size = sizeof all;
  return ::getsockopt(client, IPPROTO_TCP, TCP_INFO, &all, &size) == 0 && all.tcpi_total_retrans != 0 &&
         all.tcpi_bytes_retrans == 0;
}

} // namespace perron::soak
