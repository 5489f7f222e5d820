// SPDX-License-Identifier: BSD-3-Clause
// The connections of parser_differential, sent to a server: it must see the same requests in them as the
// parser does, with the same content, and nothing else.
#include "httpd/http1/parser_differential/generator.hpp"
#include "httpd/http1/parser_differential/reading.hpp"
#include "httpd/server_fixture.hpp"
#include "support/sanitizers.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace perron::httpd {
namespace {

using namespace perron::testing;
using differential::reading;
using namespace std::chrono_literals;

class framing_test : public server_fixture {
protected:
  static router echo() {
    const handler all = [](request& r) { return text("content:" + std::string(r.body())); };
    router out;
    for (const char* method :
         {"GET", "POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "SEARCH", "PURGE"})
      out.add(method, "/*rest", all);
    return out;
  }

  /// What the parser makes of a connection.
  struct expected {
    std::vector<reading> requests;
    reading last;          ///< of those, or what is wrong behind them
    bool all_read = false; ///< nothing is left behind the last request, and the connection persists
  };
  static expected read_all(std::string_view bytes) {
    expected out;
    for (;;) {
      if (bytes.empty()) {
        out.all_read = true;
        return out;
      }
      reading next = differential::read_with_perron(bytes);
      out.last = next;
      if (!next.is_complete())
        return out;
      bytes.remove_prefix(next.consumed);
      out.requests.push_back(std::move(next));
      if (!out.requests.back().keep_alive)
        return out;
    }
  }

  /// Sends a connection in the pieces that end at `cuts`.
  void check(std::string_view bytes, const std::vector<std::size_t>& cuts) {
    const expected parsed = read_all(bytes);
    raw_client c = client();
    std::size_t sent = 0;
    for (const std::size_t cut : cuts) {
      if (!c.send(bytes.substr(sent, cut - sent)))
        break; // it has closed already
      sent = cut;
    }
    for (const reading& request : parsed.requests) {
      answer a = c.read(request.method == "HEAD");
      while (a.status == 100)
        a = c.read(request.method == "HEAD");
      ASSERT_GE(a.status, 200) << "for a request to " << request.target;
      if (a.status == 200 && request.method != "HEAD") {
        ASSERT_EQ(a.body, "content:" + request.content);
      }
      if (a.field("Connection") == "close") { // that is how a server may end with any request
        ASSERT_EQ(c.read_to_end(), "");
        return;
      }
    }
    if (parsed.all_read) {
      ASSERT_EQ(c.get("/sentinel").body, "content:") << "something was left behind the last request";
    } else if (parsed.last.how == reading::outcome::bad) {
      // content may be found bad only when its request, which did not want it, has been answered
      ASSERT_GE(c.read(parsed.last.method == "HEAD").status, 200);
      ASSERT_EQ(c.read_to_end(), "") << "nothing behind it is a request";
    }
  }
};

TEST_F(framing_test, a_server_sees_the_requests_that_the_parser_sees) {
  server_options options;
  options.body_time = 500ms; // a chunked body may be faulty in a way that shows only when more comes
  serve(echo(), options);
  const std::size_t seeds = scaled(3'000, 300);
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    SCOPED_TRACE(seed);
    const std::string bytes = differential::requests_of(seed);
    check(bytes, {bytes.size()});
    if (seed % 4 == 0)
      check(bytes, differential::cuts_of(seed, bytes.size()));
    if (HasFailure())
      break;
  }
  EXPECT_EQ(await_no_connection().crashed, 0U);
}

} // namespace
} // namespace perron::httpd
