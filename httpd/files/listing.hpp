// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/core/file_opening.hpp>
#include <perron/httpd/http_date.hpp>
#include <perron/httpd/target.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace perron::httpd::files {

/// A name in a folder.
struct listed {
  std::string name;
  bool is_folder = false;
  std::uint64_t size = 0; ///< of a file
  http_time changed{};
};

struct folder_content {
  std::vector<listed> entries{};
  bool is_whole = true; ///< false: there are more
};

/// What of a folder can be asked for: regular files and folders, and links to them that `root` would follow.
/// Left out is what no request can name: what is not UTF-8 or has control characters, and without `hidden`
/// what begins with a dot. Reads until it has `limit` entries, in the file system's order. `path` is the
/// folder's below `root`, empty or with '/' at its end. Blocks the thread; not for a process.
folder_content read_folder(const core::open_file& folder, const core::folder& root, const std::string& path,
                           bool hidden, std::size_t limit);

enum class list_key : std::uint8_t { name, size, time };

struct list_order {
  list_key key = list_key::name;
  bool descending = false;
};

/// As a query says: `sort=name|size|time&order=asc|desc`; what it does not say, or says otherwise, is by
/// name, ascending.
list_order parse_list_order(const query_view& query);

/// Folders first, whatever the order; names decide between equals.
void sort(folder_content& content, list_order order);

/// A page with links that sort it. `path` is what the client calls the folder, decoded, with '/' at its end;
/// `has_parent`: there is one to go up to.
std::string to_page(std::string_view path, const folder_content& content, list_order order, bool has_parent);

/// `{"path": "/static/", "complete": true, "entries": [{"name": "a.txt", "type": "file", "size": 10,
/// "modified": "2026-01-31T12:00:00Z"}, {"name": "sub", "type": "folder", "modified": …}]}`
std::string to_json(std::string_view path, const folder_content& content);

} // namespace perron::httpd::files
