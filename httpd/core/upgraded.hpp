// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/core/connection.hpp>
#include <perron/httpd/duplex.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace perron::httpd::core {

/// The connection of a request that was upgraded, as bytes in and out. It needs nothing of the exchange,
/// whose frames are gone when the process hibernates; the connection is the process's until that ends. 40
/// bytes.
class upgraded final : public byte_channel {
public:
  /// `came`: what was read behind the request already.
  upgraded(connection& c, std::string_view came, std::chrono::milliseconds write_time);

  std::size_t read(std::span<char> into) override;
  std::optional<std::size_t> try_read(std::span<char> into) override;
  void write(std::span<const std::string_view> parts) override;
  void notify() override { connection_.want_mail(came_ != nullptr); }
  void remind(std::chrono::milliseconds after) override { connection_.limit_time(after); }
  void end() override;

private:
  connection& connection_;
  std::unique_ptr<std::string> came_; ///< none when it is empty
  std::chrono::milliseconds write_time_;
  bool peer_has_ended_ = false;
};

} // namespace perron::httpd::core
