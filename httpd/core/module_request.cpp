// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/core/module_request.hpp>

#include <perron/httpd/target.hpp>
#include <perron/httpd/writer.hpp>

#include <exception>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

using perron::httpd::request;
using perron::httpd::response;
using perron::httpd::writer;

/// The server's side of it; on the stack of ask_module.
struct perron_request {
  explicit perron_request(request& of) : asked(of), rest(of.param("rest")) {}

  request& asked;
  std::string rest;
  mutable std::string peer{};
  std::optional<response> answer{};
  std::optional<writer> out{};
  std::exception_ptr failure{}; ///< the first; nothing is done after it
};

namespace perron::httpd::core {
namespace {

perron_text text_of(std::string_view text) noexcept { return {text.data(), text.size()}; }
std::string_view view_of(const perron_text& text) noexcept { return {text.data, text.size}; }

/// Does something for a module; what it throws is kept for later.
template <class Work>
int guarded(perron_request& r, Work&& work) {
  if (r.failure)
    return PERRON_FAILED;
  try {
    work();
    return 0;
  } catch (...) {
    r.failure = std::current_exception();
    return PERRON_FAILED;
  }
}

response head_of(const perron_answer& a) {
  response r;
  r.status = a.status;
  for (const perron_field& f : std::span(a.fields, a.field_count))
    r.headers.emplace_back(view_of(f.name), view_of(f.value));
  return r;
}

void check_fresh(const perron_request& r) {
  if (r.answer || r.out)
    throw std::logic_error("the module has answered twice");
}

std::int64_t read_body(perron_request* r, void* into, std::size_t size) {
  std::size_t n = 0;
  if (guarded(*r, [&] { n = r->asked.read({static_cast<char*>(into), size}); }) != 0)
    return PERRON_FAILED;
  return static_cast<std::int64_t>(n);
}

int answer_whole(perron_request* r, const perron_answer* a) {
  return guarded(*r, [&] {
    check_fresh(*r);
    r->answer = head_of(*a);
    r->answer->body = view_of(a->body);
  });
}

int begin_answer(perron_request* r, const perron_answer* head, std::int64_t length) {
  return guarded(*r, [&] {
    check_fresh(*r);
    std::optional<std::uint64_t> known;
    if (length >= 0)
      known = static_cast<std::uint64_t>(length);
    r->out.emplace(r->asked.begin(head_of(*head), known));
  });
}

int write_piece(perron_request* r, const void* data, std::size_t size) {
  return guarded(*r, [&] {
    if (!r->out)
      throw std::logic_error("the module writes before it has begun an answer");
    r->out->write(std::string_view(static_cast<const char*>(data), size));
  });
}

} // namespace

const perron_host& module_host() noexcept {
  static constexpr perron_host host = {
      .abi = PERRON_MODULE_ABI,
      .size = sizeof(perron_host),
      .method = [](const perron_request* r) { return text_of(r->asked.method()); },
      .path = [](const perron_request* r) { return text_of(r->asked.path()); },
      .rest = [](const perron_request* r) { return text_of(r->rest); },
      .query = [](const perron_request* r) { return text_of(r->asked.query().raw()); },
      .peer =
          [](const perron_request* r) {
            if (r->peer.empty())
              r->peer = r->asked.peer();
            return text_of(r->peer);
          },
      .header = [](const perron_request* r, const char* name) { return text_of(r->asked.header(name)); },
      .read = &read_body,
      .answer = &answer_whole,
      .begin = &begin_answer,
      .write = &write_piece,
  };
  return host;
}

response ask_module(int (*handle)(const perron_host*, perron_request*), request& r) {
  perron_request asked(r);
  const int result = handle(&module_host(), &asked);
  if (asked.failure)
    std::rethrow_exception(asked.failure);
  if (result != 0)
    throw std::runtime_error("the module failed with " + std::to_string(result));
  if (asked.out)
    return asked.out->end();
  if (!asked.answer)
    throw std::runtime_error("the module gave no answer");
  return std::move(*asked.answer);
}

} // namespace perron::httpd::core
