// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/config/diagnostic.hpp>

#include <algorithm>
#include <tuple>

namespace perron::httpd::program {

std::string diagnostic::to_string() const {
  std::string text = place.to_string();
  for (const auto* part : {&key, &what})
    if (!part->empty())
      text.append(text.empty() ? "" : ": ").append(*part);
  if (!remedy.empty())
    text.append("; ").append(remedy);
  return text;
}

std::string to_text(std::vector<diagnostic> errors) {
  std::stable_sort(errors.begin(), errors.end(), [](const diagnostic& a, const diagnostic& b) {
    return std::tie(a.place.file, a.place.line, a.place.column) <
           std::tie(b.place.file, b.place.line, b.place.column);
  });
  std::string text;
  for (const auto& error : errors)
    text.append(error.to_string()).append("\n");
  return text;
}

} // namespace perron::httpd::program
