// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/config/file_checks.hpp>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace perron::httpd::program::values {

namespace {

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

/// Whether a file or folder is there and may be read; says why not.
bool is_readable(reading& r, const source_place& place, const std::string& path, bool folder) {
  struct stat found {};
  const char* const kind = folder ? "folder" : "file";
  if (stat(path.c_str(), &found) != 0) {
    const int code = errno;
    if (code == ENOENT || code == ENOTDIR)
      r.fail(place, "there is no " + std::string(kind) + ' ' + path,
             std::string("make it, or name a ") + kind + " that is there");
    else
      r.fail(place, path + ": " + std::strerror(code), "let this user reach it, or name another");
    return false;
  }
  if (folder != S_ISDIR(found.st_mode) || (!folder && !S_ISREG(found.st_mode))) {
    r.fail(place,
           path + (folder                   ? " is no folder"
                   : S_ISDIR(found.st_mode) ? " is a folder"
                                            : " is no regular file"),
           std::string("name a ") + kind);
    return false;
  }
  if (::access(path.c_str(), folder ? R_OK | X_OK : R_OK) != 0) {
    r.fail(place, path + ": " + std::strerror(errno),
           "run this as a user who may read it, or change its permissions");
    return false;
  }
  return true;
}

} // namespace

bool read_path(reading& r, const toml_value& value, path_kind kind, std::string& out) {
  const auto& text = value.text;
  const bool may_be_stream = kind == path_kind::output || kind == path_kind::log;
  if ((may_be_stream && (text == "off" || text == "stdout" || text == "stderr")) ||
      (kind == path_kind::log && text == "syslog")) {
    out = text;
    return true;
  }
  if (text.empty() && kind == path_kind::runtime) {
    out.clear();
    return true;
  }
  if (text.empty() || text.find('\0') != std::string::npos || text.size() > 4095) {
    r.fail(value.place, text.empty() ? "is empty" : "is no path", "write the path of a file or folder");
    return false;
  }
  out = resolved(text, value.place.file);
  // Sockets want to be named in full.
  if (kind == path_kind::runtime && out.front() != '/')
    out = (std::filesystem::current_path() / out).string();
  if (!r.looks_at_system())
    return true;
  switch (kind) {
  case path_kind::file:
    return is_readable(r, value.place, out, false);
  case path_kind::folder:
    return is_readable(r, value.place, out, true);
  case path_kind::new_file:
  case path_kind::output:
  case path_kind::log:
    if (out.back() == '/') {
      r.fail(value.place, out + " is a folder", "add the name of a file");
      return false;
    }
    return is_readable(r, value.place, folder_of(out), true);
  case path_kind::runtime:
    break;
  }
  return true;
}

} // namespace perron::httpd::program::values
