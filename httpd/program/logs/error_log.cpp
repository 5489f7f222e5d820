// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/logs/error_log.hpp>

#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <utility>

namespace perron::httpd::program {
namespace {

constexpr const char* name = "perron";

std::optional<spdlog::level::level_enum> level_of(const std::string& text) {
  const auto level = spdlog::level::from_str(text); // off for what it does not know
  if (level == spdlog::level::off)
    return std::nullopt;
  return level;
}

int priority_of(spdlog::level::level_enum level) noexcept {
  switch (level) {
  case spdlog::level::critical:
    return LOG_CRIT;
  case spdlog::level::err:
    return LOG_ERR;
  case spdlog::level::warn:
    return LOG_WARNING;
  case spdlog::level::info:
    return LOG_INFO;
  default:
    return LOG_DEBUG;
  }
}

/// Whether a stream is the one that JOURNAL_STREAM names, "device:inode" (systemd.exec(5)).
bool is_journal(int fd) {
  const char* journal = std::getenv("JOURNAL_STREAM");
  struct stat s {};
  return journal != nullptr && ::fstat(fd, &s) == 0 &&
         std::to_string(s.st_dev) + ':' + std::to_string(s.st_ino) == journal;
}

} // namespace

/// One sink for the logger's whole life, with one place or another behind it.
class error_log::sink final : public spdlog::sinks::base_sink<std::mutex> {
public:
  enum class place { file, journal, syslog, off };

  void write_to(place where, std::unique_ptr<log_file> file) {
    const std::lock_guard hold(mutex_);
    where_ = where;
    file_ = std::move(file);
  }
  runtime::result<void> reopen() {
    const std::lock_guard hold(mutex_);
    return file_ != nullptr ? file_->reopen() : runtime::result<void>();
  }

private:
  void sink_it_(const spdlog::details::log_msg& msg) override {
    if (where_ == place::off)
      return;
    if (where_ == place::syslog) {
      ::syslog(priority_of(msg.level), "%.*s", static_cast<int>(msg.payload.size()), msg.payload.data());
      return;
    }
    if (file_ == nullptr)
      return;
    std::string text;
    if (where_ == place::journal) {
      append_for_journal(text, msg);
    } else {
      spdlog::memory_buf_t line;
      formatter_->format(msg, line);
      text.assign(line.data(), line.size());
    }
    // what cannot be written can be told to nobody
    static_cast<void>(file_->write(text, msg.time));
  }
  void flush_() override {}

  /// Each line has its priority.
  static void append_for_journal(std::string& out, const spdlog::details::log_msg& msg) {
    const std::string prefix = '<' + std::to_string(priority_of(msg.level)) + '>';
    out = prefix;
    for (const char c : msg.payload) {
      out += c;
      if (c == '\n')
        out += prefix;
    }
    out += '\n';
  }

  place where_ = place::file;
  std::unique_ptr<log_file> file_{};
};

error_log::error_log() : sink_(std::make_shared<sink>()) {
  static_cast<void>(configure({}));
  spdlog::drop(name);
  auto logger = std::make_shared<spdlog::logger>(name, sink_);
  logger->set_level(spdlog::level::trace); // the sink has the level, so that it can be changed at once
  spdlog::register_logger(std::move(logger));
}

error_log::~error_log() { static_cast<void>(configure({})); }

runtime::result<void> error_log::configure(const error_log_options& options) {
  const auto level = level_of(options.level);
  if (!level)
    return runtime::error{
        "log level '" + options.level + "' is none of trace, debug, info, warning, error, critical", EINVAL};
  const std::string& to = options.file.path;
  if (to == "off" || to == "syslog") {
    if (to == "syslog")
      ::openlog(name, LOG_PID, LOG_DAEMON);
    sink_->write_to(to == "off" ? sink::place::off : sink::place::syslog, nullptr);
  } else {
    auto file = log_file::open(options.file);
    if (!file)
      return file.error();
    const bool journal =
        (to == "stderr" && is_journal(STDERR_FILENO)) || (to == "stdout" && is_journal(STDOUT_FILENO));
    sink_->write_to(journal ? sink::place::journal : sink::place::file, std::move(*file));
  }
  sink_->set_level(*level);
  return {};
}

runtime::result<void> error_log::reopen() { return sink_->reopen(); }

} // namespace perron::httpd::program
