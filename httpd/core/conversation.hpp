// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/body_filter.hpp>
#include <perron/httpd/core/body_output.hpp>
#include <perron/httpd/core/filtered_output.hpp>
#include <perron/httpd/duplex.hpp>
#include <perron/httpd/http1/request_head.hpp>
#include <perron/httpd/response.hpp>
#include <perron/httpd/route_limits.hpp>
#include <perron/httpd/router.hpp>
#include <perron/httpd/target.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace perron::runtime::tls {
struct session_info;
}
namespace perron::httpd {
class access_sink;
struct unix_peer;
} // namespace perron::httpd

namespace perron::httpd::core {

/// What a request and its writer talk to: an exchange on a connection, or a test client's record in memory.
/// What every request needs lies here and costs no virtual call; those are for bodies and for what is rare.
///
/// Lives on the stack of the request's process, and is for that process only.
class conversation : public body_output {
public:
  /// Bytes of `head` and the limits must outlive it.
  explicit conversation(const http1::request_head& head) noexcept : head_(head) {}
  conversation(const conversation&) = delete;
  conversation& operator=(const conversation&) = delete;

  const http1::request_head& head() const noexcept { return head_; }
  const normal_target& target() const noexcept { return target_; }
  /// Takes the target of the head apart; the error is one for the client.
  runtime::result<void> take_target() {
    auto normal = normalise_target(head_.path_and_query, scratch_);
    if (!normal)
      return normal.error();
    target_ = *normal;
    return {};
  }

  const route_params& params() const noexcept { return *params_; }
  /// A route was found. Throws http_error if the request is beyond its limits.
  void take_route(const route_params& params, const route_limits* limits) {
    params_ = &params;
    limits_ = limits;
    if (limits != nullptr || head_.chunked || head_.content_length.value_or(0) != 0) [[unlikely]]
      check_limits();
  }

  /// Whether a final head has gone out: no other answer can.
  bool has_begun() const noexcept { return begun_; }

  // -- the request's body: see request

  virtual std::string_view body() = 0;
  virtual std::size_t read(std::span<char> into) = 0;
  virtual header_view trailers() const = 0;

  // -- the answer: see request and writer. `head` has been shown to before_send() already

  virtual void inform(int status, const header_list& headers) = 0;
  virtual void begin(const response& head, std::optional<std::uint64_t> length) = 0;
  /// `head` has status 101 and all fields, Upgrade too.
  virtual std::unique_ptr<byte_channel> upgrade(const response& head) = 0;

  // -- the connection

  virtual void leave_count() = 0;
  virtual void tell(access_sink& instead) = 0;
  virtual void tell_user(std::string_view) {}
  virtual std::string peer() const = 0;
  /// Null without TLS.
  virtual const runtime::tls::session_info* tls() const { return nullptr; }
  /// The request is for somebody else than this connection is for.
  bool is_misdirected() const noexcept { return misdirected_; }
  virtual std::optional<httpd::unix_peer> unix_peer() const = 0;

  // -- what middleware keeps here

  void before_send(std::function<void(response&)> f);
  /// Shows a final head to those who asked for it, the last one first. True: one of them has set a filter for
  /// the body, which is to be taken now.
  bool prepare(response& head) {
    if (extras_ != nullptr) [[unlikely]]
      return run_before_send(head, head.file != nullptr ? head.file->length : head.body.size());
    return false;
  }
  /// The same, of a body that is to be written; nothing: nobody knows how long it will be.
  bool prepare(response& head, std::optional<std::uint64_t> length) {
    if (extras_ != nullptr) [[unlikely]]
      return run_before_send(head, length);
    return false;
  }
  std::optional<std::uint64_t> answer_length() const noexcept {
    return extras_ != nullptr ? extras_->length : std::nullopt;
  }
  void filter_body(std::unique_ptr<body_filter> f);
  std::unique_ptr<body_filter> take_filter() noexcept { return std::move(extras_->filter); }
  /// Where a writer writes to, behind begin(): through the filter that was taken.
  body_output& write_through(std::unique_ptr<body_filter> f, std::optional<std::uint64_t> announced);
  /// The one value that is kept under `key`; `make` makes it when it is not there yet.
  void* local(const void* key, std::shared_ptr<void> (*make)());

  // -- another target for a while: see detour

  struct place {
    normal_target target;
    const route_params* params;
    const route_limits* limits;
  };
  place go_to(std::string target);
  void come_back(const place& to) noexcept {
    target_ = to.target;
    params_ = to.params;
    limits_ = to.limits;
  }

protected:
  ~conversation() = default;

  virtual void check_limits() = 0;

  const http1::request_head& head_;
  normal_target target_;
  std::string scratch_;
  inline static const route_params no_params{};
  const route_params* params_ = &no_params; ///< of the route, while its handler runs
  const route_limits* limits_ = nullptr;    ///< of the route, if it has some
  bool begun_ = false;
  bool misdirected_ = false;

  /// Whether values of local() are destroyed at the end.
  bool has_locals() const noexcept { return extras_ != nullptr && !extras_->locals.empty(); }

private:
  struct extras {
    std::vector<std::function<void(response&)>> before_send;
    std::vector<std::pair<const void*, std::shared_ptr<void>>> locals;
    std::optional<std::uint64_t> length; ///< of the answer's body, while before_send runs
    std::unique_ptr<body_filter> filter;
    std::unique_ptr<filtered_output> filtered;
    std::deque<std::string> targets; ///< of detours; each is two, as sent and as normalised
  };

  bool run_before_send(response& head, std::optional<std::uint64_t> length);
  extras& more();

  std::unique_ptr<extras> extras_;
};

/// While it is there, the request asks for another target: see request::forward(). What it gives as views of
/// that target lives as long as the request. Throws http_error if the target is none, and for too many within
/// each other.
class detour {
public:
  /// An empty target is the one that there is.
  detour(conversation& of, std::string target) : of_(of), from_(of.go_to(std::move(target))) {}
  ~detour() { of_.come_back(from_); }
  detour(const detour&) = delete;
  detour& operator=(const detour&) = delete;

private:
  conversation& of_;
  const conversation::place from_;
};

} // namespace perron::httpd::core
