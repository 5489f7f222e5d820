// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/multipart.hpp>

#include <perron/httpd/typed.hpp>
#include <perron/runtime/blocking.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace perron::httpd {

namespace {

using event = multipart_parser::event;

constexpr std::size_t buffer_size = 16 * 1024;
constexpr std::size_t write_size = 256 * 1024; // what one trip to the blocking pool writes

std::string boundary_of(const request& r) {
  const auto type = typed<field::content_type>(r);
  if (!type || !type->is("multipart/form-data"))
    throw http_error(status::unsupported_media_type, "send multipart/form-data");
  auto boundary = type->parameters.find("boundary");
  if (!boundary || !is_boundary(*boundary))
    throw http_error(status::bad_request, "multipart/form-data has no boundary that is one");
  return *std::move(boundary);
}

/// A file that is being written, outside of the worker. Gone with its name unless it is kept.
class new_file {
public:
  /// Not made if there is one of that name already.
  explicit new_file(std::filesystem::path path) : path_(std::move(path)) {
    fault_ = runtime::blocking([this] {
      fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
      return fd_ < 0 ? errno : 0;
    });
  }
  new_file(const new_file&) = delete;
  new_file& operator=(const new_file&) = delete;
  ~new_file() {
    if (fd_ < 0)
      return;
    ::close(fd_);
    if (!kept_)
      ::unlink(path_.c_str());
  }

  bool is_open() const noexcept { return fd_ >= 0; }
  bool is_taken() const noexcept { return fault_ == EEXIST; }
  const std::filesystem::path& path() const noexcept { return path_; }

  void write(std::string_view bytes) {
    fault_ = runtime::blocking([&] {
      while (!bytes.empty()) {
        const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
        if (n < 0 && errno != EINTR)
          return errno;
        bytes.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
      }
      return 0;
    });
    if (fault_ != 0)
      fail();
  }
  void keep() noexcept { kept_ = true; }
  [[noreturn]] void fail() const {
    throw std::filesystem::filesystem_error("perron: a part of a form cannot be saved", path_,
                                            std::error_code(fault_, std::generic_category()));
  }

private:
  std::filesystem::path path_;
  int fd_ = -1;
  int fault_ = 0;
  bool kept_ = false;
};

std::uint64_t fill(new_file& file, form_part& from) {
  std::uint64_t size = 0;
  const auto buffer = std::make_unique<char[]>(write_size);
  std::size_t used = 0;
  for (std::size_t n = 1; n != 0;) {
    n = from.read({buffer.get() + used, write_size - used});
    used += n;
    size += n;
    if (used == write_size || (n == 0 && used != 0))
      file.write({buffer.get(), std::exchange(used, 0)});
  }
  file.keep();
  return size;
}

} // namespace

std::size_t form_part::read(std::span<char> into) {
  while (piece_.empty() && !at_end_)
    if (of_.advance() == event::part_end)
      at_end_ = true;
  const std::size_t n = std::min(into.size(), piece_.size());
  std::copy_n(piece_.data(), n, into.data());
  piece_.remove_prefix(n);
  return n;
}

std::string form_part::text(std::size_t most) {
  std::string all;
  for (;;) {
    while (piece_.empty() && !at_end_)
      if (of_.advance() == event::part_end)
        at_end_ = true;
    if (piece_.empty())
      return all;
    if (piece_.size() > most - all.size())
      throw http_error(status::content_too_large,
                       "a field of the form has more than " + std::to_string(most) + " bytes");
    all += std::exchange(piece_, {});
  }
}

std::uint64_t form_part::save_to(const std::filesystem::path& path) {
  new_file file(path);
  if (!file.is_open())
    file.fail();
  return fill(file, *this);
}

form_part::saved form_part::save_in(const std::filesystem::path& folder) {
  constexpr int most_tries = 1000;
  const std::filesystem::path wanted = file_name();
  for (int i = 0;; ++i) {
    auto name = wanted;
    if (i > 0)
      name = wanted.stem().concat('-' + std::to_string(i)).concat(wanted.extension().native());
    new_file file(folder / name);
    if (file.is_open()) {
      const std::uint64_t size = fill(file, *this);
      return {file.path(), size};
    }
    if (!file.is_taken() || i == most_tries)
      file.fail();
  }
}

multipart::multipart(request& r, const multipart_limits& limits)
    : request_(r), limits_(limits), parser_(boundary_of(r), limits),
      buffer_(std::make_unique<char[]>(buffer_size)), part_(*this) {}

/// The next thing that happens to the form. Content lands in the part.
multipart_parser::event multipart::advance() {
  for (;;) {
    auto happened = parser_.next(input_);
    if (happened == event::more) {
      const std::size_t n = request_.read({buffer_.get(), buffer_size});
      input_ = {buffer_.get(), n};
      if (n != 0)
        continue;
      happened = parser_.finish();
    }
    if (happened == event::failed)
      throw http_error(status::bad_request, "malformed form: " + parser_.fault());
    if (happened == event::data)
      part_.piece_ = parser_.data();
    return happened;
  }
}

form_part* multipart::next() {
  if (over_)
    return nullptr;
  if (in_part_)
    while (!part_.at_end_)
      part_.at_end_ = advance() == event::part_end;
  part_.piece_ = {};
  if (advance() == event::part) {
    part_.head_ = parser_.head();
    part_.at_end_ = false;
    in_part_ = true;
    return &part_;
  }
  over_ = true;
  while (request_.read({buffer_.get(), buffer_size}) != 0) {
  }
  return nullptr;
}

form_part* multipart::next_file() {
  while (auto* part = next()) {
    if (part->is_file())
      return part;
    fields_size_ += part->name().size();
    if (fields_size_ > limits_.max_fields)
      throw http_error(status::content_too_large, "the fields of the form have more than " +
                                                      std::to_string(limits_.max_fields) + " bytes");
    auto value = part->text(limits_.max_fields - fields_size_);
    fields_size_ += value.size();
    fields_.emplace_back(part->name(), std::move(value));
  }
  return nullptr;
}

std::optional<std::string_view> multipart::field(std::string_view name) const noexcept {
  for (const auto& [own, value] : fields_)
    if (own == name)
      return value;
  return std::nullopt;
}

} // namespace perron::httpd
