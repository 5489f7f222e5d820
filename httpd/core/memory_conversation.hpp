// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/core/conversation.hpp>
#include <perron/httpd/test_client.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace perron::httpd::core {

/// A request and its answer in memory: what stands behind a test_client. Keeps the rules that a connection
/// has: what it would refuse to send or to read is refused here.
class memory_conversation final : public conversation {
public:
  /// All three must outlive it.
  memory_conversation(const http1::request_head& head, const test_request& asked, test_answer& out)
      : conversation(head), asked_(asked), out_(out) {}

  /// What the handler has returned goes out.
  void finish(response r);
  /// The handler threw.
  void crash(std::string why);

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
  void leave_count() override {}
  void tell(access_sink&) override {}
  std::string peer() const override { return "test"; }
  std::optional<httpd::unix_peer> unix_peer() const override { return std::nullopt; }

private:
  void check_limits() override;
  std::size_t max_body() const noexcept;
  std::size_t read_piece(std::span<char> into);
  void send_head(const response& head, std::optional<std::uint64_t> length);

  const test_request& asked_;
  test_answer& out_;
  std::size_t piece_ = 0;  ///< of the body, that is read now
  std::size_t offset_ = 0; ///< in it
  std::size_t read_ = 0;   ///< bytes in all
  std::optional<std::string> whole_;
  std::size_t replayed_ = 0; ///< of whole_, given again by read()
  std::vector<header_field> trailers_;
  std::optional<std::uint64_t> left_; ///< of an announced length
  bool has_content_ = true;           ///< what is written goes out
  bool ended_ = false;
};

} // namespace perron::httpd::core
