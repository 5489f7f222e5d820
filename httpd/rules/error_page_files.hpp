// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/routes.hpp>
#include <perron/runtime/result.hpp>

#include <string>
#include <vector>

namespace perron::httpd {

struct error_page_file {
  std::string statuses{}; ///< "404", "4xx", "5xx" or "all"; the closest holds
  std::string file{};     ///< a template of a page, HTML
};

/// Own pages for errors:
///
///     r.errors(error_pages_from({{"404", "pages/404.html"}, {"5xx", "pages/oops.html"}}));
///
/// In a template `{{status}}`, `{{reason}}` (of the status), `{{why}}` (what the handler says of it, may be
/// empty), `{{path}}`, `{{host}}` and `{{method}}` are replaced, escaped for HTML: the path is the client's
/// text. Anything else in double braces is refused. Clients that like JSON or plain text better than HTML,
/// and statuses without a file, get error_page().
///
/// Files are read now and no more. Throws std::invalid_argument if one cannot be read or is no template;
/// check() says the same of one.
error_pages error_pages_from(const std::vector<error_page_file>& files);
runtime::result<void> check(const error_page_file& file);

} // namespace perron::httpd
