// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/core/file_opening.hpp>
#include <perron/httpd/files/media_types.hpp>
#include <perron/httpd/files/served_file.hpp>
#include <perron/httpd/files/static_options.hpp>

#include <cerrno>
#include <memory>
#include <string>
#include <vector>

namespace perron::httpd::files {

/// What lies under a path.
struct finding {
  enum class kind : std::uint8_t {
    nothing, ///< or nothing that may be sent; `fault` says why
    file,
    folder,      ///< one without an index, asked for with a '/' at its end: `folder` is it, open
    slash_wanted ///< a folder, asked for without one
  };
  kind what = kind::nothing;
  int fault = ENOENT; ///< an errno value
  std::shared_ptr<const served_file> file{};
  core::open_file folder = core::open_file(ENOENT);
  const core::folder* root = nullptr; ///< of `folder`
};

/// Looks for files in the roots, on the disk. In a process: see core::folder::open for when it waits. Any
/// number of threads. Paths must be wanted ones (wanted_path.hpp).
class finder {
public:
  /// Throws std::system_error or std::runtime_error for what of the options is not there.
  explicit finder(const static_options& options);

  /// `known`: what was found there before, or null; it is given again, unchanged, if it is still that.
  /// Content of up to `keep` bytes is read into memory; -1: none.
  finding find(const std::string& path, const std::shared_ptr<const served_file>& known,
               std::int64_t keep) const;

private:
  using file_pointer = std::shared_ptr<const served_file>;

  finding found(const core::folder& root, const std::string& name, core::open_file file,
                const file_pointer& known, std::int64_t keep) const;
  std::vector<core::open_file> open_codings(const core::folder& root, const std::string& name,
                                            const file_identity& plain) const;

  std::vector<std::unique_ptr<const core::folder>> roots_;
  text_list index_;
  cache_rules cache_control_;
  media_types types_;
  bool precompressed_;
  bool expires_;
};

} // namespace perron::httpd::files
