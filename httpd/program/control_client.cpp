// SPDX-License-Identifier: BSD-3-Clause
// The other side of the control socket: the commands that speak to a program that runs. One thread, and it
// waits.
#include <perron/httpd/program/commands.hpp>
#include <perron/httpd/program/control_text.hpp>

#include <nlohmann/json.hpp>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace perron::httpd::program {
namespace {

using runtime::error;
using runtime::result;

class closing {
public:
  explicit closing(int fd) noexcept : fd_(fd) {}
  ~closing() {
    if (fd_ >= 0)
      ::close(fd_);
  }
  closing(const closing&) = delete;
  closing& operator=(const closing&) = delete;

private:
  const int fd_;
};

error failure(const std::string& socket, int code) {
  std::string text = "no perron answers at " + socket + ": " + std::strerror(code);
  if (code == EACCES)
    text += "; it answers root and the user it runs as";
  return {text, code};
}

bool send_all(int fd, std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

struct reply {
  int status = 0;
  std::string body{};
};

result<reply> ask(const std::string& socket, std::string_view request) {
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  if (socket.empty() || socket.size() >= sizeof where.sun_path)
    return failure(socket, ENAMETOOLONG);
  socket.copy(where.sun_path, socket.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const closing at_end(fd);
  if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0)
    return failure(socket, errno);
  if (!send_all(fd, request))
    return failure(socket, errno);
  std::string all;
  std::array<char, 16384> part;
  for (;;) {
    const ssize_t n = ::recv(fd, part.data(), part.size(), 0);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return failure(socket, errno);
    if (n == 0)
      break;
    all.append(part.data(), static_cast<std::size_t>(n));
  }
  const std::size_t end = all.find("\r\n\r\n");
  if (all.compare(0, 9, "HTTP/1.1 ") != 0 || end == std::string::npos)
    return error{"what answers at " + socket + " is no perron, or has ended meanwhile", EPROTO};
  return reply{std::atoi(all.c_str() + 9), all.substr(end + 4)};
}

std::string error_of(const reply& r, const nlohmann::json& said) {
  if (said.is_object() && said.contains("error") && said["error"].is_string())
    return said["error"].get<std::string>();
  return r.body.empty() ? "status " + std::to_string(r.status) : r.body;
}

} // namespace

int control(std::string_view command, const std::string& socket, bool json) {
  const bool asks = command == "status" || command == "routes";
  const std::string request = (asks ? "GET /" : "POST /") + std::string(command) +
                              " HTTP/1.1\r\nHost: control\r\nConnection: close\r\nAccept: text/plain\r\n" +
                              (asks ? "\r\n" : "Content-Length: 0\r\n\r\n");
  const auto got = ask(socket, request);
  if (!got) {
    std::fprintf(stderr, "perron: %s\n", got.error().text.c_str());
    return exit_failed;
  }
  const nlohmann::json said = nlohmann::json::parse(got->body, nullptr, false);
  if (got->status != 200) {
    std::fprintf(stderr, "%s\n", error_of(*got, said).c_str());
    return exit_failed;
  }
  const std::string text = json ? got->body : control_text(command, said);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return exit_ok;
}

} // namespace perron::httpd::program
