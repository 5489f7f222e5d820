// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace perron::runtime::net::detail {

/// What is still to be written of several pieces in a row. Views only; what they show must outlive it.
class pieces {
public:
  explicit pieces(std::span<const std::string_view> parts) noexcept : parts_(parts) { skip(0); }

  bool empty() const noexcept { return parts_.empty(); }

  struct filled {
    std::size_t count = 0; ///< of `out`
    std::size_t bytes = 0; ///< in them
  };
  /// As many of the next pieces as go into `out`, and no more than `most` bytes.
  filled fill(std::span<::iovec> out, std::size_t most = SIZE_MAX) const noexcept {
    filled f;
    for (; f.count < parts_.size() && f.count < out.size() && f.bytes < most; ++f.count) {
      const std::string_view rest =
          parts_[f.count].substr(f.count == 0 ? done_ : 0).substr(0, most - f.bytes);
      out[f.count] = {const_cast<char*>(rest.data()), rest.size()};
      f.bytes += rest.size();
    }
    return f;
  }

  /// So many bytes have been written.
  void skip(std::size_t written) noexcept {
    done_ += written;
    while (!parts_.empty() && done_ >= parts_.front().size()) {
      done_ -= parts_.front().size();
      parts_ = parts_.subspan(1);
    }
  }

private:
  std::span<const std::string_view> parts_;
  std::size_t done_ = 0; ///< of the first one
};

} // namespace perron::runtime::net::detail
