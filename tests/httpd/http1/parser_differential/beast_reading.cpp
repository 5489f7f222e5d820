// SPDX-License-Identifier: BSD-3-Clause
#include "reading.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <limits>

namespace perron::differential {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using text = boost::beast::string_view;

std::string copy(text t) { return std::string(t.data(), t.size()); }

class request_reader final : public http::basic_parser<true> {
public:
  reading out;

private:
  void on_request_impl(http::verb, text method, text target, int version, error_code& /*ec*/) override {
    out.method = copy(method);
    out.target = copy(target);
    out.minor_version = version % 10;
  }
  void on_response_impl(int, text, int, error_code& /*ec*/) override {}
  void on_field_impl(http::field, text name, text value, error_code& /*ec*/) override {
    (head_is_over_ ? out.trailers : out.fields)
        .emplace_back(copy(name), trimmed({value.data(), value.size()}));
  }
  void on_header_impl(error_code& /*ec*/) override { head_is_over_ = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code& /*ec*/) override {}
  std::size_t on_body_impl(text body, error_code& /*ec*/) override {
    out.content.append(body.data(), body.size());
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, text, error_code& /*ec*/) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, text body, error_code& /*ec*/) override {
    out.content.append(body.data(), body.size());
    return body.size();
  }
  void on_finish_impl(error_code& /*ec*/) override {}

  bool head_is_over_ = false;
};

} // namespace

reading read_with_beast(std::string_view bytes) {
  request_reader parser;
  parser.eager(true);
  parser.header_limit(64 * 1024);
  parser.body_limit(std::numeric_limits<std::uint64_t>::max());
  std::size_t used = 0;
  error_code error;
  while (!parser.is_done()) {
    const std::size_t n =
        parser.put(boost::asio::const_buffer(bytes.data() + used, bytes.size() - used), error);
    used += n;
    if (error || n == 0)
      break;
  }
  reading out = std::move(parser.out);
  if (parser.is_done()) {
    out.how = reading::outcome::complete;
    out.consumed = used;
    out.keep_alive = parser.keep_alive();
  } else if (error && error != http::error::need_more) {
    out.how = reading::outcome::bad;
    out.why = error.message();
  }
  return out;
}

} // namespace perron::differential
