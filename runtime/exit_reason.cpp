// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/exit_reason.hpp>

#include <perron/runtime/core/type_name.hpp>
#include <perron/runtime/pid.hpp>

#include <cstring>
#include <typeinfo>

namespace perron::runtime {

struct exit_reason::detail {
  std::atomic<std::uint32_t> references{1};
  std::string text;
  std::string type;
};

exit_reason::exit_reason(kind what, std::string_view text, std::string_view type) : kind_(what) {
  if (!text.empty() || !type.empty()) {
    detail_ = new detail;
    detail_->text = text;
    detail_->type = type;
  }
}

exit_reason::exit_reason(const exit_reason& other) noexcept : kind_(other.kind_), detail_(other.detail_) {
  // relaxed: the copier already holds a reference, so the block cannot go away meanwhile
  if (detail_ != nullptr)
    detail_->references.fetch_add(1, std::memory_order_relaxed);
}

void exit_reason::release() noexcept {
  // acq_rel: the last owner must see all that earlier owners read before it frees the block
  if (detail_->references.fetch_sub(1, std::memory_order_acq_rel) == 1)
    delete detail_;
}

std::string_view exit_reason::text() const noexcept {
  return detail_ != nullptr ? std::string_view(detail_->text) : std::string_view();
}

std::string_view exit_reason::type() const noexcept {
  return detail_ != nullptr ? std::string_view(detail_->type) : std::string_view();
}

exit_reason exit_reason::from_exception(const std::exception_ptr& thrown) {
  if (thrown == nullptr)
    return {kind::exception, "", "unknown"};
  // What a handler for std::exception would do, without a throw: libstdc++'s exception_ptr is the address of
  // the exception and nothing else (see throw_record), and a handler's type finds its part of it.
  const std::type_info* type = thrown.__cxa_exception_type();
  void* object = nullptr;
  std::memcpy(&object, static_cast<const void*>(&thrown), sizeof object);
  if (!typeid(std::exception).__do_catch(type, &object, 1))
    return {kind::exception, "", core::type_name(*type)};
  const auto& e = *static_cast<const std::exception*>(object);
  return {kind::exception, e.what(), core::type_name(typeid(e))};
}

std::string_view to_string(exit_reason::kind what) noexcept {
  switch (what) {
  case exit_reason::kind::normal:
    return "normal";
  case exit_reason::kind::shutdown:
    return "shutdown";
  case exit_reason::kind::kill:
    return "kill";
  case exit_reason::kind::killed:
    return "killed";
  case exit_reason::kind::noproc:
    return "noproc";
  case exit_reason::kind::exception:
    return "exception";
  case exit_reason::kind::terminated:
    return "terminated";
  case exit_reason::kind::client_gone:
    return "client_gone";
  case exit_reason::kind::custom:
    return "custom";
  }
  return "unknown";
}

std::string exit_reason::to_string() const {
  std::string out;
  if (!type().empty())
    out = type();
  else if (kind_ != kind::custom || text().empty())
    out = runtime::to_string(kind_);
  if (!text().empty()) {
    if (!out.empty())
      out += ": ";
    out += text();
  }
  return out;
}

std::string to_string(pid who) { return '<' + std::to_string(who.id()) + '>'; }

} // namespace perron::runtime
