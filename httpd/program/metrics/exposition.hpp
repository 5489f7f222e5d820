// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/headers.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace perron::httpd::program {

/// How metrics are written down.
enum class metrics_format : std::uint8_t {
  prometheus,  ///< Prometheus text format 0.0.4
  openmetrics, ///< OpenMetrics 1.0
};
std::string_view content_type_of(metrics_format format) noexcept;
/// What a client with these fields gets (Accept): OpenMetrics if it likes that better, else Prometheus.
metrics_format metrics_format_for(header_view asked);

enum class metric_type : std::uint8_t { counter, gauge, histogram };

/// Writes metrics, family by family: first what it is, then its samples.
///
///     exposition out(metrics_format::prometheus);
///     out.family("perron_requests", metric_type::counter, "Requests that have begun.");
///     out.sample({{"listener", "web"}}, 17);
///     return std::move(out).text();
///
/// Names of counters are given without `_total`, which is added where the format wants it. Values of labels
/// may be anything. Not for one family in two places.
class exposition {
public:
  using labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  explicit exposition(metrics_format format) noexcept : format_(format) {}

  void family(std::string_view name, metric_type type, std::string_view help);
  void sample(labels of, std::uint64_t value);
  void sample(labels of, double value);

  /// One histogram of the family: `counts[i]` observations were at most `bounds[i]` and more than the bound
  /// before; the last count has no bound.
  template <class Bounds, class Counts>
  void histogram(labels of, const Bounds& bounds, const Counts& counts, double sum) {
    std::uint64_t all = 0;
    for (std::size_t i = 0; i < bounds.size(); ++i)
      bucket(of, number(bounds[i]), all += counts[i]);
    bucket(of, "+Inf", all += counts[bounds.size()]);
    line("_sum", of, number(sum));
    line("_count", of, std::to_string(all));
  }

  /// What was written, with its end.
  std::string text() &&;

private:
  static std::string number(double value);
  void bucket(labels of, std::string_view bound, std::uint64_t value);
  void line(std::string_view suffix, labels of, std::string_view value, std::string_view bound = {});
  void label(bool& first, std::string_view name, std::string_view value);

  const metrics_format format_;
  metric_type type_ = metric_type::gauge;
  std::string name_{};
  std::string out_{};
};

} // namespace perron::httpd::program
