// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/static_files.hpp>

#include <perron/httpd/accept.hpp>
#include <perron/httpd/conditional.hpp>
#include <perron/httpd/error_page.hpp>
#include <perron/httpd/files/file_cache.hpp>
#include <perron/httpd/files/finder.hpp>
#include <perron/httpd/files/listing.hpp>
#include <perron/httpd/files/multipart_ranges.hpp>
#include <perron/httpd/files/wanted_path.hpp>
#include <perron/httpd/range.hpp>
#include <perron/httpd/redirect.hpp>
#include <perron/runtime/blocking.hpp>
#include <perron/runtime/core/clock.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace perron::httpd {

namespace {

using files::finding;
using files::served_file;
using file_pointer = std::shared_ptr<const served_file>;

std::uint64_t now_ms() noexcept { return runtime::core::monotonic_ns() / 1'000'000; }
http_time wall_clock() noexcept { return http_time(std::chrono::seconds(runtime::core::wall_seconds())); }

int status_of(int fault) noexcept {
  if (fault == EACCES || fault == EPERM)
    return status::forbidden;
  if (fault == EMFILE || fault == ENFILE || fault == ENOMEM || fault == EIO)
    return status::service_unavailable;
  return status::not_found;
}

/// Whether it can be answered with as it is. Of a large file only the descriptor is kept: it may have grown.
bool serves(const files::file_cache::hit& kept) noexcept {
  if (!kept.fresh)
    return false;
  if (kept.file->whole.bytes != nullptr || kept.just_given)
    return true;
  struct stat now {};
  return ::fstat(kept.file->whole.fd, &now) == 0 && files::file_identity(now) == kept.file->identity;
}

// -- the answer with a file

/// The form of a file that a request takes; null: it takes none. A part is one of the plain form, so that
/// what was begun in one coding is not gone on with in another (RFC 9110 14.2).
file_pointer choose_coding(const request& r, const file_pointer& plain) {
  std::array<std::string_view, 3> offered;
  std::size_t count = 0;
  if (!r.headers().contains("Range"))
    for (const auto& each : plain->codings)
      offered[count++] = each->coding;
  const auto best = best_encoding(r.headers(), std::span(offered).first(count));
  if (!best)
    return nullptr;
  for (const auto& each : plain->codings)
    if (each->coding == *best)
      return each;
  return plain;
}

/// The fields that a 304 has too (15.4.5).
void add_metadata(response& to, const served_file& file, validators& current, bool varies, http_time now) {
  to.headers.reserve(8);
  to.headers.emplace_back("ETag", std::move(current.etag));
  if (!file.cache_control.empty())
    to.headers.emplace_back("Cache-Control", file.cache_control);
  if (file.max_age)
    to.headers.emplace_back("Expires", to_http_date(now + *file.max_age));
  if (varies)
    to.headers.emplace_back("Vary", "Accept-Encoding");
}

void add_content_fields(response& to, const served_file& file, http_time now) {
  // a time that is still to come is sent as now (8.8.2.1)
  if (file.changed > now) [[unlikely]]
    to.headers.emplace_back("Last-Modified", to_http_date(now));
  else
    to.headers.emplace_back("Last-Modified", file.last_modified);
  if (file.coding.empty())
    to.headers.emplace_back("Accept-Ranges", "bytes");
  else
    to.headers.emplace_back("Content-Encoding", file.coding);
  to.headers.emplace_back("X-Content-Type-Options", "nosniff");
}

[[gnu::noinline]] response refuse_range(const request& r, std::uint64_t size) {
  response refusal = error_page(r.headers(), status::range_not_satisfiable);
  refusal.headers.emplace_back("Content-Range", to_content_range({range_outcome::unsatisfiable, 0, 0}, size));
  return refusal;
}

response answer_with(request& r, const file_pointer& plain) {
  const bool varies = !plain->codings.empty();
  const file_pointer file = varies ? choose_coding(r, plain) : plain;
  if (file == nullptr)
    throw http_error(status::not_acceptable, "there is no form of it in a coding that the request takes");
  const http_time now = wall_clock();
  validators current = file->validators_at(now);
  response answer;
  const auto verdict = check_preconditions(r.headers(), r.method(), current, now);
  if (verdict == precondition::failed)
    throw http_error(status::precondition_failed, "it is not in the state that the request names");
  if (verdict == precondition::not_modified) {
    answer.status = status::not_modified;
    add_metadata(answer, *file, current, varies, now);
    return answer;
  }
  const std::uint64_t size = file->whole.length;
  byte_ranges ranges;
  if (file->coding.empty() && r.headers().contains("Range")) [[unlikely]]
    ranges = choose_ranges(r.headers(), r.method(), size, current, now);
  if (ranges.outcome == range_outcome::unsatisfiable)
    return refuse_range(r, size);
  add_metadata(answer, *file, current, varies, now);
  add_content_fields(answer, *file, now);
  if (ranges.count > 1)
    return send_parts(r, std::move(answer), *file, ranges);
  answer.content_type = file->content_type;
  answer.file = files::whole_of(file);
  if (ranges.count == 1) {
    const byte_span part = ranges.spans[0];
    answer.status = status::partial_content;
    answer.headers.emplace_back("Content-Range", to_content_range(part, size));
    answer.file = std::make_shared<const file_part>(std::move(answer.file), part.first, part.length);
  }
  return answer;
}

// -- answers without one

/// For routes that take every method; otherwise the router does it.
[[gnu::noinline]] response answer_other_method(request& r) {
  r.before_send([](response& answer) { answer.headers.emplace_back("Allow", "GET, HEAD, OPTIONS"); });
  if (r.method() == "OPTIONS")
    return empty();
  throw http_error(status::method_not_allowed, "");
}

/// To the same place with a '/' at its end, and with its query.
response send_to_folder(const request& r) {
  std::string place = files::to_uri_path(decode_segment(r.path())) + '/';
  if (!is_local(place))
    throw http_error(status::not_found, "");
  if (!r.query().empty())
    place.append("?").append(r.query().raw());
  return redirect(place, status::moved_permanently);
}

response list(const request& r, const finding& found, const std::string& path,
              const static_options& options) {
  auto content = runtime::blocking([&] {
    return files::read_folder(found.folder, *found.root, path, options.hidden, options.listing_limit);
  });
  const files::list_order order = files::parse_list_order(r.query());
  sort(content, order);
  const std::string shown = decode_segment(r.path());
  const bool as_json = options.listing == file_listing::json ||
                       best_type(r.headers(), {"text/html", "application/json"}) == "application/json";
  response answer =
      as_json ? json(to_json(shown, content)) : html(to_page(shown, content, order, !path.empty()));
  if (!as_json)
    answer.headers.emplace_back("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
  answer.headers.emplace_back("X-Content-Type-Options", "nosniff");
  if (options.listing == file_listing::html)
    answer.headers.emplace_back("Vary", "Accept");
  return answer;
}

// -- the handler

class file_handler {
public:
  explicit file_handler(static_options options) : state_(std::make_shared<state>(std::move(options))) {}

  response operator()(request& r) const {
    if (r.method() != "GET" && r.method() != "HEAD") [[unlikely]]
      return answer_other_method(r);
    const std::string path = r.param(state_->options.param);
    // an encoded slash is data of a segment, and no file's name has one
    if (!files::is_wanted_path(path, state_->options.hidden) ||
        r.path().find("%2F") != std::string_view::npos)
      throw http_error(status::not_found, "");
    const auto kept = state_->cache.find(path, now_ms());
    if (serves(kept)) [[likely]]
      return answer_with(r, kept.file);
    return look_and_answer(r, path, kept.file);
  }

private:
  struct state { // shared by the copies that std::function makes
    explicit state(static_options wanted)
        : options(std::move(wanted)), finder(options), cache(options.cache) {}

    const static_options options;
    const files::finder finder;
    files::file_cache cache;
  };

  [[gnu::noinline]] response look_and_answer(request& r, const std::string& path,
                                             const file_pointer& known) const {
    finding found = look(path, known);
    const bool lists = state_->options.listing != file_listing::off;
    if (is_missing(found) && !(found.what == finding::kind::folder && lists))
      try_others(path, found);
    switch (found.what) {
    case finding::kind::file:
      return answer_with(r, found.file);
    case finding::kind::slash_wanted:
      return send_to_folder(r);
    case finding::kind::folder:
      if (lists)
        return list(r, found, path, state_->options);
      break;
    case finding::kind::nothing:
      break;
    }
    throw http_error(status_of(found.fault), "");
  }

  static bool is_missing(const finding& found) noexcept {
    return found.what == finding::kind::folder ||
           (found.what == finding::kind::nothing && status_of(found.fault) == status::not_found);
  }

  /// What try_files has first, if anything.
  void try_others(const std::string& path, finding& found) const {
    for (const auto& pattern : state_->options.try_files) {
      const std::string other = files::path_to_try(pattern, path);
      if (!files::is_wanted_path(other, state_->options.hidden))
        continue;
      const auto kept = state_->cache.find(other, now_ms());
      finding next =
          serves(kept) ? finding{.what = finding::kind::file, .file = kept.file} : look(other, kept.file);
      if (is_missing(next) || next.what == finding::kind::slash_wanted)
        continue;
      found = std::move(next);
      return;
    }
  }

  /// On the disk; what is found is kept.
  finding look(const std::string& path, const file_pointer& known) const {
    files::file_cache& cache = state_->cache;
    finding found = state_->finder.find(path, known, cache.content_limit());
    if (found.what != finding::kind::file) {
      if (known != nullptr)
        cache.drop(path);
    } else if (found.file == known) {
      cache.renew(path, *known, now_ms());
    } else {
      if (cache.is_on())
        found.file->whole.expect_first_use();
      cache.put(path, found.file, now_ms());
    }
    return found;
  }

  std::shared_ptr<state> state_;
};

} // namespace

handler static_files(static_options options) { return file_handler(std::move(options)); }

} // namespace perron::httpd
