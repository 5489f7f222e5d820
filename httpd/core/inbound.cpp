// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/core/inbound.hpp>

#include <perron/runtime/core/allocate.hpp>

#include <cstring>
#include <new>

namespace perron::httpd::core {

namespace rc = runtime::core;

inbound* inbound::make(const http1::request_head& head, std::size_t head_size, std::string_view bytes) {
  const std::size_t total = sizeof(inbound) + head.header_count * sizeof(header_field) + bytes.size();
  auto* in = ::new (rc::allocate(total, alignof(inbound))) inbound;
  in->head = head;
  in->head_size = head_size;
  in->size = bytes.size();
  in->total = total;
  std::memcpy(in->bytes(), bytes.data(), bytes.size());
  http1::rebase(in->head, bytes.data(), in->bytes(), in->fields());
  return in;
}

void inbound::free(inbound* in) noexcept {
  const std::size_t total = in->total;
  in->~inbound();
  rc::deallocate(in, total, alignof(inbound));
}

} // namespace perron::httpd::core
