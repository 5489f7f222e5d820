// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/tls/library.hpp>

namespace perron::runtime::tls::detail {
namespace {

/// RFC 8446 6: what a peer has sent as an alert, OpenSSL numbers from here on.
constexpr int alerts_from = 1000;

std::string text_of(unsigned long code) {
  if (ERR_SYSTEM_ERROR(code))
    return std::string(::ERR_reason_error_string(code) != nullptr ? ::ERR_reason_error_string(code)
                                                                  : "system error");
  const int reason = ERR_GET_REASON(code);
  if (ERR_GET_LIB(code) == ERR_LIB_SSL && reason >= alerts_from)
    return text_of_alert(reason - alerts_from);
  const char* text = ::ERR_reason_error_string(code);
  return text != nullptr ? text : "OpenSSL error " + std::to_string(code);
}

} // namespace

std::string text_of_alert(int alert) {
  const char* const text = ::SSL_alert_desc_string_long(alert);
  return std::string("the peer refused: ") + (text != nullptr ? text : "unknown alert");
}

std::string take_reason() {
  const unsigned long first = ::ERR_get_error();
  if (first == 0)
    return {};
  std::string text = text_of(first);
  ::ERR_clear_error();
  return text;
}

} // namespace perron::runtime::tls::detail
