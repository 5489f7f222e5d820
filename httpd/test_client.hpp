// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/core/conversation.hpp>
#include <perron/httpd/request.hpp>
#include <perron/httpd/routes.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perron::httpd {

/// What a test client asks. `Host` is sent as "test" unless it is among the headers.
struct test_request {
  std::string method = "GET";
  std::string target = "/";
  header_list headers{};
  /// The body, in the pieces in which request::read() sees it come. One piece is sent with a Content-Length,
  /// several are chunks.
  std::vector<std::string> body{};
  header_list trailers{}; ///< behind a chunked body
  /// What the client sends after an upgrade, each read() one of them; then it ends its half.
  std::vector<std::string> frames{};
};

/// What came back.
struct test_answer {
  int status = 0;
  header_list headers{}; ///< Content-Type too, but not what the server adds on a connection
  std::string body{};    ///< also what was streamed, sent from a file, or written after an upgrade
  header_list trailers{};
  std::vector<std::pair<int, header_list>> informs{}; ///< 1xx that came before
  std::string crash{}; ///< what the handler threw, if that is why the status is 500
  bool is_cut = false; ///< a streamed answer that the handler did not end: a client sees it broken off

  /// The first field of this name, without regard to case; empty if there is none.
  std::string_view header(std::string_view name) const noexcept;
};

/// Drives the handlers of a router without sockets:
///
///     httpd::test_client client(routes());
///     const auto answer = client.get("/rooms/7");
///     EXPECT_EQ(answer.status, 200);
///
/// The request is parsed, routed and limited as on a connection (max_body of a route; without one, what
/// server_options has as default), and read and answered in memory. Within a process the handler runs in that
/// process, mailbox and all; from outside, the client has a node of its own and runs it in a process there.
/// There is no connection: time limits, pipelining and clients that go away are for tests over sockets. One
/// thread at a time.
class test_client {
public:
  explicit test_client(router routes);
  ~test_client();
  test_client(test_client&&) noexcept;
  test_client& operator=(test_client&&) noexcept;

  test_answer send(const test_request& what);

  test_answer get(std::string_view target, header_list headers = {});
  test_answer head(std::string_view target, header_list headers = {});
  test_answer post(std::string_view target, std::string_view content_type, std::string body,
                   header_list headers = {});

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace perron::httpd
