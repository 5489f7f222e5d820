// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/rules/password_hash.hpp>

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <new>

namespace perron::httpd::core {
namespace {

constexpr std::string_view apr1 = "$apr1$";
constexpr std::string_view sha = "{SHA}";
constexpr std::size_t longest_password = 511;

std::string digest(const EVP_MD* how, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), out.data(), &size, how, nullptr) != 1)
    throw std::bad_alloc();
  return {reinterpret_cast<const char*>(out.data()), size};
}

/// The base 64 of crypt(3): the lowest bits first, `digits` of them.
void append_crypt64(std::string& out, std::uint32_t value, int digits) {
  constexpr std::string_view alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  for (; digits > 0; --digits, value >>= 6U)
    out += alphabet[value & 63U];
}

/// Apache's variant of FreeBSD's MD5 hash (apr_md5.c): 1000 rounds, each of a mixture of what is known.
std::string apr1_hash(const std::string& password, std::string_view salt) {
  const std::string_view pw = password;
  const EVP_MD* md5 = EVP_md5();
  std::string mixed = password;
  mixed.append(apr1).append(salt);
  std::string round = digest(md5, std::string(pw).append(salt).append(pw));
  for (std::size_t left = pw.size(); left > 0; left -= std::min<std::size_t>(left, 16))
    mixed.append(round, 0, std::min<std::size_t>(left, 16));
  for (std::size_t bits = pw.size(); bits > 0; bits >>= 1U)
    mixed += (bits & 1U) != 0 ? '\0' : pw.front();
  round = digest(md5, mixed);
  for (int i = 0; i < 1000; ++i) {
    mixed = (i & 1) != 0 ? password : round;
    if (i % 3 != 0)
      mixed.append(salt);
    if (i % 7 != 0)
      mixed.append(pw);
    mixed.append((i & 1) != 0 ? round : password);
    round = digest(md5, mixed);
  }
  const auto byte = [&round](std::size_t at) { return std::uint32_t(static_cast<unsigned char>(round[at])); };
  std::string out(apr1);
  out.append(salt) += '$';
  constexpr std::array<std::array<std::size_t, 3>, 5> order{
      {{0, 6, 12}, {1, 7, 13}, {2, 8, 14}, {3, 9, 15}, {4, 10, 5}}};
  for (const auto& [a, b, c] : order)
    append_crypt64(out, byte(a) << 16U | byte(b) << 8U | byte(c), 4);
  append_crypt64(out, byte(11), 2);
  return out;
}

std::string sha_hash(const std::string& password) {
  const std::string sum = digest(EVP_sha1(), password);
  std::array<unsigned char, 32> text{};
  const int size = EVP_EncodeBlock(text.data(), reinterpret_cast<const unsigned char*>(sum.data()),
                                   static_cast<int>(sum.size()));
  return std::string(sha).append(reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(size));
}

std::string hash_like(const std::string& hash, const std::string& password) {
  if (hash.starts_with(sha))
    return sha_hash(password);
  if (hash.starts_with(apr1)) {
    const std::size_t end = hash.find('$', apr1.size());
    return apr1_hash(password, std::string_view(hash).substr(apr1.size(), end - apr1.size()));
  }
  const auto room = std::make_unique<crypt_data>();
  const char* made = crypt_r(password.c_str(), hash.c_str(), room.get());
  return made != nullptr ? made : std::string();
}

bool is_crypt_text(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f && c != ':'; });
}

} // namespace

const char* find_hash_fault(std::string_view hash) noexcept {
  if (hash.empty())
    return "has no hash";
  if (!is_crypt_text(hash))
    return "has a hash with a character that none has";
  if (hash.starts_with(sha))
    return hash.size() == sha.size() + 28 ? nullptr : "has a {SHA} hash of a wrong length";
  if (hash.starts_with(apr1)) {
    const std::size_t end = hash.find('$', apr1.size());
    const bool fits = end != std::string_view::npos && end - apr1.size() <= 8 && hash.size() - end == 23;
    return fits ? nullptr : "has an $apr1$ hash of a wrong length";
  }
  for (const std::string_view kind : {"$2y$", "$2a$", "$2b$"})
    if (hash.starts_with(kind))
      return hash.size() == 60 ? nullptr : "has a bcrypt hash of a wrong length";
  for (const std::string_view kind : {"$5$", "$6$", "$y$"})
    if (hash.starts_with(kind))
      return std::count(hash.begin(), hash.end(), '$') >= 3 ? nullptr : "has a hash that is cut off";
  return "has no hash that is known: bcrypt ($2y$), SHA-crypt ($5$, $6$), yescrypt ($y$), $apr1$ or {SHA}; "
         "make one by htpasswd -B";
}

bool check_password(const std::string& hash, const std::string& password) {
  if (password.find('\0') != std::string::npos || password.size() > longest_password)
    return false;
  const std::string made = hash_like(hash, password);
  return made.size() == hash.size() && CRYPTO_memcmp(made.data(), hash.data(), made.size()) == 0;
}

} // namespace perron::httpd::core
