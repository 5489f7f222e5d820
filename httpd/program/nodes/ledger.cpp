// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/nodes/ledger.hpp>

#include <perron/httpd/program/config/load.hpp>

#include <nlohmann/json.hpp>

#include <utility>

namespace perron::httpd::program {
namespace {

using nlohmann::json;
using time_point = std::chrono::system_clock::time_point;

std::int64_t number_of(time_point t) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(t.time_since_epoch()).count();
}

time_point time_of(const json& number) {
  return time_point(
      std::chrono::duration_cast<time_point::duration>(std::chrono::nanoseconds(number.get<std::int64_t>())));
}

} // namespace

runtime::result<configuration> ledger::read_configuration() const {
  auto read = load_text(toml, "", false); // paths in it have their folders already
  if (!read.errors.empty())
    return runtime::error{to_text(std::move(read.errors))};
  read.value.file = file;
  return std::move(read.value);
}

ledger ledger::read(const shared_text& from) {
  const json said = json::parse(from.read(), nullptr, false);
  ledger out;
  if (!said.is_object())
    return out;
  out.file = said["file"].get<std::string>();
  out.toml = said["toml"].get<std::string>();
  out.generation = said["generation"].get<std::uint64_t>();
  out.reloads = said["reloads"].get<std::uint64_t>();
  out.failed = said["failed"].get<std::uint64_t>();
  out.loaded = time_of(said["loaded"]);
  out.last = {time_of(said["last"]["at"]), said["last"]["good"].get<bool>(),
              said["last"]["why"].get<std::string>()};
  return out;
}

void ledger::write(const shared_text& to) const {
  const json said = {{"file", file},
                     {"toml", toml},
                     {"generation", generation},
                     {"reloads", reloads},
                     {"failed", failed},
                     {"loaded", number_of(loaded)},
                     {"last", {{"at", number_of(last.at)}, {"good", last.good}, {"why", last.why}}}};
  to.write(said.dump(-1, ' ', false, json::error_handler_t::replace));
}

} // namespace perron::httpd::program
