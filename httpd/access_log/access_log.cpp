// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/access_log/access_log.hpp>

namespace perron::httpd {

runtime::result<std::shared_ptr<access_log>>
access_log::open(std::shared_ptr<log_writer> writer, const log_file_options& file, std::string_view format) {
  auto parsed = access_format::parse(format);
  if (!parsed)
    return parsed.error();
  auto stream = writer->open(file);
  if (!stream)
    return stream.error();
  return std::shared_ptr<access_log>(
      new access_log(std::move(writer), std::move(*stream), std::move(*parsed)));
}

} // namespace perron::httpd
