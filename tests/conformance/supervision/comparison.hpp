// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "conformance/supervision/differences.hpp"
#include "conformance/supervision/scenario.hpp"
#include "conformance/supervision/stage.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perron::conformance {

/// One Erlang virtual machine with the escript, for as long as this lives.
class otp {
public:
  /// Throws std::system_error if escript cannot be started.
  explicit otp(const std::string& escript);
  ~otp();
  otp(const otp&) = delete;
  otp& operator=(const otp&) = delete;

  /// Hands over a scenario; it is run while the caller does something else.
  void give(const scenario& play);
  /// The trace of the first one given that has not been taken. Throws std::runtime_error if the machine has
  /// ended.
  std::vector<std::string> take();

private:
  int child_ = -1;
  int to_ = -1;
  int from_ = -1;
};

/// Runs scenarios on both sides and tells of differences on standard output.
class comparison {
public:
  /// `verbose` prints the traces of scenarios that pass too. A scenario with a known difference passes if it
  /// shows just that one.
  comparison(const std::string& escript, std::vector<difference> known, bool verbose)
      : otp_(escript), known_(std::move(known)), verbose_(verbose) {}

  void run(const std::vector<scenario>& plays);

  std::size_t passed() const noexcept { return passed_; }
  std::size_t failed() const noexcept { return failed_; }

private:
  void compare(const scenario& play, std::vector<std::string> ours, std::vector<std::string> theirs);

  otp otp_; // before the node, whose threads would be forked with it
  stage stage_;
  std::vector<difference> known_;
  bool verbose_;
  std::size_t passed_ = 0;
  std::size_t failed_ = 0;
};

/// Sorts what has no order of its own: neighbouring lines "told*" and "report*", of children that are stopped
/// all at once.
void sort_simultaneous(std::vector<std::string>& trace);

} // namespace perron::conformance
