// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/siblings/frame.hpp>

#include <cerrno>
#include <cstring>

namespace perron::siblings::core {
namespace {

struct wire_head {
  std::uint32_t payload; ///< bytes behind the head
  std::uint32_t topic;   ///< of these
  std::uint32_t kind;
  std::uint32_t node;
  std::uint64_t number;
  std::int64_t time;
  std::int32_t code;
  std::uint32_t zero; ///< so that no byte of it is left to chance
};
static_assert(sizeof(wire_head) == 40);

bool is_good(const wire_head& h) noexcept {
  return h.payload <= most_payload && h.topic <= h.payload &&
         h.kind < static_cast<std::uint32_t>(frame_kind::count) && h.time >= 0;
}

} // namespace

void encode(const frame& what, std::string& into) {
  const std::string_view bytes = what.text();
  const wire_head head{.payload = static_cast<std::uint32_t>(what.payload()),
                       .topic = static_cast<std::uint32_t>(what.topic.size()),
                       .kind = static_cast<std::uint32_t>(what.kind),
                       .node = what.node,
                       .number = what.number,
                       .time = what.time,
                       .code = what.code,
                       .zero = 0};
  into.append(reinterpret_cast<const char*>(&head), sizeof head);
  into.append(what.topic).append(bytes);
}

void frame_decoder::feed(std::string_view bytes) {
  if (at_ != 0) {
    held_.erase(0, at_);
    at_ = 0;
  }
  // what one large frame has taken is given back behind it
  if (held_.empty() && held_.capacity() > std::size_t(256) * 1024)
    held_ = {};
  held_.append(bytes);
}

runtime::result<std::optional<frame>> frame_decoder::next() {
  const std::string_view rest = std::string_view(held_).substr(at_);
  wire_head head{};
  if (rest.size() < sizeof head)
    return std::optional<frame>();
  std::memcpy(&head, rest.data(), sizeof head);
  if (!is_good(head))
    return runtime::error{"what came is no frame", EPROTO};
  if (rest.size() < sizeof head + head.payload)
    return std::optional<frame>();
  at_ += sizeof head + head.payload;
  const std::string_view payload = rest.substr(sizeof head, head.payload);
  return std::optional(frame{.kind = static_cast<frame_kind>(head.kind),
                             .node = head.node,
                             .code = head.code,
                             .number = head.number,
                             .time = head.time,
                             .topic = std::string(payload.substr(0, head.topic)),
                             .bytes = std::make_shared<const std::string>(payload.substr(head.topic))});
}

} // namespace perron::siblings::core
