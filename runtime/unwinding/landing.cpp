// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/unwinding/landing.hpp>

#include <perron/runtime/unwinding/table_reader.hpp>

namespace perron::runtime::unwinding {
namespace {

/// One after the other, with what they are for: 0 is a cleanup, above 0 a handler, below 0 a specification.
/// False: f has seen enough.
template <class F>
bool for_each_action(const std::uint8_t* first, const F& f) {
  for (const std::uint8_t* at = first;;) {
    table_reader in(at);
    const std::int64_t filter = in.signed_leb();
    const std::uint8_t* const from = in.at();
    const std::int64_t next = in.signed_leb();
    if (!f(filter, at))
      return false;
    if (next == 0)
      return true;
    at = from + next;
  }
}

} // namespace

landing read_landing(const std::uint8_t* language_data, std::uint64_t function,
                     std::uint64_t place) noexcept {
  table_reader in(language_data);
  const std::uint8_t pads = in.byte();
  const std::uint64_t pads_from = pads == table_reader::omitted ? function : in.pointer(pads);
  landing out;
  out.language_data = language_data;
  const auto offset_of = [&](const std::uint8_t* at) {
    return static_cast<std::uint32_t>(at - language_data);
  };
  out.type_pointers = in.byte();
  if (out.type_pointers != table_reader::omitted) {
    const std::uint64_t offset = in.unsigned_leb();
    out.types = offset_of(in.at() + offset);
  }
  const std::uint8_t numbers = in.byte();
  const std::uint64_t calls_bytes = in.unsigned_leb();
  const std::uint8_t* const actions = in.at() + calls_bytes;
  while (in.ok() && in.at() < actions) {
    const std::uint64_t begin = function + in.pointer(numbers);
    const std::uint64_t bytes = in.pointer(numbers);
    const std::uint64_t pad = in.pointer(numbers);
    const std::uint64_t action = in.unsigned_leb();
    if (!in.ok() || place < begin)
      break; // they are in order: this call is not among them
    if (place - begin >= bytes)
      continue;
    if (pad == 0)
      return {};
    out.pad = pads_from + pad;
    if (action == 0) {
      out.cleans = true;
      return out;
    }
    const bool known = for_each_action(actions + action - 1, [&](std::int64_t filter, const std::uint8_t*) {
      out.cleans |= filter == 0;
      if (filter > 0)
        out.actions = offset_of(actions + action - 1);
      return filter >= 0;
    });
    if (!known || (out.actions != 0 && !table_reader::has_places(out.type_pointers)))
      break;
    return out;
  }
  out = {};
  out.left_to_libgcc = true;
  return out;
}

std::optional<handler> find_handler(const landing& at, const std::type_info& type, void* object) noexcept {
  std::optional<handler> found;
  for_each_action(at.language_data + at.actions, [&](std::int64_t filter, const std::uint8_t* action) {
    if (filter <= 0)
      return true;
    table_reader in(at.language_data + at.types - filter * table_reader::size_of(at.type_pointers));
    const auto* wanted = reinterpret_cast<const std::type_info*>(in.pointer(at.type_pointers));
    void* part = object;
    if (wanted != nullptr) { // else it takes all
      if (type.__is_pointer_p())
        part = *static_cast<void**>(part);
      if (!wanted->__do_catch(&type, &part, 1))
        return true;
    }
    found = handler{static_cast<std::int32_t>(filter), action, part};
    return false;
  });
  return found;
}

} // namespace perron::runtime::unwinding
