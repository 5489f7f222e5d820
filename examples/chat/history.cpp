// SPDX-License-Identifier: BSD-3-Clause
#include "history.hpp"

#include <perron/runtime/blocking.hpp>

#include <perron/runtime/call.hpp>
#include <perron/runtime/process.hpp>

#include <nlohmann/json.hpp>
#include <sqlite3.h>

#include <chrono>
#include <stdexcept>
#include <utility>

namespace chat {

using perron::runtime::blocking;
namespace rt = perron::runtime;
namespace httpd = perron::httpd;

namespace {

/// A prepared statement with its values bound; throws with SQLite's text if anything fails.
class statement {
public:
  statement(sqlite3* db, const char* sql) : db_(db) {
    if (sqlite3_prepare_v2(db, sql, -1, &handle_, nullptr) != SQLITE_OK)
      throw std::runtime_error(std::string("history: ") + sqlite3_errmsg(db));
  }
  ~statement() { sqlite3_finalize(handle_); }
  statement(const statement&) = delete;
  statement& operator=(const statement&) = delete;

  statement& bind(const std::string& text) {
    sqlite3_bind_text(handle_, ++bound_, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
    return *this;
  }
  statement& bind(std::int64_t number) {
    sqlite3_bind_int64(handle_, ++bound_, number);
    return *this;
  }
  statement& bind(std::uint64_t number) { return bind(static_cast<std::int64_t>(number)); }
  bool next() {
    const int how = sqlite3_step(handle_);
    if (how != SQLITE_ROW && how != SQLITE_DONE)
      throw std::runtime_error(std::string("history: ") + sqlite3_errmsg(db_));
    return how == SQLITE_ROW;
  }
  std::int64_t number(int column) { return sqlite3_column_int64(handle_, column); }
  std::uint64_t count(int column) { return static_cast<std::uint64_t>(number(column)); }
  std::string text(int column) {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
    return bytes == nullptr
               ? std::string()
               : std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column)));
  }

private:
  sqlite3* db_;
  sqlite3_stmt* handle_ = nullptr;
  int bound_ = 0;
};

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

void insert(sqlite3* db, const std::string& room, const topic_record& line) {
  statement s(db, "INSERT INTO line (room, id, at, sender, number, data) VALUES (?, ?, ?, ?, ?, ?)");
  s.bind(room).bind(line.id).bind(line.at_ms).bind(line.origin.from).bind(line.origin.number).bind(line.data);
  s.next();
}

std::vector<topic_record> lines_of(statement& s) {
  std::vector<topic_record> out;
  while (s.next())
    out.push_back({s.count(0), s.number(1), {s.text(2), s.count(3)}, s.text(4)});
  return out;
}

} // namespace

void history::closer::operator()(sqlite3* db) const noexcept { sqlite3_close(db); }

history::history(const std::string& file) {
  blocking([&] {
    sqlite3* db = nullptr;
    const int opened = sqlite3_open(file.c_str(), &db);
    db_.reset(db);
    if (opened != SQLITE_OK)
      throw std::runtime_error("history: " + file + ": " + sqlite3_errmsg(db));
    for (const char* sql :
         {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL",
          "CREATE TABLE IF NOT EXISTS line (room TEXT NOT NULL, id INTEGER NOT NULL, at INTEGER NOT NULL,"
          " sender TEXT NOT NULL, number INTEGER NOT NULL, data TEXT NOT NULL, PRIMARY KEY (room, id)) "
          "WITHOUT ROWID",
          "CREATE TABLE IF NOT EXISTS room_start (name TEXT PRIMARY KEY, epoch INTEGER NOT NULL, starts "
          "INTEGER NOT NULL)"}) {
      statement s(db, sql);
      while (s.next()) {
      }
    }
  });
}

open_room::reply history::handle_call(const open_room& request) {
  const bool again = !started_.insert(request.room).second;
  return blocking([&] {
    open_room::reply out;
    std::uint64_t starts = 0;
    {
      statement s(db_.get(), "INSERT INTO room_start (name, epoch, starts) VALUES (?, ?, 1)"
                             " ON CONFLICT (name) DO UPDATE SET starts = starts + 1 RETURNING epoch, starts");
      s.bind(request.room).bind(httpd::new_epoch()).next();
      out.epoch = s.count(0);
      starts = s.count(1);
      s.next();
    }
    {
      statement s(db_.get(), "SELECT coalesce(max(id), 0) FROM line WHERE room = ?");
      s.bind(request.room).next();
      out.last = s.count(0);
    }
    if (again) {
      const nlohmann::json said{
          {"kind", "system"}, {"text", "The room crashed and was restarted"}, {"incarnation", starts}};
      insert(db_.get(), request.room, {++out.last, now_ms(), {}, said.dump()});
    }
    statement s(db_.get(), "SELECT * FROM (SELECT id, at, sender, number, data FROM line WHERE room = ?"
                           " ORDER BY id DESC LIMIT ?) ORDER BY id");
    s.bind(request.room).bind(std::uint64_t{request.most});
    out.newest = lines_of(s);
    return out;
  });
}

bool history::handle_call(const append_line& request) {
  blocking([&] { insert(db_.get(), request.room, request.line); });
  return true;
}

std::vector<topic_record> history::handle_call(const load_lines& request) {
  return blocking([&] {
    statement s(db_.get(), "SELECT id, at, sender, number, data FROM line WHERE room = ? AND id > ?"
                           " ORDER BY id LIMIT ?");
    s.bind(request.room).bind(request.behind).bind(std::uint64_t{request.most});
    return lines_of(s);
  });
}

count_starts::reply history::handle_call(const count_starts& request) {
  return blocking([&] {
    statement s(db_.get(), "SELECT coalesce(max(starts), 0) FROM room_start WHERE name = ?");
    s.bind(request.room).next();
    return count_starts::reply{s.count(0)};
  });
}

namespace {

class store final : public httpd::topic_store {
public:
  rt::result<opened> open(const std::string& room, std::size_t most) override {
    return rt::call(rt::whereis("history"), open_room{room, most});
  }
  rt::result<void> append(const std::string& room, const topic_record& line) override {
    if (const auto kept = rt::call(rt::whereis("history"), append_line{room, line}); !kept)
      return kept.error();
    return {};
  }
  rt::result<std::vector<topic_record>> load(const std::string& room, std::uint64_t behind,
                                             std::size_t most) override {
    return rt::call(rt::whereis("history"), load_lines{room, behind, most});
  }
};

} // namespace

std::shared_ptr<httpd::topic_store> history_store() { return std::make_shared<store>(); }

} // namespace chat
