// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/result.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace perron::httpd::program {

/// A text that several processes of one program have in common, and two locks between them. It lies in memory
/// of the kernel (memfd_create(2)) and lives as long as one of them; a process that dies gives its locks back
/// (fcntl(2)). To be made before the fork. Any thread; all calls but make() may wait for another process: not
/// for a worker, see runtime::blocking().
///
/// Not for what changes often: each read and write copies it all.
class shared_text {
public:
  static runtime::result<std::shared_ptr<shared_text>> make(const char* name);
  ~shared_text();
  shared_text(const shared_text&) = delete;
  shared_text& operator=(const shared_text&) = delete;

  std::string read() const;
  void write(std::string_view text) const;

  /// While one is alive nobody else has one, in no process. It goes where it came from: any thread of it.
  class turn {
  public:
    explicit turn(const shared_text& of);
    ~turn();
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;

  private:
    const shared_text& of_;
  };
  /// read() and write() go on meanwhile; for changes that take several of them, or take long.
  std::unique_ptr<turn> take_turn() const { return std::make_unique<turn>(*this); }

private:
  struct parts;
  explicit shared_text(std::unique_ptr<parts> of);

  const std::unique_ptr<parts> parts_;
};

} // namespace perron::httpd::program
