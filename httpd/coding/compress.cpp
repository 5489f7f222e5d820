// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/coding/compress.hpp>

#include <perron/httpd/accept.hpp>
#include <perron/httpd/coding/encoder.hpp>
#include <perron/httpd/http1/characters.hpp>
#include <perron/httpd/media_type.hpp>
#include <perron/httpd/response_fields.hpp>
#include <perron/httpd/rules/requirement.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace perron::httpd {

std::unique_ptr<body_filter> make_encoder(std::string_view coding, int level,
                                          std::optional<std::uint64_t> size) {
  if (coding == "gzip")
    return make_gzip_encoder(level);
  if (coding == "br")
    return make_brotli_encoder(level, size);
  if (coding == "zstd")
    return make_zstd_encoder(level, size);
  return nullptr;
}

namespace {

/// "text/*" has text/html, "application/*+json" has application/problem+json.
bool has(std::string_view pattern, std::string_view type) noexcept {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos)
    return equal_ignoring_case(pattern, type);
  const auto before = pattern.substr(0, star);
  const auto behind = pattern.substr(star + 1);
  return type.size() > before.size() + behind.size() &&
         equal_ignoring_case(type.substr(0, before.size()), before) &&
         equal_ignoring_case(type.substr(type.size() - behind.size()), behind);
}

/// A media type without its parameters.
std::string_view bare_type(std::string_view type) noexcept {
  return detail::trim_blanks(type.substr(0, type.find(';')));
}

class compressor {
public:
  explicit compressor(compress_options options) : options_(std::move(options)) {
    offered_.assign(options_.codings.begin(), options_.codings.end());
  }

  /// Looks at a head that goes out, and has its body compressed if it may be.
  void look_at(request& r, response& head) const {
    const auto size = r.answer_length();
    if (head.status == status::not_modified) {
      agree_with_client(r, head);
      return;
    }
    if (!may_be_compressed(head))
      return;
    add_vary(head, "Accept-Encoding");
    const auto coding = best_encoding(r.headers(), offered_);
    if (!coding || *coding == "identity")
      return;
    // one that takes nothing else gets it even if it is small (RFC 9110 12.5.3)
    if (size == 0U ||
        (size.value_or(options_.minimum) < options_.minimum && best_encoding(r.headers(), offers())))
      return;
    r.filter_body(make_encoder(*coding, level_of(*coding), size));
    set_field(head, "Content-Encoding", std::string(*coding));
    erase_field(head, "Accept-Ranges");
    weaken(head);
  }

private:
  static bool has_any(const response& head, std::initializer_list<std::string_view> names) noexcept {
    return std::any_of(names.begin(), names.end(),
                       [&](std::string_view name) { return find_field(head, name).has_value(); });
  }

  bool may_be_compressed(const response& head) const noexcept {
    if (has_no_content(head.status) || head.status == status::partial_content || head.status < 200)
      return false;
    const auto type = bare_type(head.content_type);
    return std::any_of(options_.types.begin(), options_.types.end(),
                       [type](const std::string& own) { return has(own, type); }) &&
           !has_any(head, {"Content-Encoding", "Content-Range", "Content-Digest", "Repr-Digest", "Digest",
                           "Content-MD5"}) &&
           !has_token(head, "Cache-Control", "no-transform");
  }

  int level_of(std::string_view coding) const noexcept {
    return coding == "gzip" ? options_.gzip_level
           : coding == "br" ? options_.brotli_quality
                            : options_.zstd_level;
  }

  static void weaken(response& head) {
    if (const auto tag = find_field(head, "ETag"); tag && tag->starts_with('"'))
      set_field(head, "ETag", "W/" + std::string(*tag));
  }

  /// A 304 bears the tag that the 200 would have had: the weak one, if it is by that that the client asks.
  static void agree_with_client(const request& r, response& head) {
    const auto tag = find_field(head, "ETag");
    if (!tag || !tag->starts_with('"'))
      return;
    const std::string weak = "W/" + std::string(*tag);
    bool asked = false;
    r.headers().each("If-None-Match", [&](std::string_view value) {
      asked = asked || value.find(weak) != std::string_view::npos;
    });
    if (asked) {
      add_vary(head, "Accept-Encoding");
      set_field(head, "ETag", weak);
    }
  }

  compress_options options_;
  std::vector<std::string_view> offered_; ///< views of the options'
};

bool is_type_pattern(std::string_view text) noexcept {
  const std::size_t slash = text.find('/');
  return slash != std::string_view::npos && http1::detail::is_token(text.substr(0, slash)) &&
         http1::detail::is_token(text.substr(slash + 1)) && std::count(text.begin(), text.end(), '*') <= 1;
}

runtime::result<void> check_level(const char* name, int level, int least, int most) {
  if (level < least || level > most)
    return runtime::error{std::string(name) + " is to be from " + std::to_string(least) + " to " +
                          std::to_string(most)};
  return {};
}

} // namespace

runtime::result<void> check(const compress_options& options) {
  for (const std::string& type : options.types)
    if (!is_type_pattern(type))
      return runtime::error{"'" + type + "' is no media type such as text/html or text/*"};
  for (const std::string& coding : options.codings)
    if (coding != "gzip" && coding != "br" && coding != "zstd")
      return runtime::error{"'" + coding + "' is no coding: there are zstd, br and gzip"};
  if (auto level = check_level("gzip_level", options.gzip_level, 1, 9); !level)
    return level;
  if (auto level = check_level("brotli_quality", options.brotli_quality, 0, 11); !level)
    return level;
  return check_level("zstd_level", options.zstd_level, 1, 19);
}

middleware compress(compress_options options) {
  core::require(check(options));
  return [with = std::make_shared<const compressor>(std::move(options))](request& r, const handler& next) {
    r.before_send([with, &r](response& head) { with->look_at(r, head); });
    return next(r);
  };
}

} // namespace perron::httpd
