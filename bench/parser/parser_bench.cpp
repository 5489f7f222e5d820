// SPDX-License-Identifier: BSD-3-Clause
//
// `parser_bench <parser> <request> <count>`: what it costs to take a request head apart, with each of these:
// perron; http_parser; beast, whose basic_parser calls us back; beast_message, as it is mostly used: with a
// message that owns copies. The first three give the same: views of the method, the target and of the fields,
// in an array, and what the head says about content and the connection.
#include "measured.hpp"
#include "parser/requests.hpp"

#include <perron/httpd/http1/request_head.hpp>

#include <http_parser.h>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <array>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace perron::bench;
using perron::httpd::header_field;
using field_array = std::array<header_field, 100>;

/// Keeps the compiler from knowing what is in memory behind this pointer.
void use(const void* what) { asm volatile("" : : "r"(what) : "memory"); }

// Each gives whether the whole request was taken.

bool parse_with_perron(std::string_view request) {
  static field_array fields;
  perron::httpd::http1::request_head head(fields);
  const auto result = perron::httpd::http1::parse_request_head(request, head);
  use(&head);
  return result.outcome == perron::httpd::http1::head_outcome::complete && result.consumed == request.size();
}

struct collected {
  std::string_view target;
  std::size_t count = 0;
  bool keep_alive = false;
  bool done = false;
  field_array fields;
};

http_parser_settings http_parser_callbacks() {
  http_parser_settings s;
  http_parser_settings_init(&s);
  s.on_url = [](http_parser* p, const char* at, std::size_t size) {
    static_cast<collected*>(p->data)->target = {at, size};
    return 0;
  };
  s.on_header_field = [](http_parser* p, const char* at, std::size_t size) {
    auto& c = *static_cast<collected*>(p->data);
    c.fields[c.count++].name = {at, size};
    return 0;
  };
  s.on_header_value = [](http_parser* p, const char* at, std::size_t size) {
    auto& c = *static_cast<collected*>(p->data);
    c.fields[c.count - 1].value = {at, size};
    return 0;
  };
  s.on_headers_complete = [](http_parser* p) {
    auto& c = *static_cast<collected*>(p->data);
    c.keep_alive = http_should_keep_alive(p) != 0;
    c.done = true;
    return 0;
  };
  return s;
}

bool parse_with_http_parser(std::string_view request) {
  static const http_parser_settings callbacks = http_parser_callbacks();
  static collected into;
  into.count = 0;
  into.done = false;
  http_parser parser;
  http_parser_init(&parser, HTTP_REQUEST);
  parser.data = &into;
  const std::size_t n = http_parser_execute(&parser, &callbacks, request.data(), request.size());
  use(&into);
  return into.done && n == request.size();
}

namespace beast = boost::beast;

class beast_reader final : public beast::http::basic_parser<true> {
public:
  explicit beast_reader(collected& into) : into_(into) {}

private:
  using error = beast::error_code;
  using text = beast::string_view;

  void on_request_impl(beast::http::verb, text, text target, int, error&) override {
    into_.target = {target.data(), target.size()};
  }
  void on_response_impl(int, text, int, error&) override {}
  void on_field_impl(beast::http::field, text name, text value, error&) override {
    into_.fields[into_.count++] = {{name.data(), name.size()}, {value.data(), value.size()}};
  }
  void on_header_impl(error&) override {
    into_.keep_alive = keep_alive();
    into_.done = true;
  }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error&) override {}
  std::size_t on_body_impl(text body, error&) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t, text, error&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, text body, error&) override { return body.size(); }
  void on_finish_impl(error&) override {}

  collected& into_;
};

bool parse_with_beast(std::string_view request) {
  static collected into;
  into.count = 0;
  into.done = false;
  beast_reader parser(into);
  beast::error_code error;
  const std::size_t n = parser.put(boost::asio::const_buffer(request.data(), request.size()), error);
  use(&into);
  return into.done && n == request.size();
}

bool parse_into_beast_message(std::string_view request) {
  beast::http::request_parser<beast::http::empty_body> parser;
  beast::error_code error;
  const std::size_t n = parser.put(boost::asio::const_buffer(request.data(), request.size()), error);
  use(&parser.get());
  return parser.is_header_done() && n == request.size();
}

template <class T>
struct named {
  std::string_view name;
  T what;
};

constexpr named<bool (*)(std::string_view)> parsers[] = {{"perron", parse_with_perron},
                                                         {"http_parser", parse_with_http_parser},
                                                         {"beast", parse_with_beast},
                                                         {"beast_message", parse_into_beast_message}};
constexpr named<std::string_view> requests[] = {
    {"minimal", minimal_request}, {"generator", generator_request}, {"browser", browser_request}};

template <class T, std::size_t Size>
const T* find(const named<T> (&all)[Size], std::string_view name) {
  for (const auto& each : all)
    if (each.name == name)
      return &each.what;
  return nullptr;
}

} // namespace

int main(int argc, char** argv) {
  const auto* parse = argc == 4 ? find(parsers, argv[1]) : nullptr;
  const auto* request = argc == 4 ? find(requests, argv[2]) : nullptr;
  const long count = argc == 4 ? std::atol(argv[3]) : 0;
  if (parse == nullptr || request == nullptr || count < 10) {
    std::fprintf(stderr, "usage: %s perron|http_parser|beast|beast_message minimal|generator|browser COUNT\n",
                 argv[0]);
    return 2;
  }
  if (!(*parse)(*request)) {
    std::fprintf(stderr, "%s does not take the request\n", argv[1]);
    return 1;
  }
  const auto rounds = [&](long n) {
    for (long i = 0; i < n; ++i) {
      std::string_view bytes = *request;
      use(&bytes);
      (*parse)(bytes);
    }
  };
  rounds(count / 10);
  const double begin = cpu_ns();
  rounds(count);
  const double ns = (cpu_ns() - begin) / static_cast<double>(count);
  result_line(argv[2], ns, "ns");
  result_line(std::string(argv[2]) + "_rate", static_cast<double>(request->size()) * 1e3 / ns, "MB/s");
}
