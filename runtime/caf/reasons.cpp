// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/caf/process_actor.hpp>

#include <caf/atom.hpp>
#include <caf/error.hpp>
#include <caf/exit_reason.hpp>
#include <caf/message.hpp>

#include <cstdint>
#include <string>

namespace perron::runtime::caf {
namespace {

/// The category of the errors that are exit reasons of ours; context: text and type.
const auto own_category = ::caf::atom("perron");
const auto caf_category = ::caf::error(::caf::exit_reason::unknown).category();

} // namespace

::caf::error to_caf(const exit_reason& why) {
  switch (why.what()) {
  case exit_reason::kind::normal:
    return {};
  case exit_reason::kind::shutdown:
    return ::caf::exit_reason::user_shutdown;
  default:
    return {static_cast<std::uint8_t>(why.what()), own_category,
            ::caf::make_message(std::string(why.text()), std::string(why.type()))};
  }
}

exit_reason from_caf(const ::caf::error& why) {
  if (!why)
    return exit_reason::normal();
  if (why == ::caf::exit_reason::user_shutdown)
    return exit_reason::shutdown();
  if (why == ::caf::exit_reason::kill)
    return exit_reason::kill();
  if (why.category() == own_category && why.context().match_elements<std::string, std::string>()) {
    const auto what = static_cast<exit_reason::kind>(why.code());
    const auto& text = why.context().get_as<std::string>(0);
    const auto& type = why.context().get_as<std::string>(1);
    return text.empty() && type.empty() ? exit_reason(what) : exit_reason(what, text, type);
  }
  if (why.category() == caf_category)
    return exit_reason::custom("caf: " + ::caf::to_string(static_cast<::caf::exit_reason>(why.code())));
  return exit_reason::custom("caf: " + ::caf::to_string(why));
}

exit_reason end_of_actor(const ::caf::error& why) {
  return why == ::caf::exit_reason::kill ? exit_reason::killed() : from_caf(why);
}

} // namespace perron::runtime::caf
