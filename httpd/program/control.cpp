// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/control.hpp>

#include <perron/httpd/child.hpp>
#include <perron/httpd/program/nodes/all_nodes.hpp>
#include <perron/httpd/program/nodes/conductor.hpp>
#include <perron/httpd/program/nodes/shared_sockets.hpp>
#include <perron/httpd/program/service/privileges.hpp>
#include <perron/runtime/call.hpp>
#include <perron/runtime/core/clock.hpp>

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace perron::httpd::program {
namespace {

using nlohmann::json;

/// A reload may read large tables, a drain waits for requests.
constexpr std::chrono::hours long_time{1};

response answer_json(const json& body, int code = status::ok) {
  return httpd::json(body.dump() + '\n', code);
}

/// The file's rights keep others out already; this holds also where a file system does not heed them.
response only_owner(request& r, const handler& next) {
  const auto who = r.unix_peer();
  if (!who || (who->uid != 0 && who->uid != ::geteuid()))
    throw http_error(status::forbidden, "the control socket is for root and the user of this program");
  return next(r);
}

template <class T>
T expect(runtime::result<T> asked) {
  if (!asked)
    throw http_error(status::service_unavailable, asked.error().text);
  return std::move(*asked);
}

response outcome_of(const runtime::result<void>& done) {
  if (done)
    return answer_json({{"ok", true}});
  return answer_json({{"ok", false}, {"error", done.error().text}}, status::unprocessable_content);
}

response outcome_of(const reload_of_all& what) {
  if (!what.done)
    return outcome_of(what.done);
  json said = {{"ok", true}};
  for (const auto& [node, why] : what.behind)
    said["behind"].push_back({{"node", node}, {"error", why}});
  return answer_json(said);
}

server_options control_options(const process_settings& of) {
  server_options options;
  options.host = "unix:" + std::filesystem::absolute(of.control).string();
  options.port = 0;
  options.unix_mode = of.control_mode;
  options.answers_half_closed = true;
  return options;
}

std::string control_key(const server_options& options) { return options.host + " 0"; }

std::int64_t seconds_since(std::chrono::system_clock::time_point then) {
  return std::chrono::duration_cast<std::chrono::seconds>(runtime::core::wall_now() - then).count();
}

} // namespace

json to_json(const program_status& s) {
  json out = {{"version", PERRON_VERSION}, {"pid", ::getpid()},          {"uptime", seconds_since(s.started)},
              {"configuration", s.file},   {"generation", s.generation}, {"reloads", s.reloads},
              {"draining", s.draining},    {"listeners", json::array()}};
  if (s.reloads != 0)
    out["last_reload"] = {{"ok", s.last.good}, {"error", s.last.why}, {"ago", seconds_since(s.last.at)}};
  std::uint64_t connections = 0;
  std::uint64_t requests = 0;
  for (const listener_status& l : s.listeners) {
    connections += l.stats.connections;
    requests += l.stats.requests;
    out["listeners"].push_back({{"name", l.name},
                                {"url", l.url},
                                {"connections", l.stats.connections},
                                {"accepted", l.stats.accepted},
                                {"requests", l.stats.requests},
                                {"running", l.stats.running},
                                {"crashed", l.stats.crashed},
                                {"refused", l.stats.refused},
                                {"limited", l.stats.limited},
                                {"turned_away", l.stats.turned_away}});
  }
  out["connections"] = connections;
  out["requests"] = requests;
  return out;
}

json to_json(const std::vector<route_line>& lines) {
  json out = {{"routes", json::array()}};
  for (const route_line& l : lines)
    out["routes"].push_back({{"listener", l.listener},
                             {"host", l.host},
                             {"method", l.method},
                             {"pattern", l.pattern},
                             {"what", l.what}});
  return out;
}

router control_routes(const std::shared_ptr<running_program>& of, unsigned mode, std::function<void()> stop) {
  router r;
  if ((mode & 0077U) == 0)
    r.use(only_owner);
  const bool alone = of->shared == nullptr;
  r.get("/status", [of, alone](request&) {
    return answer_json(alone ? to_json(expect(runtime::call(the_keeper(), status_call{})))
                             : status_of_all(*of));
  });
  r.get("/routes",
        [](request&) { return answer_json(to_json(expect(runtime::call(the_keeper(), routes_call{})))); });
  r.post("/reload", [alone](request&) {
    if (alone)
      return outcome_of(expect(runtime::call(the_keeper(), reload_call{}, long_time)));
    return outcome_of(expect(runtime::call(the_conductor(), reload_all_call{}, long_time)));
  });
  r.post("/drain", [of, alone](request&) {
    return outcome_of(alone ? expect(runtime::call(the_keeper(), drain_call{}, long_time)) : drain_all(*of));
  });
  r.post("/stop", [stop = std::move(stop)](request&) {
    stop();
    return answer_json({{"ok", true}});
  });
  return r;
}

runtime::result<void> make_control_folder(const process_settings& of) {
  if (of.control.empty())
    return {};
  const std::filesystem::path folder = std::filesystem::absolute(of.control).parent_path();
  std::error_code why;
  if (std::filesystem::exists(folder, why)) {
    if (::geteuid() == 0 || ::access(folder.c_str(), W_OK) == 0)
      return {};
    return runtime::error{"control: " + folder.string() + ": " + std::strerror(errno), errno};
  }
  if (!std::filesystem::create_directories(folder, why) && why)
    return runtime::error{"control: " + folder.string() + ": " + why.message(), why.value()};
  if (::geteuid() != 0 || of.user.empty())
    return {};
  const auto who = find_identity(of.user, of.group);
  if (who && ::chown(folder.c_str(), who->user, who->group) != 0)
    return runtime::error{"control: " + folder.string() + ": cannot be given to " + of.user, EPERM};
  return {};
}

runtime::result<void> open_control(const process_settings& of, const shared_program& with) {
  server_options options = control_options(of);
  if (::geteuid() == 0 && !of.user.empty())
    if (const auto who = find_identity(of.user, of.group)) {
      options.unix_uid = who->user;
      options.unix_gid = who->group;
    }
  const auto opened = shared_sockets::get(control_key(options), options, 1, with.nodes, with.shelf);
  return opened ? runtime::result<void>() : opened.error();
}

supervisors::child_spec control_child(const std::shared_ptr<running_program>& of,
                                      std::function<void()> stop) {
  server_options options = control_options(of->current.server);
  if (of->shared != nullptr)
    options.inherited = of->shared->shelf->copy_of(control_key(options)).fds; // as long as the process lives
  return server_child("control", std::move(options),
                      control_routes(of, of->current.server.control_mode, std::move(stop)));
}

} // namespace perron::httpd::program
