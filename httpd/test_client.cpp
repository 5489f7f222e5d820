// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/test_client.hpp>

#include <perron/httpd/core/dispatch.hpp>
#include <perron/httpd/core/memory_conversation.hpp>
#include <perron/runtime/core/carrier.hpp>
#include <perron/runtime/node.hpp>

#include <algorithm>
#include <array>
#include <exception>

namespace perron::httpd {

namespace {

/// The head of a request as bytes.
std::string written(const test_request& what) {
  std::string text = what.method + ' ' + what.target + " HTTP/1.1\r\n";
  const auto has = [&](std::string_view name) {
    return std::any_of(what.headers.begin(), what.headers.end(),
                       [&](const auto& field) { return equal_ignoring_case(field.first, name); });
  };
  if (!has("Host"))
    text += "Host: test\r\n";
  for (const auto& [name, value] : what.headers)
    text.append(name).append(": ").append(value).append("\r\n");
  if (what.body.size() > 1 || !what.trailers.empty())
    text += "Transfer-Encoding: chunked\r\n";
  else if (!what.body.empty())
    text += "Content-Length: " + std::to_string(what.body.front().size()) + "\r\n";
  return text + "\r\n";
}

/// Answers as a server would, in the process that this runs in.
test_answer answer(const test_request& what, const router& routes) {
  const std::string bytes = written(what);
  std::array<header_field, 128> storage;
  http1::request_head head{storage};
  const auto parsed = http1::parse_request_head(bytes, head);
  test_answer out;
  core::memory_conversation with(head, what, out);
  if (parsed.outcome != http1::head_outcome::complete) {
    with.finish(
        core::plain_error(parsed.status == 0 ? status::bad_request : parsed.status, parsed.describe()));
    return out;
  }
  try {
    request asked(with);
    with.finish(core::dispatch(with, asked, routes));
  } catch (const std::exception& why) {
    with.crash(why.what());
  }
  return out;
}

} // namespace

std::string_view test_answer::header(std::string_view name) const noexcept {
  for (const auto& [own, value] : headers)
    if (equal_ignoring_case(own, name))
      return value;
  return {};
}

struct test_client::state {
  router routes;
  std::unique_ptr<runtime::node> own_node{}; ///< made when asked from outside of any process
};

test_client::test_client(router routes) : state_(new state{std::move(routes)}) {}
test_client::~test_client() = default;
test_client::test_client(test_client&&) noexcept = default;
test_client& test_client::operator=(test_client&&) noexcept = default;

test_answer test_client::send(const test_request& what) {
  if (runtime::core::current_process() != nullptr)
    return answer(what, state_->routes);
  if (state_->own_node == nullptr)
    state_->own_node = std::make_unique<runtime::node>(
        runtime::node_options{.workers = 1, .stack_bytes = std::size_t(1) << 20});
  std::optional<test_answer> out;
  const auto how = state_->own_node->run([&] { out = answer(what, state_->routes); });
  if (!out) {
    out.emplace();
    out->status = status::internal_server_error;
    out->crash = how.to_string();
  }
  return *std::move(out);
}

test_answer test_client::get(std::string_view target, header_list headers) {
  return send({.target = std::string(target), .headers = std::move(headers)});
}

test_answer test_client::head(std::string_view target, header_list headers) {
  return send({.method = "HEAD", .target = std::string(target), .headers = std::move(headers)});
}

test_answer test_client::post(std::string_view target, std::string_view content_type, std::string body,
                              header_list headers) {
  headers.emplace_back("Content-Type", content_type);
  return send({.method = "POST",
               .target = std::string(target),
               .headers = std::move(headers),
               .body = {std::move(body)}});
}

} // namespace perron::httpd
