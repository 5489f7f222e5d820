// SPDX-License-Identifier: BSD-3-Clause
// A format and a request of any bytes: each line is one line, without control characters.
#include <perron/httpd/access_log/format.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace perron::httpd;
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = all.find('\n');
  const auto own = access_format::parse(all.substr(0, cut));
  const std::string_view sent = cut == std::string_view::npos ? std::string_view() : all.substr(cut + 1);
  const std::array<header_field, 3> fields{header_field{"Authorization", sent},
                                           header_field{"User-Agent", sent}, header_field{"Referer", sent}};
  access_record r;
  r.method = sent.substr(0, sent.size() / 2);
  r.target = sent;
  r.host = sent;
  r.first_line = sent;
  r.headers = header_view(fields);
  const auto check = [&](const access_format& f) {
    std::string out;
    f.write(out, r);
    if (out.empty() || out.find('\n') != out.size() - 1)
      std::abort();
    for (const char c : std::string_view(out).substr(0, out.size() - 1))
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
        std::abort();
  };
  if (own)
    check(*own);
  static const access_format json = access_format::parse("json").value();
  static const access_format combined = access_format::parse("combined").value();
  check(json);
  check(combined);
  return 0;
}
