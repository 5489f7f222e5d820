// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/net/accepting.hpp>

#include <cerrno>

namespace perron::runtime::net::detail {

after_accept classify_accept_error(int code) noexcept {
  switch (code) {
  case EAGAIN:
    return after_accept::wait;
  case ECONNABORTED:
  case EINTR:
  // accept(2): errors of the new connection's network, which Linux passes on here
  case EPERM:
  case ENETDOWN:
  case EPROTO:
  case ENOPROTOOPT:
  case EHOSTDOWN:
  case ENONET:
  case EHOSTUNREACH:
  case ENETUNREACH:
    return after_accept::again;
  case EMFILE:
  case ENFILE:
  case ENOBUFS:
  case ENOMEM:
    return after_accept::pause;
  default:
    return after_accept::fail;
  }
}

} // namespace perron::runtime::net::detail
