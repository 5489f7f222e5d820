// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/http_activity.hpp>
#include <perron/bench/soak/ramp.hpp>

#include <cstdint>
#include <string>

namespace perron::soak {

/// Connections that ask for a large answer and read it slowly, then for the next one.
class slow_activity final : public http_activity {
public:
  /// `read_rate`: bytes a second and connection.
  slow_activity(connections& all, const std::string& path, std::uint8_t share, std::uint32_t links,
                double read_rate);

  void prepare(link& l) override { l.narrow = true, l.muted = false; }
  void opened(link& l) override;
  void enter(const phase& p, std::int64_t now) override;
  void work(std::int64_t now) override;
  std::int64_t due_ns() const override { return reads_.began_ns == never_ns ? never_ns : reads_.when(read_); }

private:
  void answered(link& l, std::string_view body) override;

  const std::uint8_t share_;
  const std::size_t piece_; // that one read takes
  const double reads_a_second_;
  ramp reads_{never_ns, 0};
  std::uint64_t read_ = 0;
  std::size_t cursor_ = 0;
};

} // namespace perron::soak
