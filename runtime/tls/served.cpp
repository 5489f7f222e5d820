// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/tls/served.hpp>

#include <perron/runtime/core/clock.hpp>
#include <perron/runtime/tls/key_schedule.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace perron::runtime::tls::detail {
namespace {

/// Of a client's certificate with those above it.
constexpr long most_chain_bytes = 32 * 1024;

using indices = std::vector<std::size_t>;

// -- callbacks; the argument is the `served` of the context that the session began with

int choose_by_name(::SSL* ssl, int* /*alert*/, void* argument) {
  const served& all = *static_cast<const served*>(argument);
  const char* const name = ::SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr)
    return SSL_TLSEXT_ERR_NOACK;
  if (const auto found = all.by_name.find(name); found && all.contexts[*found] != nullptr)
    ::SSL_set_SSL_CTX(ssl, all.contexts[*found].get());
  return SSL_TLSEXT_ERR_OK;
}

int choose_protocol(::SSL* /*ssl*/, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* offered, unsigned int offered_size, void* argument) {
  const std::string& ours = static_cast<const served*>(argument)->alpn;
  unsigned char* chosen = nullptr;
  const int found =
      ::SSL_select_next_proto(&chosen, out_size, reinterpret_cast<const unsigned char*>(ours.data()),
                              static_cast<unsigned int>(ours.size()), offered, offered_size);
  *out = chosen;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

int give_staple(::SSL* ssl, void* argument) {
  const served& all = *static_cast<const served*>(argument);
  const ::X509* const shown = ::SSL_get_certificate(ssl);
  const auto now = core::wall_now();
  for (const certificate& one : all.certificates) {
    if (one.own.get() != shown || !one.ocsp || one.ocsp->not_after < now || one.ocsp->not_before > now)
      continue;
    void* const copy = ::OPENSSL_memdup(one.ocsp->der.data(), one.ocsp->der.size());
    if (copy == nullptr)
      break;
    ::SSL_set_tlsext_status_ocsp_resp(ssl, copy, static_cast<long>(one.ocsp->der.size()));
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_NOACK;
}

/// Lets a certificate in that does not verify; verified() then says so.
int let_in(int /*verified*/, ::X509_STORE_CTX* /*of*/) { return 1; }

void free_served(void* /*parent*/, void* what, ::CRYPTO_EX_DATA* /*of*/, int /*index*/, long /*l*/,
                 void* /*p*/) {
  delete static_cast<served*>(what);
}

/// Where a context has what it owns.
int owned_index() {
  static const int index =
      ::CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL_CTX, 0, nullptr, nullptr, nullptr, free_served);
  return index;
}

/// Where each context of a server finds the same, whoever owns it.
int known_index() {
  static const int index =
      ::CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL_CTX, 0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

// -- making

/// Adds a certificate to those for a name, unless it has one of this kind of key.
void add_kind(const std::vector<certificate>& all, std::size_t one, indices& to) {
  const int kind = ::EVP_PKEY_get_base_id(all[one].key.get());
  if (std::ranges::none_of(to,
                           [&](std::size_t i) { return ::EVP_PKEY_get_base_id(all[i].key.get()) == kind; }))
    to.push_back(one);
}

/// The certificates for each name that is in one of them.
std::map<std::string, indices> by_name(const std::vector<certificate>& all) {
  std::map<std::string, indices> out;
  for (std::size_t i = 0; i < all.size(); ++i)
    for (const std::string& name : all[i].names)
      add_kind(all, i, out[name]);
  // where only a wildcard's certificate has the client's kind of key, it serves as well
  for (auto& [name, own] : out)
    if (const auto wild = out.find(wildcard_of(name)); wild != out.end() && wild->first != name)
      for (const std::size_t i : indices(wild->second))
        add_kind(all, i, own);
  return out;
}

result<void> ask_for_certificates(const server_options& options, ::SSL_CTX* by, std::string& digest_of) {
  const bool optional = options.client == client_certificates::optional;
  digest_of = optional ? "optional" : options.client == client_certificates::required ? "required" : "none";
  if (options.client == client_certificates::none)
    return {};
  if (options.client_ca.empty())
    return wrong("client_ca", "needed if clients are asked for certificates");
  const auto text = read_file(options.client_ca);
  if (!text)
    return text.error();
  digest_of += *text;
  const owned_bio from(::BIO_new_mem_buf(text->data(), static_cast<int>(text->size())));
  int found = 0;
  for (;; ++found) {
    const owned_certificate next(::PEM_read_bio_X509_AUX(from.get(), nullptr, nullptr, nullptr));
    if (next == nullptr)
      break;
    if (::X509_STORE_add_cert(::SSL_CTX_get_cert_store(by), next.get()) != 1 ||
        ::SSL_CTX_add_client_CA(by, next.get()) != 1)
      return wrong(options.client_ca, take_reason());
  }
  const bool to_the_end = ERR_GET_REASON(::ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string reason = take_reason();
  if (found == 0 || !to_the_end)
    return wrong(options.client_ca, to_the_end ? "no certificate in it" : "cannot be read (" + reason + ")");
  ::SSL_CTX_set_verify(by, SSL_VERIFY_PEER | (optional ? 0 : SSL_VERIFY_FAIL_IF_NO_PEER_CERT),
                       optional ? let_in : nullptr);
  return {};
}

result<owned_context> make_context(const server_options& options, served& all, const indices& shown) {
  const char* const by = options.keeps_openssl ? nullptr : key_schedule_properties();
  owned_context made(::SSL_CTX_new_ex(nullptr, by, ::TLS_server_method()));
  if (made == nullptr)
    return wrong("TLS", take_reason());
  ::SSL_CTX* const c = made.get();
  if (::SSL_CTX_set_ex_data(c, known_index(), &all) != 1)
    return wrong("TLS", take_reason());
  const rules spoken{options.min_version, "1.3", options.ciphers, options.ciphersuites, options.curves};
  if (auto done = apply(spoken, c); !done)
    return done.error();
  for (const std::size_t i : shown)
    if (auto done = use(all.certificates[i], c); !done)
      return done.error();

  ::SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  if (options.prefers_own_order)
    ::SSL_CTX_set_options(c, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  ::SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
  ::SSL_CTX_set_max_cert_list(c, most_chain_bytes);

  // all that a resumption needs is in the ticket, sealed with keys that all workers share
  ::SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
  if (options.ticket_lifetime.count() == 0) {
    ::SSL_CTX_set_options(c, SSL_OP_NO_TICKET);
    ::SSL_CTX_set_num_tickets(c, 0);
  } else {
    ::SSL_CTX_set_timeout(c, static_cast<long>(options.ticket_lifetime.count()));
    seal_tickets(c);
  }

  // a ticket is good only under the rules for client certificates under which it was given
  std::string client_rules;
  if (auto done = ask_for_certificates(options, c, client_rules); !done)
    return done.error();
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (::EVP_Digest(client_rules.data(), client_rules.size(), digest.data(), &size, ::EVP_sha256(), nullptr) !=
          1 ||
      ::SSL_CTX_set_session_id_context(c, digest.data(), size) != 1)
    return wrong("TLS", take_reason());

  ::SSL_CTX_set_tlsext_servername_callback(c, choose_by_name);
  ::SSL_CTX_set_tlsext_servername_arg(c, &all);
  if (!all.alpn.empty())
    ::SSL_CTX_set_alpn_select_cb(c, choose_protocol, &all);
  ::SSL_CTX_set_tlsext_status_cb(c, give_staple);
  ::SSL_CTX_set_tlsext_status_arg(c, &all);
  return made;
}

result<void> check(const server_options& options) {
  using std::chrono::hours;
  if (options.certificates.empty())
    return wrong("certificates", "at least one is needed");
  if (options.ticket_lifetime.count() < 0 || options.ticket_lifetime > hours(24 * 7))
    return wrong("ticket_lifetime", "must be from 0 to 7 days (RFC 8446 4.6.1)");
  if (options.ticket_key_time.count() < 1)
    return wrong("ticket_key_time", "must be at least a second");
  return {};
}

} // namespace

const served& served_by(const ::SSL* session) {
  return *static_cast<const served*>(::SSL_CTX_get_ex_data(::SSL_get_SSL_CTX(session), known_index()));
}

result<owned_context> make_served(const server_options& options, std::shared_ptr<ticket_keys> tickets,
                                  std::vector<std::string>& warnings) {
  ::ERR_clear_error();
  if (auto fine = check(options); !fine)
    return fine.error();
  auto all = std::make_unique<served>();
  all->tickets = std::move(tickets);
  all->keeps_openssl = options.keeps_openssl;
  auto alpn = alpn_on_the_wire(options.alpn);
  if (!alpn)
    return alpn.error();
  all->alpn = std::move(*alpn);
  for (const certificate_files& files : options.certificates) {
    auto loaded = load_certificate(files);
    if (!loaded)
      return loaded.error();
    add_warnings(*loaded, warnings);
    all->certificates.push_back(std::move(*loaded));
  }

  const auto wanted = by_name(all->certificates);
  // the default is the first certificate with those of other kinds for its first name
  indices first{0};
  if (!all->certificates.front().names.empty())
    for (const std::size_t i : wanted.at(all->certificates.front().names.front()))
      add_kind(all->certificates, i, first);
  auto front = make_context(options, *all, first);
  if (!front)
    return front;
  std::map<indices, std::size_t> made{{first, 0}};
  all->contexts.emplace_back();
  for (const auto& [name, shown] : wanted) {
    const auto [at, is_new] = made.try_emplace(shown, all->contexts.size());
    if (is_new) {
      auto next = make_context(options, *all, shown);
      if (!next)
        return next;
      all->contexts.push_back(std::move(*next));
    }
    all->by_name.add(name, at->second);
  }
  if (::SSL_CTX_set_ex_data(front->get(), owned_index(), all.get()) != 1)
    return wrong("TLS", take_reason());
  static_cast<void>(all.release());
  return front;
}

} // namespace perron::runtime::tls::detail
