// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/core/held_answer.hpp>

#include <perron/runtime/core/allocate.hpp>

#include <cstring>
#include <new>

namespace perron::httpd::core {

namespace rc = runtime::core;

held_answer::pointer held_answer::make(std::string_view first, std::string_view second,
                                       const route_limits* limits) noexcept {
  const std::size_t size = first.size() + second.size();
  try {
    pointer made(::new (rc::allocate(sizeof(held_answer) + size, alignof(held_answer)))
                     held_answer{.limits = limits, .size = size});
    std::memcpy(made->bytes(), first.data(), first.size());
    if (!second.empty())
      std::memcpy(made->bytes() + first.size(), second.data(), second.size());
    return made;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void held_answer::deleter::operator()(held_answer* a) const noexcept {
  rc::deallocate(a, sizeof(held_answer) + a->size, alignof(held_answer));
}

} // namespace perron::httpd::core
