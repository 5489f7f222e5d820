// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/body_filter.hpp>
#include <perron/httpd/duplex.hpp>
#include <perron/httpd/headers.hpp>
#include <perron/httpd/response.hpp>
#include <perron/httpd/router.hpp>
#include <perron/httpd/target.hpp>
#include <perron/httpd/writer.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace perron::runtime::tls {
struct session_info;
}

namespace perron::httpd {

class access_sink;
namespace core {
class conversation;
}
class router;

/// Who is at the other end of a Unix socket (SO_PEERCRED): what it was when it connected.
struct unix_peer {
  unsigned uid = 0;
  unsigned gid = 0;
  int pid = 0;
};

/// One request, as its handler sees it. Lives on the stack of the request's own process; views it gives are
/// valid as long as it is. For that process only.
class request {
public:
  explicit request(core::conversation& behind) noexcept : behind_(behind) {}
  request(const request&) = delete;
  request& operator=(const request&) = delete;

  /// As sent; a HEAD that is answered by a GET handler reads HEAD.
  std::string_view method() const noexcept;
  /// The authority that is asked, "example.org:8080": that of an absolute target if it is one, else the Host
  /// field, which may say another (RFC 9112 3.2.2, 3.3). Chosen by the client; empty if it says none.
  std::string_view host() const noexcept;
  /// Decoded and free of dot segments; an encoded slash stays %2F.
  std::string_view path() const noexcept;
  /// The text a parameter of the route stands for, fully decoded; empty if the route has none of that name.
  std::string param(std::string_view name) const;
  const query_view& query() const noexcept;
  header_view headers() const noexcept;
  std::string_view header(std::string_view name) const noexcept {
    return headers().find(name).value_or(std::string_view());
  }
  /// Takes the connection out of what max_connections counts, for the rest of its life; it is supervised,
  /// listed and drained as before. For what lasts long: long polls, streams. Costs two locked instructions.
  void leave_count();
  /// "127.0.0.1:51234"; empty for Unix sockets.
  std::string peer() const;
  /// Nothing if the connection is no Unix socket's. Asks the kernel.
  std::optional<httpd::unix_peer> unix_peer() const;
  /// At its end this request is told to `instead` and not to the sink of the server, if that has one at all
  /// (access_record.hpp). It must live until then: as middleware has it, which lives as long as its router.
  void tell(access_sink& instead);
  /// Who the request is from, for its access_record: basic_auth() says so, and middleware that lets clients
  /// in by other means can. Keeps a copy.
  void tell_user(std::string_view name);

  /// Whether it came by TLS. What is in front of this server, say a proxy that ends TLS, does not count.
  bool is_secure() const { return tls() != nullptr; }
  /// What the TLS handshake has agreed on, with the client's certificate if one was shown
  /// (runtime/tls/session_info.hpp); null without TLS. Lives as long as the connection. The first call on a
  /// connection makes it.
  ///
  ///     if (const auto* tls = r.tls(); tls != nullptr && tls->peer != nullptr && tls->peer->verified)
  ///       return welcome(tls->peer->subject);
  const runtime::tls::session_info* tls() const;

  /// The whole body, read when first asked for, chunked or not: waits for what has not arrived. Throws
  /// http_error 413 if it is longer than max_body, 408 if it does not come in time, 400 if its framing is
  /// bad; ends the process with reason client_gone if the peer goes away. Not after read().
  std::string_view body();

  /// The next bytes of the body as they come, at least one; 0 at its end. For bodies that are not kept: of
  /// what is not read nothing is buffered, so a slow handler slows the peer down. Errors as body(); max_body
  /// holds.
  ///
  ///     std::array<char, 16384> piece;
  ///     while (const std::size_t n = r.read(piece))
  ///       file.write({piece.data(), n});
  std::size_t read(std::span<char> into);

  /// The fields behind a chunked body; empty before its end was read, and where there are none. They are not
  /// the client's header fields: nothing but the handler has looked at them.
  header_view trailers() const;

  /// Sends an informational response at once: 103 with the fields of early hints, 102. Not 101, and nothing
  /// after an answer has begun (std::logic_error). HTTP/1.0 clients get none. A 100 is sent by itself when
  /// the handler first reads the body.
  void inform(int status, const header_list& headers = {});

  /// Has `f` look at the head of the answer before it goes out, to add fields: of the response returned, of
  /// begin(), of upgrade(), of errors that are thrown as http_error. The last one added is called first, each
  /// once; the request is still there then. For middleware. A crash is answered without.
  void before_send(std::function<void(response&)> f);

  /// In before_send(): how long the body will be, in bytes; nothing if it is written and nobody knows.
  std::optional<std::uint64_t> answer_length() const noexcept;

  /// Has the body of the answer go through `f`; to be called in before_send(), which sees the head, for an
  /// answer that has a body, once. The announced length is then dropped: bodies that the handler returns are
  /// filtered as a whole up to 256 KiB, longer ones and files while they are sent; what a writer writes is
  /// flushed with each write().
  void filter_body(std::unique_ptr<body_filter> f);

  /// The answer that `to` has for another target ("/index.html?x=1", as a client writes it; empty: this one),
  /// as if the client had asked for that: path(), query() and param() are of the new one while its handler
  /// runs. Errors are shown as they are for the first target. At most ten within each other, then http_error
  /// 500; http_error 400 for a target that is none.
  response forward(const router& to, std::string target);

  /// Sends the head of the answer now and streams the body: chunked, or until the connection closes for
  /// HTTP/1.0, or of exactly `length` bytes. `head` has no body. See writer.
  writer begin(response head, std::optional<std::uint64_t> length = {});

  /// Answers 101 and hands the connection over to another protocol. Throws http_error 400 for HTTP/1.0 and
  /// for a request whose body has not been read. The request's time limit no longer holds. See duplex.
  duplex upgrade(std::string_view protocol, const header_list& headers = {});

  /// A value of that type which is kept for this request, made when first asked for: what middleware tells
  /// the handler. `r.local<session>().user`
  template <class T>
  T& local() {
    return *static_cast<T*>(local(&key_of<T>, [] { return std::shared_ptr<void>(std::make_shared<T>()); }));
  }

private:
  template <class T>
  static constexpr char key_of = 0;

  void* local(const void* key, std::shared_ptr<void> (*make)());

  core::conversation& behind_;
};

/// What answers requests: a function that may block in receive() as long as it likes, for each request runs
/// in a process of its own. What it throws costs its request a 500 and nothing else.
using handler = std::function<response(request&)>;

} // namespace perron::httpd
