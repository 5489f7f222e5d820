// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/access_log/format.hpp>
#include <perron/httpd/access_log/log_writer.hpp>
#include <perron/httpd/access_record.hpp>
#include <perron/runtime/result.hpp>

#include <memory>
#include <string_view>
#include <utility>

namespace perron::httpd {

/// The access log of a server, or of some of its routes: a line for each request, written by a thread apart.
///
///     auto writer = std::make_shared<httpd::log_writer>(workers);
///     options.access = httpd::access_log::open(writer, {.path = "access.log"}, "combined").value();
///
/// Several logs may have the same path, with formats of their own. No request waits for the disk: when it is
/// too slow, lines are dropped and counted. About a microsecond of a worker for each request.
class access_log final : public access_sink {
public:
  /// Errors: the format is wrong, the file cannot be opened. Waits for the disk.
  static runtime::result<std::shared_ptr<access_log>> open(std::shared_ptr<log_writer> writer,
                                                           const log_file_options& file,
                                                           std::string_view format = "combined");

  void tell(const access_record& r) noexcept override {
    stream_->append(r.worker, [&](std::string& text) { format_.write(text, r); });
  }

  log_counts counts() const noexcept { return stream_->counts(); }

private:
  access_log(std::shared_ptr<log_writer> writer, std::shared_ptr<log_stream> stream, access_format format)
      : writer_(std::move(writer)), stream_(std::move(stream)), format_(std::move(format)) {}

  const std::shared_ptr<log_writer> writer_; ///< behind the stream, which refers to it
  const std::shared_ptr<log_stream> stream_;
  const access_format format_;
};

} // namespace perron::httpd
