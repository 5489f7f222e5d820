// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/files/finder.hpp>

#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace perron::httpd::files {

namespace {

struct coding {
  std::string_view ending; // of a name
  std::string_view name;   // in Content-Encoding
};
constexpr std::array<coding, 3> codings{coding{".br", "br"}, coding{".zst", "zstd"}, coding{".gz", "gzip"}};

/// A compressor may have written the old content's form just before the file was changed, or a tool that
/// copies trees may have made both in any order.
constexpr std::int64_t tolerance_ns = 2'000'000'000;

/// The faults that say: it is not here, look elsewhere. Others are of a file that is here.
bool is_absence(int fault) noexcept {
  return fault != EACCES && fault != EPERM && fault != EMFILE && fault != ENFILE && fault != ENOMEM &&
         fault != EIO;
}

/// Fills `into` from the front of a file; false: not all of it could be read.
bool read_front(int fd, std::span<char> into, int flags) noexcept {
  for (std::size_t done = 0; done < into.size();) {
    const iovec part{into.data() + done, into.size() - done};
    const ::ssize_t n = ::preadv2(fd, &part, 1, static_cast<::off_t>(done), flags);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return false;
    done += static_cast<std::size_t>(n);
  }
  return true;
}

/// All of it, if it is in the page cache, as long as was said and did not change meanwhile. What is not there
/// yet is when it has been sent once; to wait for the disk twice would cost more than it saves.
std::optional<std::string> read_content(const core::open_file& file) {
  std::string content(static_cast<std::size_t>(file.facts().st_size), '\0');
  struct stat now {};
  if (!read_front(file.fd(), content, RWF_NOWAIT) || ::fstat(file.fd(), &now) != 0 ||
      file_identity(now) != file_identity(file.facts()))
    return std::nullopt;
  return content;
}

std::shared_ptr<served_file> to_served(core::open_file file, std::int64_t keep) {
  std::optional<std::string> content;
  if (file.facts().st_size <= keep)
    content = read_content(file);
  const int descriptor = file.fd();
  auto made = std::make_shared<served_file>(descriptor, file.facts(), std::move(content));
  file.release();
  return made;
}

/// Whether `known` is still it, and has its content in memory if it may have.
bool is_the_same(const served_file& known, const core::open_file& plain,
                 const std::vector<core::open_file>& coded, std::int64_t keep) {
  if (known.identity != file_identity(plain.facts()) ||
      (known.whole.bytes == nullptr && known.identity.size <= keep))
    return false;
  const auto is_open = [](const core::open_file& f) { return f.is_open(); };
  if (static_cast<std::size_t>(std::count_if(coded.begin(), coded.end(), is_open)) != known.codings.size())
    return false;
  return std::all_of(known.codings.begin(), known.codings.end(), [&](const auto& had) {
    return std::any_of(coded.begin(), coded.end(), [&](const core::open_file& f) {
      return f.is_open() && file_identity(f.facts()) == had->identity;
    });
  });
}

} // namespace

finder::finder(const static_options& options)
    : index_(options.index), cache_control_(options.cache_control), types_(options),
      precompressed_(options.precompressed), expires_(options.expires) {
  if (options.root.empty())
    throw std::invalid_argument("perron: static files need a root");
  for (const auto& path : options.root)
    roots_.push_back(std::make_unique<const core::folder>(path, options.follow_links));
}

finding finder::find(const std::string& path, const file_pointer& known, std::int64_t keep) const {
  finding nothing;
  for (const auto& root : roots_) {
    const bool is_folder = path.empty() || path.back() == '/';
    if (is_folder)
      for (const auto& index : index_) {
        if (index.empty())
          continue;
        const std::string name = path + index;
        core::open_file file = root->open(name);
        if (!file.is_open() && !is_absence(file.fault()))
          return {.fault = file.fault()};
        if (file.is_open() && S_ISREG(file.facts().st_mode))
          return found(*root, name, std::move(file), known, keep);
      }
    const std::string bare = is_folder ? path.substr(0, path.empty() ? 0 : path.size() - 1) : path;
    core::open_file file = root->open(bare.empty() ? "." : bare);
    if (!file.is_open() && !is_absence(file.fault()))
      return {.fault = file.fault()};
    if (!file.is_open())
      continue;
    if (!S_ISDIR(file.facts().st_mode)) {
      if (S_ISREG(file.facts().st_mode) && !is_folder)
        return found(*root, path, std::move(file), known, keep);
    } else if (!is_folder) {
      return {.what = finding::kind::slash_wanted};
    } else if (nothing.what != finding::kind::folder) { // a further root may have an index
      nothing.what = finding::kind::folder;
      nothing.folder = std::move(file);
      nothing.root = root.get();
    }
  }
  return nothing;
}

finding finder::found(const core::folder& root, const std::string& name, core::open_file file,
                      const file_pointer& known, std::int64_t keep) const {
  std::vector<core::open_file> coded =
      precompressed_ ? open_codings(root, name, file_identity(file.facts())) : std::vector<core::open_file>();
  if (known != nullptr && is_the_same(*known, file, coded, keep))
    return {.what = finding::kind::file, .file = known};
  auto made = to_served(std::move(file), keep);
  made->content_type = types_.type_of(name);
  made->cache_control = cache_control_.value_for(made->content_type);
  if (expires_)
    made->max_age = max_age_of(made->cache_control);
  for (std::size_t i = 0; i < coded.size(); ++i) {
    if (!coded[i].is_open())
      continue;
    auto other = to_served(std::move(coded[i]), keep);
    other->content_type = made->content_type;
    other->cache_control = made->cache_control;
    other->max_age = made->max_age;
    other->coding = codings[i].name;
    other->tag = to_tag(other->identity, other->coding);
    made->codings.push_back(std::move(other));
  }
  std::stable_sort(made->codings.begin(), made->codings.end(),
                   [](const auto& a, const auto& b) { return a->identity.size < b->identity.size; });
  return {.what = finding::kind::file, .file = std::move(made)};
}

std::vector<core::open_file> finder::open_codings(const core::folder& root, const std::string& name,
                                                  const file_identity& plain) const {
  std::vector<core::open_file> out;
  for (const auto& each : codings) {
    core::open_file file = root.open(name + std::string(each.ending));
    const bool fits = file.is_open() && S_ISREG(file.facts().st_mode) && file.facts().st_size < plain.size &&
                      file_identity(file.facts()).changed_ns + tolerance_ns >= plain.changed_ns;
    out.push_back(fits ? std::move(file) : core::open_file(ENOENT));
  }
  return out;
}

} // namespace perron::httpd::files
