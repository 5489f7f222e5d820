// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/program/keeper.hpp>
#include <perron/runtime/server.hpp>
#include <perron/supervisors/child_spec.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perron::httpd::program {

/// What a reload of all nodes came to.
struct reload_of_all {
  runtime::result<void> done{};
  /// Nodes that could not take what is in force, and why: they have been killed, and begin with it.
  std::vector<std::pair<unsigned, std::string>> behind{};
};

struct reload_all_call {
  using reply = reload_of_all;
};

/// The process that changes all nodes, where there are several; any node's will do, one at a time in the
/// whole program: it has the turn of the ledger meanwhile.
///
/// A reload: (1) the keeper of this node does it here (keeper.hpp), so that whatever is wrong with the
/// configuration changes nothing anywhere (2) what is in force is written into the ledger: nodes that are
/// started from now on begin with it (3) all others are told to catch up (4) one that cannot, or does not
/// answer within a minute, is killed, and its parent starts it again. If this node dies between 2 and 3, the
/// others learn of that and look into the ledger by themselves.
class conductor {
public:
  using calls = runtime::protocol<reload_all_call>;
  using casts = runtime::protocol<hung_up>;

  static constexpr std::string_view name = "perron.conductor";

  explicit conductor(std::shared_ptr<running_program> of) : of_(std::move(of)) {}

  reload_of_all handle_call(reload_all_call);
  void handle_cast(hung_up);

private:
  std::vector<std::pair<unsigned, std::string>> tell_others() const;

  const std::shared_ptr<running_program> of_;
};

supervisors::child_spec conductor_child(std::shared_ptr<running_program> of);
/// That of this node; empty if there is none.
runtime::pid the_conductor();

} // namespace perron::httpd::program
