// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/core/body_reader.hpp>
#include <perron/httpd/core/connection.hpp>
#include <perron/httpd/core/conversation.hpp>
#include <perron/httpd/core/effective_limits.hpp>
#include <perron/httpd/core/generation.hpp>
#include <perron/httpd/core/sending.hpp>
#include <perron/httpd/http1/response_head.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace perron::httpd::core {

/// What a request's process does: find the handler, run it, write the answer. Lives on the process's stack;
/// what must outlive it, the bytes and how far the answer got, lies in the connection.
class exchange final : public conversation {
public:
  explicit exchange(connection& c) noexcept
      : conversation(c.in_use().in->head), connection_(c), in_(*c.in_use().in) {}
  ~exchange();

  void run();

  // -- conversation

  std::string_view body() override;
  std::size_t read(std::span<char> into) override;
  header_view trailers() const override;
  void inform(int status, const header_list& headers) override;
  void begin(const response& head, std::optional<std::uint64_t> length) override;
  void write(std::span<const std::string_view> parts) override;
  void sendfile(int file, std::uint64_t offset, std::uint64_t count) override;
  void trailer(std::string name, std::string value) override;
  void end() override;
  std::unique_ptr<byte_channel> upgrade(const response& head) override;
  void leave_count() override;
  void tell(access_sink& instead) override { in_.told = &instead; }
  void tell_user(std::string_view name) override { in_.user = std::make_unique<const std::string>(name); }
  std::string peer() const override;
  const runtime::tls::session_info* tls() const override { return connection_.tls_info(); }
  std::optional<httpd::unix_peer> unix_peer() const override;

private:
  /// How the end of a streamed body is told.
  enum class framing : std::uint8_t {
    none,     ///< there is no body to be sent, whatever is written
    length,   ///< by its length
    chunked,  ///< by a last chunk
    until_end ///< by the end of the connection
  };
  /// A response that a writer writes.
  struct stream {
    explicit stream(const reader_limits& limits) noexcept : pace(limits) {}
    reader_pace pace;
    framing how = framing::none;
    std::uint64_t left = 0; ///< of a length
    bool keep = false;      ///< the connection can go on
    bool ended = false;
    std::string trailers{};
  };
  struct head_buffer {
    std::array<char, 1536> small; // not initialised: it is written before it is read
    std::string large{};
    std::span<char> bytes{small};
    std::size_t size = 0;

    std::string_view text() const noexcept { return {bytes.data(), size}; }
    void write(const http1::response_head& head);
    void write_large(const http1::response_head& head, http1::write_result written);
  };

  void check_limits() override;
  bool is_for_another() const;
  void check_sent(const response& r) const;

  bool has_body() const noexcept { return in_.head.chunked || in_.head.content_length.value_or(0) != 0; }
  std::size_t body_size() const noexcept {
    return static_cast<std::size_t>(in_.head.content_length.value_or(0));
  }
  body_reader& reader();
  bool can_leave_body();

  void send(const response& r);
  void send(const response& r, std::span<const header_field> fields);
  void send_whole(std::string_view first, std::string_view second);
  void send_with_file(std::string_view head, const file_part& file);
  void write_head(http1::response_head& head, bool keep, head_buffer& out) const;
  static std::vector<header_field> fields_of(const response& r);
  static void refuse_informational(int status);
  /// The final head is on its way.
  void begins(int status, std::size_t head_size, outcome how) noexcept {
    exchange_state& state = connection_.in_use();
    state.outcome = how;
    state.status = static_cast<std::uint16_t>(status);
    state.body_sent = -static_cast<std::int64_t>(head_size);
  }
  void send_parts(std::span<const std::string_view> parts) {
    if (stream_ != nullptr) {
      send_all(connection_, parts, stream_->pace);
      return;
    }
    reader_pace pace(limits().reader());
    send_all(connection_, parts, pace);
  }
  void send_part(std::string_view bytes) { send_parts(std::span(&bytes, 1)); }
  bool may_have_content(int status) const noexcept {
    return in_.head.method != "HEAD" && !has_no_content(status);
  }
  void finish(bool keep);
  stream& streaming();
  void take_length(std::uint64_t bytes);

  effective_limits limits() const noexcept { return {connection_.answers_with().options, limits_}; }

  connection& connection_;
  inbound& in_;
  std::unique_ptr<body_reader> reader_; ///< made when a body is read that is not simply there
  std::unique_ptr<stream> stream_;
  bool is_body_taken_ = false; ///< all of it was there, and counts as read
};

/// A short error answer that closes the connection. With `retry_after` it says when to come again. `bare`: to
/// a HEAD, which gets no body.
std::string error_answer(int status, std::string_view why, std::chrono::seconds retry_after = {},
                         bool bare = false);
/// How much of the body is out when `sent` bytes of such an answer are, or it has failed.
std::int64_t body_part(std::string_view answer, std::int64_t sent) noexcept;

/// The present moment as an IMF-fixdate; formatted once a second per thread.
void copy_date(char (&out)[29]) noexcept;

} // namespace perron::httpd::core
