// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/rules/htpasswd.hpp>

#include <perron/httpd/headers.hpp>
#include <perron/httpd/rules/password_hash.hpp>
#include <perron/httpd/rules/whole_file.hpp>
#include <perron/runtime/blocking.hpp>
#include <perron/runtime/core/clock.hpp>
#include <perron/runtime/process.hpp>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <new>
#include <unordered_map>
#include <utility>

namespace perron::httpd {
namespace {

constexpr std::uint64_t second_ns = 1'000'000'000;
constexpr std::uint64_t look_again_ns = second_ns;
constexpr std::uint64_t remember_ns = 60 * second_ns;
constexpr std::size_t most_remembered = 1024;

struct user_table {
  std::unordered_map<std::string, std::string> hashes{};
  std::string any_hash{}; ///< one of them, for users that are unknown
};

using users = std::shared_ptr<const user_table>;

runtime::result<users> parse(std::string_view text) {
  auto made = std::make_shared<user_table>();
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r'))
      line.remove_suffix(1);
    line = detail::trim_blanks(line);
    if (line.empty() || line.front() == '#')
      continue;
    const std::size_t colon = line.find(':');
    const auto fault = [number](const char* what) {
      return runtime::error{"line " + std::to_string(number) + ' ' + what};
    };
    if (colon == std::string_view::npos || colon == 0)
      return fault("is not user:hash");
    // Apache allows more behind the hash
    const auto hash = line.substr(colon + 1, line.find(':', colon + 1) - colon - 1);
    if (const char* what = core::find_hash_fault(hash))
      return fault(what);
    made->hashes.insert_or_assign(std::string(line.substr(0, colon)), std::string(hash));
    if (made->any_hash.empty())
      made->any_hash = hash;
  }
  return users(std::move(made));
}

/// What tells one state of a file from another.
struct file_state {
  std::int64_t seconds = 0, nanoseconds = 0, size = 0;
  std::uint64_t inode = 0;

  static file_state of(const std::string& file) noexcept {
    struct stat facts {};
    if (::stat(file.c_str(), &facts) != 0)
      return {};
    return {facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec, facts.st_size, facts.st_ino};
  }
  friend bool operator==(const file_state&, const file_state&) = default;
};

runtime::result<users> read(const std::string& file) {
  const auto text = core::read_whole_file(file);
  if (!text)
    return text.error();
  auto made = parse(*text);
  if (!made)
    return runtime::error{file + ": " + made.error().text};
  return made;
}

/// In a process aside of its worker, else at once.
template <class F>
auto aside(F&& work) {
  return runtime::self_or_none() ? runtime::blocking(std::forward<F>(work)) : work();
}

} // namespace

/// | field              | who may touch it                                                     |
/// |--------------------|----------------------------------------------------------------------|
/// | users_, remembered_| any thread, under lock_; the table that users_ names never changes   |
/// | looked_ns_         | any thread; who moves it on looks at the file                        |
/// | seen_              | who looks at the file, under reading_                                |
class htpasswd::state {
public:
  state(std::string file, users first, const file_state& seen)
      : file_(std::move(file)), users_(std::move(first)), seen_(seen),
        looked_ns_(runtime::core::monotonic_ns()) {
    if (RAND_bytes(secret_.data(), static_cast<int>(secret_.size())) != 1)
      throw std::bad_alloc();
  }

  bool verify(std::string_view user, std::string_view password) {
    look_at_file();
    const users now = current();
    const auto known = now->hashes.find(std::string(user));
    const bool is_known = known != now->hashes.end();
    const std::string& hash = is_known ? known->second : now->any_hash;
    const std::string mark = mark_of(user, hash, password);
    if (is_known && is_remembered(mark))
      return true;
    if (hash.empty())
      return false;
    const bool right = aside([&] { return core::check_password(hash, std::string(password)); });
    if (!right || !is_known)
      return false;
    remember(mark);
    return true;
  }

private:
  using mark_map = std::unordered_map<std::string, std::uint64_t>;

  users current() {
    const std::lock_guard hold(lock_);
    return users_;
  }

  void look_at_file() {
    if (file_.empty())
      return;
    const std::uint64_t now = runtime::core::monotonic_ns();
    std::uint64_t looked = looked_ns_.load(std::memory_order_relaxed); // only says whose turn it is
    if (now - looked < look_again_ns ||
        !looked_ns_.compare_exchange_strong(looked, now, std::memory_order_relaxed))
      return;
    aside([this] {
      const std::lock_guard hold(reading_);
      const file_state there = file_state::of(file_);
      if (there == seen_)
        return;
      if (auto made = read(file_)) {
        seen_ = there;
        const std::lock_guard hold_users(lock_);
        users_ = *std::move(made);
      }
    });
  }

  /// What stands for a user with this hash and password; tells nobody without the secret which.
  std::string mark_of(std::string_view user, std::string_view hash, std::string_view password) const {
    std::string text(user);
    (text += '\0').append(hash) += '\0';
    text.append(password);
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned size = 0;
    if (HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data(), &size) == nullptr)
      throw std::bad_alloc();
    return {reinterpret_cast<const char*>(out.data()), size};
  }

  bool is_remembered(const std::string& mark) {
    const std::lock_guard hold(lock_);
    const auto at = remembered_.find(mark);
    return at != remembered_.end() && runtime::core::monotonic_ns() < at->second;
  }

  void remember(const std::string& mark) {
    const std::uint64_t now = runtime::core::monotonic_ns();
    const std::lock_guard hold(lock_);
    if (remembered_.size() >= most_remembered)
      std::erase_if(remembered_, [now](const auto& one) { return one.second <= now; });
    if (remembered_.size() >= most_remembered)
      remembered_.clear();
    remembered_.insert_or_assign(mark, now + remember_ns);
  }

  const std::string file_; ///< empty: it was a text
  std::array<unsigned char, 32> secret_{};
  std::mutex lock_;
  users users_;
  mark_map remembered_;
  std::mutex reading_;
  file_state seen_;
  std::atomic<std::uint64_t> looked_ns_;
};

htpasswd::htpasswd(std::unique_ptr<state> s) : state_(std::move(s)) {}
htpasswd::~htpasswd() = default;

runtime::result<std::shared_ptr<htpasswd>> htpasswd::open(std::string file) {
  const file_state seen = file_state::of(file);
  auto first = read(file);
  if (!first)
    return first.error();
  return std::shared_ptr<htpasswd>(
      new htpasswd(std::make_unique<state>(std::move(file), *std::move(first), seen)));
}

runtime::result<std::shared_ptr<htpasswd>> htpasswd::of(std::string_view text) {
  auto first = parse(text);
  if (!first)
    return first.error();
  return std::shared_ptr<htpasswd>(
      new htpasswd(std::make_unique<state>(std::string(), *std::move(first), file_state())));
}

bool htpasswd::verify(std::string_view user, std::string_view password) {
  return state_->verify(user, password);
}

} // namespace perron::httpd
