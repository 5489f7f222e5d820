// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/supervisors/core/child_table.hpp>
#include <perron/supervisors/core/environment.hpp>
#include <perron/supervisors/core/restart_pace.hpp>
#include <perron/supervisors/restart_intensity.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace perron::supervisors::core {

/// What distinguishes the two kinds of supervisor whose children are named by their pids.
struct dynamic_rules {
  /// simple_one_for_one: all children are made after one template, with arguments of their own. Else each has
  /// a spec of its own (Elixir's DynamicSupervisor).
  bool simple = false;
  auto_shutdown_type auto_shutdown = auto_shutdown_type::never; ///< simple only
  std::size_t max_children = std::numeric_limits<std::size_t>::max();
  std::uint32_t intensity = 1;
  std::chrono::seconds period{5};
};

/// The decisions of such a supervisor, without a process. A child is running or restarting, or forgotten;
/// while it restarts it goes by the pid it had last. otp-semantics 5.3, 5.4, 5.6, 5.7.
///
/// Everything that has to do with one child costs the same however many there are: children lie in numbered
/// places that are used again. So a page of children begins at the place where the last one ended.
class dynamic_supervision final : public child_table {
public:
  dynamic_supervision(const dynamic_rules& rules, environment& world);
  dynamic_supervision(const dynamic_supervision&) = delete;
  dynamic_supervision& operator=(const dynamic_supervision&) = delete;

  /// Takes the template, if it is simple; else there are no specs.
  runtime::result<void> start_all(std::vector<child_spec> specs) override;

  verdict child_ended(runtime::pid who, const runtime::exit_reason& why) override;
  verdict retry(std::uint64_t ticket) override;

  answer start_child(child_spec spec) override;
  answer start_child(arguments given) override;
  answer terminate_child(std::string_view id) override;
  answer terminate_child(runtime::pid child) override;
  answer restart_child(std::string_view id) override;
  answer delete_child(std::string_view id) override;
  std::vector<child_info> which_children() const override;
  child_page which_children(page wanted) const override;
  child_counts count_children() const override;
  const child_spec* spec_of(std::string_view id) const override;
  const child_spec* spec_of(runtime::pid child) const override;

  /// All children at once (OTP 5.6: one timer for all of simple_one_for_one).
  void stop_all() override;

private:
  using spec_ptr = std::shared_ptr<const child_spec>;
  using place = std::uint32_t;
  struct child_record {
    spec_ptr spec; ///< null: the place is free
    arguments given{};
    runtime::pid who{}; ///< now, or last if it is restarting
    bool restarting = false;
    bool admitted = false;    ///< as in supervision
    std::uint64_t ticket = 0; ///< as in supervision
    restart_pace pace{};
  };

  answer start_one(spec_ptr spec, arguments given);
  place take_place();
  void forget(place at);
  void runs(place at, runtime::pid who);
  void await_retry(place at, std::chrono::milliseconds wait, bool admitted);
  void waits_no_more(child_record& child);
  /// A child that runs or is about to.
  std::optional<place> find(runtime::pid child) const;

  verdict restart(place at, runtime::pid was);
  void start_again(place at, runtime::pid was);
  bool ends_all(const child_spec& ended) const;
  void tell(report::context what, const runtime::exit_reason& why, const child_spec& offender,
            runtime::pid who, std::size_t count = 0);
  child_info info_of(const child_record& child) const;
  answer no_ids() const;

  environment& world_;
  const dynamic_rules rules_;
  restart_intensity intensity_;
  spec_ptr template_;
  std::deque<child_record> places_;
  std::vector<place> free_;
  std::unordered_map<runtime::pid, place> by_pid_;
  std::unordered_map<std::uint64_t, place> by_ticket_;
  std::uint64_t last_ticket_ = 0;
  std::size_t restarting_ = 0;
  std::size_t supervisors_ = 0; ///< of the children
};

} // namespace perron::supervisors::core
