// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/body_filter.hpp>
#include <perron/httpd/core/body_output.hpp>
#include <perron/httpd/response.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace perron::httpd::core {

class conversation;

/// A body that goes through a filter before it goes out. Between pieces others get a turn. For the process of
/// its request.
class filtered_output final : public body_output {
public:
  /// `announced`: the length that the handler has said, before the filter. `bare`: nothing is sent, as to a
  /// HEAD.
  filtered_output(body_output& next, std::unique_ptr<body_filter> filter,
                  std::optional<std::uint64_t> announced, bool bare) noexcept
      : next_(next), filter_(std::move(filter)), left_(announced), bare_(bare) {}

  void write(std::span<const std::string_view> parts) override;
  void sendfile(int file, std::uint64_t offset, std::uint64_t count) override;
  void trailer(std::string name, std::string value) override {
    next_.trailer(std::move(name), std::move(value));
  }
  void end() override;

  /// As write(), for what need not arrive at once.
  void pass_on(std::string_view bytes);

private:
  void take_length(std::uint64_t bytes);
  void take(std::string_view bytes, bool flush);
  void send();

  body_output& next_;
  std::unique_ptr<body_filter> filter_;
  std::optional<std::uint64_t> left_;
  const bool bare_;
  std::string ready_{};
};

/// Puts a returned response through its filter. True: it was long, and has been sent as a stream; false: it
/// is still to be sent, and `r` has the new body.
bool filter_returned(conversation& c, std::unique_ptr<body_filter> filter, response& r);

} // namespace perron::httpd::core
