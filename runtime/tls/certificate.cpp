// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/tls/certificate.hpp>

#include <perron/runtime/core/clock.hpp>
#include <perron/runtime/tls/names.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <ctime>
#include <system_error>

namespace perron::runtime::tls::detail {
namespace {

using system_time = std::chrono::system_clock::time_point;
using owned_names = std::unique_ptr<::GENERAL_NAMES, freed_by<::GENERAL_NAMES_free>>;
using owned_ocsp = std::unique_ptr<::OCSP_RESPONSE, freed_by<::OCSP_RESPONSE_free>>;
using owned_basic = std::unique_ptr<::OCSP_BASICRESP, freed_by<::OCSP_BASICRESP_free>>;

/// More than any of these files can sensibly hold.
constexpr std::size_t most_file_bytes = 4 * 1024 * 1024;

error of_file(const std::string& path, int code) {
  return {path + ": " + std::generic_category().message(code), code};
}

error because(const std::string& path, std::string_view what) {
  const std::string reason = take_reason();
  return wrong(path, reason.empty() ? std::string(what) : std::string(what) + " (" + reason + ")");
}

owned_bio reading(const std::string& text) {
  return owned_bio(::BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// Notes that a password was asked for instead of asking for it on the terminal.
int note_password(char* /*into*/, int /*size*/, int /*writing*/, void* noted) {
  *static_cast<bool*>(noted) = true;
  return -1;
}

result<void> read_certificates(const std::string& path, const std::string& text, certificate& into) {
  const owned_bio from = reading(text);
  into.own.reset(::PEM_read_bio_X509_AUX(from.get(), nullptr, nullptr, nullptr));
  if (into.own == nullptr) {
    const bool none = ERR_GET_REASON(::ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    if (!none)
      return because(path, "the certificate cannot be read");
    ::ERR_clear_error();
    return wrong(path, "no certificate in it");
  }
  while (::X509* const next = ::PEM_read_bio_X509(from.get(), nullptr, nullptr, nullptr))
    into.chain.emplace_back(next);
  if (ERR_GET_REASON(::ERR_peek_last_error()) != PEM_R_NO_START_LINE)
    return because(path, "certificate " + std::to_string(into.chain.size() + 2) + " in it cannot be read");
  ::ERR_clear_error();
  return {};
}

result<owned_key> read_key(const std::string& path, const std::string& text) {
  const owned_bio from = reading(text);
  bool asked = false;
  owned_key key(::PEM_read_bio_PrivateKey(from.get(), nullptr, note_password, &asked));
  if (key != nullptr) {
    ::ERR_clear_error();
    return key;
  }
  const bool none = text.find("PRIVATE KEY-----") == std::string::npos;
  if (!asked && !none)
    return because(path, "the key cannot be read");
  ::ERR_clear_error();
  return wrong(path, asked ? "the key has a password: store it without one" : "no private key in it");
}

void read_names(::X509* of, std::vector<std::string>& into) {
  const owned_names all(
      static_cast<::GENERAL_NAMES*>(::X509_get_ext_d2i(of, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(all.get()); ++i) {
    const ::GENERAL_NAME* const name = sk_GENERAL_NAME_value(all.get(), i);
    if (name->type == GEN_DNS)
      into.push_back(small_letters({reinterpret_cast<const char*>(::ASN1_STRING_get0_data(name->d.dNSName)),
                                    static_cast<std::size_t>(::ASN1_STRING_length(name->d.dNSName))}));
  }
  if (all != nullptr)
    return;
  std::array<char, 256> text{};
  if (::X509_NAME_get_text_by_NID(::X509_get_subject_name(of), NID_commonName, text.data(), text.size()) > 0)
    into.push_back(small_letters(text.data()));
}

result<staple> read_staple(const certificate_files& files, ::X509* of) {
  auto text = read_file(files.ocsp);
  if (!text)
    return text.error();
  const auto* at = reinterpret_cast<const unsigned char*>(text->data());
  const owned_ocsp response(::d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(text->size())));
  if (response == nullptr)
    return because(files.ocsp, "not an OCSP response in DER");
  if (const int status = ::OCSP_response_status(response.get()); status != OCSP_RESPONSE_STATUS_SUCCESSFUL)
    return wrong(files.ocsp, std::string("the OCSP response says: ") + ::OCSP_response_status_str(status));
  const owned_basic basic(::OCSP_response_get1_basic(response.get()));
  if (basic == nullptr)
    return because(files.ocsp, "not a basic OCSP response");
  for (int i = 0; i < ::OCSP_resp_count(basic.get()); ++i) {
    ::OCSP_SINGLERESP* const one = ::OCSP_resp_get0(basic.get(), i);
    ::ASN1_INTEGER* serial = nullptr;
    ::OCSP_id_get0_info(nullptr, nullptr, nullptr, &serial,
                        const_cast<::OCSP_CERTID*>(::OCSP_SINGLERESP_get0_id(one)));
    if (::ASN1_INTEGER_cmp(serial, ::X509_get0_serialNumber(of)) != 0)
      continue;
    ::ASN1_GENERALIZEDTIME* from = nullptr;
    ::ASN1_GENERALIZEDTIME* until = nullptr;
    ::OCSP_single_get0_status(one, nullptr, nullptr, &from, &until);
    staple made{std::move(*text), time_of(from), {}};
    made.not_after = until != nullptr ? time_of(until) : made.not_before + std::chrono::hours(24 * 7);
    ::ERR_clear_error();
    return made;
  }
  ::ERR_clear_error();
  return wrong(files.ocsp, "the OCSP response is not for the certificate in " + files.certificate);
}

} // namespace

result<std::string> read_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return of_file(path, errno);
  std::string out;
  std::array<char, 8192> part;
  int failed = 0;
  for (;;) {
    const ::ssize_t n = ::read(fd, part.data(), part.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      failed = errno;
    else if (out.size() + static_cast<std::size_t>(n) > most_file_bytes)
      failed = EFBIG;
    if (n <= 0 || failed != 0)
      break;
    out.append(part.data(), static_cast<std::size_t>(n));
  }
  ::close(fd);
  if (failed != 0)
    return of_file(path, failed);
  return out;
}

std::chrono::system_clock::time_point time_of(const ::ASN1_TIME* when) {
  ::tm parts{};
  if (when == nullptr || ::ASN1_TIME_to_tm(when, &parts) != 1)
    return {};
  return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

result<certificate> load_certificate(const certificate_files& files) {
  ::ERR_clear_error();
  certificate made;
  made.files = files;
  const auto text = read_file(files.certificate);
  if (!text)
    return text.error();
  if (auto read = read_certificates(files.certificate, *text, made); !read)
    return read.error();
  const std::string& key_file = files.key.empty() ? files.certificate : files.key;
  const auto key_text = files.key.empty() ? text : read_file(files.key);
  if (!key_text)
    return key_text.error();
  auto key = read_key(key_file, *key_text);
  if (!key)
    return key.error();
  made.key = std::move(*key);
  if (::X509_check_private_key(made.own.get(), made.key.get()) != 1) {
    ::ERR_clear_error();
    return error{key_file + " is not the key of the certificate in " + files.certificate, 0};
  }
  read_names(made.own.get(), made.names);
  if (!files.ocsp.empty()) {
    auto read = read_staple(files, made.own.get());
    if (!read)
      return read.error();
    made.ocsp = std::move(*read);
  }
  ::ERR_clear_error();
  return made;
}

void add_warnings(const certificate& of, std::vector<std::string>& out) {
  const system_time now = core::wall_now();
  if (time_of(::X509_get0_notAfter(of.own.get())) < now)
    out.push_back(of.files.certificate + ": the certificate has expired");
  if (time_of(::X509_get0_notBefore(of.own.get())) > now)
    out.push_back(of.files.certificate + ": the certificate is not valid yet");
  if (of.ocsp && (of.ocsp->not_after < now || of.ocsp->not_before > now))
    out.push_back(of.files.ocsp + ": the OCSP response is out of date and not stapled");
}

} // namespace perron::runtime::tls::detail
