// SPDX-License-Identifier: BSD-3-Clause
#include "history.hpp"

#include <perron/runtime/blocking.hpp>

#include <sqlite3.h>

#include <stdexcept>

namespace chat {

using perron::runtime::blocking;

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
  bool next() {
    const int how = sqlite3_step(handle_);
    if (how != SQLITE_ROW && how != SQLITE_DONE)
      throw std::runtime_error(std::string("history: ") + sqlite3_errmsg(db_));
    return how == SQLITE_ROW;
  }
  std::int64_t number(int column) { return sqlite3_column_int64(handle_, column); }
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

} // namespace

void history::closer::operator()(sqlite3* db) const noexcept { sqlite3_close(db); }

history::history(const std::string& file) {
  blocking([&] {
    sqlite3* db = nullptr;
    const int opened = sqlite3_open(file.c_str(), &db);
    db_.reset(db);
    if (opened != SQLITE_OK)
      throw std::runtime_error("history: " + file + ": " + sqlite3_errmsg(db));
    constexpr const char* message_table =
        "CREATE TABLE IF NOT EXISTS message (id INTEGER PRIMARY KEY AUTOINCREMENT, room TEXT NOT NULL,"
        " nick TEXT NOT NULL, text TEXT NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL)";
    for (const char* sql :
         {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL", message_table,
          "CREATE INDEX IF NOT EXISTS message_room ON message (room, id)",
          "CREATE TABLE IF NOT EXISTS room (name TEXT PRIMARY KEY, incarnation INTEGER NOT NULL)"}) {
      statement s(db, sql);
      while (s.next()) {
      }
    }
  });
}

message history::handle_call(append request) {
  blocking([&] {
    statement s(db_.get(), "INSERT INTO message (room, nick, text, at, kind) VALUES (?, ?, ?, ?, ?)");
    s.bind(request.room).bind(request.line.nick).bind(request.line.text).bind(request.line.at);
    s.bind(request.line.kind).next();
    request.line.id = sqlite3_last_insert_rowid(db_.get());
  });
  return std::move(request.line);
}

std::vector<message> history::handle_call(const load& request) {
  return blocking([&] {
    std::vector<message> lines;
    statement s(db_.get(),
                "SELECT * FROM (SELECT id, nick, text, at, kind FROM message WHERE room = ? AND id > ?"
                " ORDER BY id DESC LIMIT ?) ORDER BY id");
    s.bind(request.room).bind(request.after).bind(request.most);
    while (s.next())
      lines.push_back({s.number(0), s.text(1), s.text(2), s.number(3), s.text(4)});
    return lines;
  });
}

room_started::reply history::handle_call(const room_started& request) {
  const std::int64_t incarnation = blocking([&] {
    statement s(db_.get(), "INSERT INTO room (name, incarnation) VALUES (?, 1)"
                           " ON CONFLICT (name) DO UPDATE SET incarnation = incarnation + 1"
                           " RETURNING incarnation");
    s.bind(request.room);
    s.next();
    const std::int64_t n = s.number(0);
    s.next();
    return n;
  });
  return {incarnation, !started_.insert(request.room).second};
}

} // namespace chat
