// SPDX-License-Identifier: BSD-3-Clause
//
// What comes in with forms and cookies.
#include "routes.hpp"

#include <perron/httpd/cookies.hpp>
#include <perron/httpd/json.hpp>
#include <perron/httpd/multipart.hpp>
#include <perron/httpd/typed.hpp>

#include <openssl/evp.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

using namespace perron;

namespace {

/// SHA-256 of what comes piece by piece.
class sha256 {
public:
  sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    if (context_ == nullptr || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1)
      throw std::runtime_error("no SHA-256");
  }

  void add(std::string_view bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }

  std::string hex() {
    constexpr std::string_view digits = "0123456789abcdef";
    std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
    unsigned size = 0;
    EVP_DigestFinal_ex(context_.get(), sum.data(), &size);
    std::string text;
    for (unsigned i = 0; i < size; ++i)
      text += {digits[sum[i] >> 4U], digits[sum[i] & 15U]};
    return text;
  }

private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

/// Reads a form with files and keeps nothing of it: `curl -F title=x -F file=@photo.jpg .../upload`
httpd::response upload(httpd::request& r) {
  nlohmann::json parts = nlohmann::json::array();
  httpd::multipart form(r);
  while (auto* part = form.next()) {
    sha256 sum;
    std::uint64_t size = 0;
    std::array<char, 4096> piece; // not initialised: it is written before it is read
    while (const std::size_t n = part->read(piece)) {
      sum.add({piece.data(), n});
      size += n;
    }
    nlohmann::json told{{"name", part->name()}, {"size", size}, {"sha256", sum.hex()}};
    if (part->is_file())
      told["file"] = part->file_name();
    parts.push_back(std::move(told));
  }
  return httpd::json_response(parts);
}

/// Says which cookies came, and counts visits in one. Not Secure, since this server has no TLS.
httpd::response cookies(httpd::request& r) {
  nlohmann::json seen = nlohmann::json::object();
  const auto sent = httpd::cookies(r);
  sent.each([&](std::string_view name, std::string_view value) { seen[std::string(name)] = value; });
  const auto visits = httpd::parse_number(sent.get("visits").value_or("0")).value_or(0);
  auto answer = httpd::json_response(seen);
  httpd::set_cookie(answer,
                    {.name = "visits", .value = std::to_string(visits % 1'000'000 + 1), .secure = false});
  if (const auto gone = r.query().get("forget"); gone && !gone->empty())
    httpd::delete_cookie(answer, {.name = *gone, .secure = false});
  return answer;
}

} // namespace

void add_upload_routes(httpd::router& r) {
  r.post("/upload", upload, {.max_body = std::size_t(1) << 30U});
  r.get("/cookies", cookies);
}
