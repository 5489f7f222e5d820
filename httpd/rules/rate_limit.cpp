// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/rules/rate_limit.hpp>

#include <perron/httpd/response_fields.hpp>
#include <perron/httpd/rules/basic_auth.hpp>
#include <perron/httpd/rules/client_address.hpp>
#include <perron/httpd/rules/keyed_hash.hpp>
#include <perron/httpd/rules/rate_table.hpp>
#include <perron/httpd/rules/requirement.hpp>
#include <perron/runtime/core/clock.hpp>

#include <algorithm>
#include <memory>
#include <utility>

namespace perron::httpd {
namespace {

constexpr std::uint64_t second_ns = 1'000'000'000;

std::uint64_t whole_seconds(std::uint64_t ns) noexcept { return (ns + second_ns - 1) / second_ns; }

/// An address as a key: of an IPv6 one its network.
std::string key_of(const std::optional<ip_address>& from, unsigned ipv6_prefix) {
  if (!from)
    return "unix";
  std::string key(from->bytes.begin(), from->bytes.end());
  if (from->is_ipv4())
    return key;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const unsigned kept =
        static_cast<unsigned>(std::clamp<int>(static_cast<int>(ipv6_prefix) - static_cast<int>(8 * i), 0, 8));
    key[i] = static_cast<char>(static_cast<unsigned char>(key[i]) & (0xff00U >> kept));
  }
  return key;
}

class limiter {
public:
  explicit limiter(rate_limit_options options)
      : options_(std::move(options)), burst_(options_.burst != 0 ? options_.burst : options_.requests),
        policy_("\"default\";q=" + std::to_string(options_.requests) +
                ";w=" + std::to_string(options_.per.count())),
        key_(core::new_hash_key()),
        table_(options_.requests, static_cast<std::uint64_t>(options_.per.count()) * second_ns, burst_,
               options_.max_keys) {}

  void admit(request& r) {
    const std::string who = text_of(r);
    if (options_.key && who.empty())
      return;
    const auto how = table_.take(core::keyed_hash(key_, who), runtime::core::monotonic_ns());
    if (options_.tell || !how.taken)
      r.before_send([this, how](response& answer) { tell(answer, how); });
    if (!how.taken)
      throw http_error(status::too_many_requests, "");
  }

private:
  std::string text_of(request& r) const {
    if (options_.key)
      return options_.key(r);
    if (options_.by == rate_key::all)
      return "all";
    if (options_.by == rate_key::user)
      if (const std::string& name = r.local<authenticated_user>().name; !name.empty())
        return "user " + name;
    return key_of(client_address(r), options_.ipv6_prefix);
  }

  void tell(response& answer, const core::rate_table::answer& how) const {
    if (options_.tell) {
      answer.headers.emplace_back("RateLimit-Policy", policy_);
      answer.headers.emplace_back("RateLimit", "\"default\";r=" + std::to_string(how.left) +
                                                   ";t=" + std::to_string(whole_seconds(how.refill_ns)));
    }
    if (!how.taken)
      set_field(answer, "Retry-After", std::to_string(whole_seconds(how.retry_ns)));
  }

  const rate_limit_options options_;
  const std::uint32_t burst_;
  const std::string policy_;
  const std::array<std::uint64_t, 2> key_;
  core::rate_table table_;
};

} // namespace

runtime::result<void> check(const rate_limit_options& options) {
  using namespace std::chrono_literals;
  if (options.requests == 0)
    return runtime::error{"requests is 0, which lets nobody in: that is what allow_deny is for"};
  if (options.per < 1s || options.per > 24h * 365)
    return runtime::error{"per is to be from a second to a year"};
  if (options.ipv6_prefix > 128)
    return runtime::error{"ipv6_prefix is to be at most 128"};
  if (options.max_keys == 0)
    return runtime::error{"max_keys is 0"};
  return {};
}

middleware rate_limit(rate_limit_options options) {
  core::require(check(options));
  return [limit = std::make_shared<limiter>(std::move(options))](request& r, const handler& next) {
    limit->admit(r);
    return next(r);
  };
}

} // namespace perron::httpd
