// SPDX-License-Identifier: BSD-3-Clause
//
// What nodes_test starts: a channel in several nodes, each with a port of its own, so that a client can
// choose where it goes. `channel_nodes_program --processes N [--store FILE]`
#include <perron/httpd/channel/channel.hpp>
#include <perron/httpd/child.hpp>
#include <perron/httpd/json.hpp>
#include <perron/runtime/blocking.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/supervisors/app.hpp>
#include <perron/supervisors/siblings.hpp>

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace perron;
using namespace std::chrono_literals;
using nlohmann::json;

/// Histories as lines of JSON in one file for each topic, "FILE.TOPIC", which outlives every node.
class file_store final : public httpd::topic_store {
public:
  explicit file_store(std::string file) : file_(std::move(file)) {}

  runtime::result<opened> open(const std::string& topic, std::size_t most) override {
    return runtime::blocking([&] {
      opened out;
      std::vector<httpd::topic_record> all = read(topic, out.epoch);
      if (out.epoch == 0)
        write(topic, {{"epoch", out.epoch = httpd::new_epoch()}});
      out.last = all.empty() ? 0 : all.back().id;
      const auto count = static_cast<std::ptrdiff_t>(std::min(most, all.size()));
      out.newest.assign(all.end() - count, all.end());
      return out;
    });
  }
  runtime::result<void> append(const std::string& topic, const httpd::topic_record& r) override {
    runtime::blocking([&] {
      write(topic, {{"id", r.id},
                    {"at", r.at_ms},
                    {"from", r.origin.from},
                    {"number", r.origin.number},
                    {"data", r.data}});
    });
    return {};
  }
  runtime::result<std::vector<httpd::topic_record>> load(const std::string& topic, std::uint64_t id,
                                                         std::size_t most) override {
    return runtime::blocking([&] {
      std::uint64_t epoch = 0;
      std::vector<httpd::topic_record> out;
      for (httpd::topic_record& each : read(topic, epoch))
        if (each.id > id && out.size() < most)
          out.push_back(std::move(each));
      return out;
    });
  }

private:
  void write(const std::string& topic, const json& line) const {
    std::ofstream(file_ + '.' + topic, std::ios::app) << line.dump() + '\n' << std::flush;
  }
  std::vector<httpd::topic_record> read(const std::string& topic, std::uint64_t& epoch) const {
    std::vector<httpd::topic_record> out;
    std::ifstream in(file_ + '.' + topic);
    for (std::string line; std::getline(in, line);) {
      const json j = json::parse(line);
      if (j.contains("epoch"))
        epoch = j["epoch"];
      else
        out.push_back({j["id"], j["at"], {j["from"], j["number"]}, j["data"]});
    }
    return out;
  }

  std::string file_;
};

/// A topic's name says how it is to work.
runtime::result<httpd::topic_options> options_of(const std::string& name) {
  httpd::topic_options how;
  if (name.starts_with("small"))
    how.most_entries = 5;
  if (name.starts_with("long")) {
    how.most_entries = 100'000;
    how.most_bytes = std::size_t(64) << 20;
  }
  how.unique_members = name.starts_with("unique");
  how.grace = name.starts_with("brief") ? 0ms : 3'600'000ms;
  if (const auto file = app::env<std::string>("store"); !file.empty())
    how.store = std::make_shared<file_store>(file);
  return how;
}

std::uint16_t own_port() { return httpd::server_port(runtime::whereis("http")).value_or(0); }

json nodes() {
  json out = json::array();
  for (const siblings::reply& each : siblings::ask_all("node", "", 10s))
    out.push_back(each.bytes ? json::parse(*each.bytes) : json());
  return out;
}

/// The nodes, once this one is another process than it was, and is up.
httpd::response replaced(httpd::request& r) {
  const auto node = r.query().number("node").value_or(0);
  const auto was = r.query().number("pid").value_or(0);
  siblings::watch();
  for (;;) {
    json now = nodes();
    if (now[node].is_object() && now[node]["pid"] != was)
      return httpd::json_response(now);
    runtime::receive([](const siblings::node_change&) {});
  }
}

httpd::router routes(const httpd::topics& all, const httpd::channel& live) {
  httpd::router r;
  r.mount("/live", live.routes());
  r.get("/nodes", [](httpd::request&) { return httpd::json_response(nodes()); });
  r.get("/replaced", replaced);
  r.post("/crash/:topic", [all](httpd::request& q) {
    const runtime::pid who = all.there(q.param("topic"));
    if (!who)
      return httpd::empty(404);
    const auto ref = runtime::monitor(who);
    runtime::exit(who, runtime::exit_reason::custom("crashed by a test"));
    runtime::receive(
        runtime::when([ref](const runtime::down& d) { return d.ref == ref; }, [](const runtime::down&) {}));
    return httpd::empty(204);
  });
  r.get("/members/:topic", [all](httpd::request& q) {
    const auto who = all.find(q.param("topic")).value();
    return httpd::json_response(runtime::call(who, httpd::topic_figures{}).value().members);
  });
  return r;
}

app::children children() {
  siblings::answer("node", [](std::string_view) {
    return json{{"node", siblings::self()}, {"pid", ::getpid()}, {"port", own_port()}}.dump();
  });
  const httpd::topics all("topics", {.options_of = options_of});
  httpd::channel_options how;
  how.polls.window = 1h; // no lease may end because a test is slow
  const httpd::channel live("live", all, std::move(how));
  return {all.child(), live.child(),
          httpd::server_child("http", {.name = "http", .port = 0, .drain_time = 0ms}, routes(all, live))};
}

void announce() {
  siblings::announce("channel_nodes_program: http://127.0.0.1:" + std::to_string(own_port()) + "/");
}

} // namespace

int main(int argc, char** argv) {
  return app::run(
      argc, argv,
      {.name = "channel_nodes_program",
       .settings = {{"processes", 1U, "nodes"}, {"store", std::string(), "file of the histories"}},
       .configure = [](app::spec& s) { s.processes = app::env<unsigned>("processes"); },
       .children = children,
       .phases = {{"announce", announce}}});
}
