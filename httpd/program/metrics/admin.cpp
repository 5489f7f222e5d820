// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/metrics/admin.hpp>

#include <perron/httpd/request.hpp>

#include <utility>

namespace perron::httpd::program {
namespace {

/// Answers that are true now and not later.
response not_to_be_kept(response r) {
  r.headers.emplace_back("Cache-Control", "no-store");
  return r;
}

response answer_readiness(readiness now) {
  response r = text(now == readiness::ready      ? "ready\n"
                    : now == readiness::starting ? "starting\n"
                                                 : "draining\n");
  if (now != readiness::ready)
    r.status = status::service_unavailable;
  return not_to_be_kept(std::move(r));
}

} // namespace

router admin_routes(const admin_paths& paths, std::function<metrics_snapshot()> gather,
                    std::shared_ptr<const readiness_state> state, router to, std::function<bool()> lives) {
  if (!paths.metrics.empty())
    to.get(paths.metrics, [gather = std::move(gather)](request& r) {
      const metrics_format format = metrics_format_for(r.headers());
      response out;
      out.body = write_metrics(gather(), format);
      out.content_type = content_type_of(format);
      return not_to_be_kept(std::move(out));
    });
  if (!paths.health.empty())
    to.get(paths.health, [lives = std::move(lives)](request&) {
      if (!lives || lives())
        return not_to_be_kept(text("ok\n"));
      return not_to_be_kept(text("not all of it answers\n", status::service_unavailable));
    });
  if (!paths.ready.empty())
    to.get(paths.ready, [state = std::move(state)](request&) {
      return answer_readiness(state->load(std::memory_order_relaxed)); // nothing else is read because of it
    });
  return to;
}

} // namespace perron::httpd::program
