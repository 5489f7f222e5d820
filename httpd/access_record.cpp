// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/access_record.hpp>

#include <perron/httpd/request.hpp>

#include <utility>

namespace perron::httpd {

middleware tell_access(std::shared_ptr<access_sink> sink) {
  return [sink = std::move(sink)](request& r, const handler& next) {
    r.tell(*sink);
    return next(r);
  };
}

} // namespace perron::httpd
