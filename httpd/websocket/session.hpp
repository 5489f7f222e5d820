// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/websocket/websocket.hpp>
#include <perron/runtime/behaviour.hpp>
#include <perron/runtime/message.hpp>
#include <perron/runtime/process.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace perron::httpd {

/// The types of mail that a session takes; see serve_websocket.
template <class... Types>
struct mail_types {};

namespace detail {

template <class Session>
struct mails_of {
  using type = mail_types<>;
};
template <class Session>
requires requires { typename Session::mails; }
struct mails_of<Session> {
  using type = typename Session::mails;
};

template <class Session>
class socket_session {
public:
  template <class... Args>
  explicit socket_session(request& r, const websocket_options& options, Args&&... args)
      : ws_(r, options), session_(make(ws_, std::forward<Args>(args)...)) {}

  /// Does what there is to do. False: nothing is left just now; true: the socket is closed.
  bool run() {
    for (;;) {
      const bool had_mail = take_mail(typename mails_of<Session>::type());
      ws_message m;
      switch (ws_.advance(m)) {
      case websocket::step::message:
        session_.message(ws_, std::move(m));
        break;
      case websocket::step::closed:
        return true;
      case websocket::step::nothing:
        if (!had_mail)
          return false;
      }
    }
  }

  void tell_closed() {
    if constexpr (requires { session_.closed(std::uint16_t(), std::string()); })
      if (!std::exchange(told_, true))
        session_.closed(ws_.close_status(), std::string(ws_.close_reason()));
  }

  response end() { return ws_.end(); }

private:
  template <class... Args>
  static Session make(websocket& ws, Args&&... args) {
    if constexpr (std::constructible_from<Session, websocket&, Args...>)
      return Session(ws, std::forward<Args>(args)...);
    else
      return Session{std::forward<Args>(args)...};
  }

  /// One mail, if there is any. What the session does not take is dropped, as nobody ever would.
  template <class... Types>
  bool take_mail(mail_types<Types...>) {
    bool none = false;
    receive_beside(
        ws_, [this](Types&& mail) { session_.mail(ws_, std::move(mail)); }..., [](runtime::any_message) {},
        runtime::after(std::chrono::nanoseconds(0), [&] { none = true; }));
    return !none;
  }

  websocket ws_;
  Session session_;
  bool told_ = false;
};

template <class Session>
response run_session(std::unique_ptr<socket_session<Session>> held) {
  try {
    if (held->run()) {
      held->tell_closed();
      return held->end();
    }
  } catch (const runtime::core::process_exit&) {
    if (!runtime::detail::ends_by_kill())
      held->tell_closed();
    throw;
  }
  runtime::hibernate([held = std::move(held)]() mutable { run_session(std::move(held)); });
}

} // namespace detail

/// Serves a WebSocket by an object that is called for each event. Between events the process hibernates: it
/// has no stack and no buffer, and costs about 1.2 KB in all with the connection. Each wake-up costs some 2
/// µs; for sockets that always have something to do a handler with a websocket of its own is cheaper.
///
///     struct session {
///       std::string user;
///       using mails = httpd::mail_types<line, rename>;                      // if it gets mail
///       session(httpd::websocket& ws, std::string name);                    // or without the first; or none
///       void message(httpd::websocket& ws, httpd::ws_message m);            // the peer's
///       void mail(httpd::websocket& ws, line l);                            // one for each of `mails`
///       void closed(std::uint16_t code, std::string reason);                // if it wants to know
///     };
///     router.get("/chat", [](httpd::request& r) {
///       return httpd::serve_websocket<session>(r, {.max_message = 4096}, user_of(r));
///     });
///
/// The peer may know that it is connected before the session is made: what it must not miss from then on, a
/// group, a topic, is to be joined in the handler before this call, not in the session's constructor.
///
/// The request is gone after this call, so the session has to take what it needs of it. It is called by its
/// own process only, and may block there like any other. Mail of other types is dropped. `closed` comes once,
/// however the socket ends except by a kill or a crash of the session's own; a crash closes with 1011. For
/// all else see websocket.
template <class Session, class... Args>
response serve_websocket(request& r, const websocket_options& options, Args&&... args) {
  return detail::run_session(
      std::make_unique<detail::socket_session<Session>>(r, options, std::forward<Args>(args)...));
}

} // namespace perron::httpd
