// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/rules/templated_redirect.hpp>

#include <perron/httpd/redirect.hpp>
#include <perron/httpd/rules/client_address.hpp>

namespace perron::httpd::core {

response templated_redirect(request& r, const path_template& to, const path_captures& captures,
                            bool keep_query, int code) {
  if (to.needs_host() && r.host().empty())
    throw http_error(status::bad_request, "no host is asked");
  const path_template::values of{.path = r.path(),
                                 .query = r.query().raw(),
                                 .host = r.host(),
                                 .scheme = came_securely(r) ? "https" : "http"};
  return redirect(to.fill(captures, of, keep_query), code);
}

} // namespace perron::httpd::core
