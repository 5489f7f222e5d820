// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/tls/key_schedule.hpp>

#include <perron/runtime/tls/key_derivation.hpp>
#include <perron/runtime/tls/library.hpp>

#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#include <array>
#include <optional>
#include <span>
#include <string_view>

namespace perron::runtime::tls::detail {
namespace {

constexpr const char* name = "perron";
constexpr const char* properties = "?provider=perron";

thread_local handshake_watch* watch_of_thread = nullptr;

/// Not inlined: a process may have moved to another thread since.
[[gnu::noinline]] void set_watch(handshake_watch* by) noexcept { watch_of_thread = by; }
[[gnu::noinline]] handshake_watch* current_watch() noexcept { return watch_of_thread; }

// -- what the provider is asked

/// "SHA256", "SHA2-256", "sha384": as whoever asks calls it.
std::optional<hash> hash_named(std::string_view text) noexcept {
  if (text.size() < 6 || (text.front() | 0x20) != 's')
    return std::nullopt;
  if (text.ends_with("256") && text.size() <= 8)
    return hash::sha256;
  return text.ends_with("384") && text.size() <= 8 ? std::optional(hash::sha384) : std::nullopt;
}

constexpr std::size_t most_seeds = 8;

/// The parameters of both; whoever derives gives all of them in that call.
struct question {
  int mode = EVP_KDF_HKDF_MODE_EXTRACT_AND_EXPAND;
  std::optional<hash> with;
  octets key;
  octets salt;
  octets prefix;
  octets label;
  octets data;
  octets secret;
  std::array<octets, most_seeds> seeds;
  std::size_t seed_count = 0;
};

octets octets_of(const ::OSSL_PARAM& one) noexcept {
  return {static_cast<const unsigned char*>(one.data), one.data_size};
}

std::string_view text_of(octets from) noexcept {
  return {reinterpret_cast<const char*>(from.data()), from.size()};
}

bool read(const ::OSSL_PARAM* given, question& q) noexcept {
  for (; given != nullptr && given->key != nullptr; ++given) {
    const std::string_view what(given->key);
    if (what == OSSL_KDF_PARAM_MODE) {
      if (::OSSL_PARAM_get_int(given, &q.mode) != 1)
        return false;
    } else if (what == OSSL_KDF_PARAM_DIGEST) {
      q.with = hash_named(text_of(octets_of(*given)));
    } else if (what == OSSL_KDF_PARAM_SEED) {
      if (q.seed_count == q.seeds.size())
        return false;
      q.seeds[q.seed_count++] = octets_of(*given);
    } else if (octets* const to = what == OSSL_KDF_PARAM_KEY      ? &q.key
                                  : what == OSSL_KDF_PARAM_SALT   ? &q.salt
                                  : what == OSSL_KDF_PARAM_PREFIX ? &q.prefix
                                  : what == OSSL_KDF_PARAM_LABEL  ? &q.label
                                  : what == OSSL_KDF_PARAM_DATA   ? &q.data
                                  : what == OSSL_KDF_PARAM_SECRET ? &q.secret
                                                                  : nullptr;
               to != nullptr) {
      *to = octets_of(*given);
    }
  }
  return q.with.has_value();
}

int derive_13(void* /*context*/, unsigned char* out, std::size_t size, const ::OSSL_PARAM* given) {
  question q;
  if (!read(given, q) || text_of(q.prefix) != "tls13 ")
    return 0;
  const std::span<unsigned char> made(out, size);
  if (q.mode == EVP_KDF_HKDF_MODE_EXTRACT_ONLY)
    return size == size_of(*q.with) && text_of(q.label) == "derived" &&
                   next_secret(*q.with, q.salt, q.key, made)
               ? 1
               : 0;
  if (q.mode != EVP_KDF_HKDF_MODE_EXPAND_ONLY || q.key.empty() ||
      !expand_label(*q.with, q.key, text_of(q.label), q.data, made))
    return 0;
  if (handshake_watch* const by = current_watch(); by != nullptr)
    by->note_secret(text_of(q.label), made);
  return 1;
}

int derive_12(void* /*context*/, unsigned char* out, std::size_t size, const ::OSSL_PARAM* given) {
  question q;
  if (!read(given, q) || q.secret.empty() || q.seed_count == 0)
    return 0;
  const std::span<unsigned char> made(out, size);
  prf_12(*q.with, q.secret, std::span(q.seeds).first(q.seed_count), made);
  if (handshake_watch* const by = current_watch(); by != nullptr)
    by->note_secret(text_of(q.seeds.front()), made);
  return 1;
}

/// There is nothing to be kept between calls, and OpenSSL wants an address.
char no_state;
void* new_state(void* /*provider*/) { return &no_state; }
void free_state(void* /*context*/) {}

template <class Function>
constexpr ::OSSL_DISPATCH entry(int number, Function* does) noexcept {
  return {number, reinterpret_cast<void (*)()>(does)};
}

const std::array<::OSSL_DISPATCH, 4> functions_13{entry(OSSL_FUNC_KDF_NEWCTX, new_state),
                                                  entry(OSSL_FUNC_KDF_FREECTX, free_state),
                                                  entry(OSSL_FUNC_KDF_DERIVE, derive_13),
                                                  {0, nullptr}};
const std::array<::OSSL_DISPATCH, 4> functions_12{entry(OSSL_FUNC_KDF_NEWCTX, new_state),
                                                  entry(OSSL_FUNC_KDF_FREECTX, free_state),
                                                  entry(OSSL_FUNC_KDF_DERIVE, derive_12),
                                                  {0, nullptr}};
const std::array<::OSSL_ALGORITHM, 3> derivations{{
    {"TLS13-KDF", "provider=perron", functions_13.data(), "TLS 1.3 key schedule"},
    {"TLS1-PRF", "provider=perron", functions_12.data(), "TLS 1.2 PRF"},
    {nullptr, nullptr, nullptr, nullptr},
}};

const ::OSSL_ALGORITHM* query(void* /*provider*/, int operation, int* not_to_be_kept) {
  *not_to_be_kept = 0;
  return operation == OSSL_OP_KDF ? derivations.data() : nullptr;
}

const std::array<::OSSL_DISPATCH, 2> functions{entry(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query),
                                               {0, nullptr}};

int start(const ::OSSL_CORE_HANDLE* /*core*/, const ::OSSL_DISPATCH* /*from*/, const ::OSSL_DISPATCH** ours,
          void** provider) {
  *ours = functions.data();
  *provider = &no_state;
  return 1;
}

::OSSL_PROVIDER* load() noexcept {
  using owned_kdf = std::unique_ptr<::EVP_KDF, freed_by<::EVP_KDF_free>>;
  // who asks without properties is given what was known first, which is to be OpenSSL's own
  for (const ::OSSL_ALGORITHM& one : std::span(derivations).first(2))
    if (owned_kdf(::EVP_KDF_fetch(nullptr, one.algorithm_names, nullptr)) == nullptr)
      return nullptr;
  return ::OSSL_PROVIDER_add_builtin(nullptr, name, start) == 1 ? ::OSSL_PROVIDER_try_load(nullptr, name, 1)
                                                                : nullptr;
}

} // namespace

const char* key_schedule_properties() noexcept {
  static const ::OSSL_PROVIDER* const loaded = load(); // stays: contexts of any age ask it
  if (loaded != nullptr)
    return properties;
  ::ERR_clear_error();
  return nullptr;
}

seen_secrets::seen_secrets(handshake_watch* by) noexcept { set_watch(by); }
seen_secrets::~seen_secrets() { set_watch(nullptr); }

} // namespace perron::runtime::tls::detail
