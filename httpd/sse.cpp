// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/sse.hpp>

namespace perron::httpd {
namespace {

writer begin(request& r) {
  r.leave_count();
  response head;
  head.content_type = "text/event-stream";
  head.headers = {{"Cache-Control", "no-store, no-transform"}, {"X-Accel-Buffering", "no"}};
  return r.begin(std::move(head));
}

} // namespace

sse::sse(request& r, sse_options options)
    : options_(std::move(options)), last_event_id_(r.header("Last-Event-ID")), out_(begin(r)),
      beat_(options_.heartbeat) {
  if (!options_.retry)
    return;
  std::string text;
  append_sse_retry(text, *options_.retry);
  send_encoded(text += '\n');
}

void sse::send(const sse_event& what) {
  std::string text;
  append_sse_event(text, what);
  send_encoded(text);
}

void sse::send_encoded(std::string_view text) {
  out_.write(text);
  beat_ = runtime::deadline(options_.heartbeat);
}

} // namespace perron::httpd
