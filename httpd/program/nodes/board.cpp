// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/nodes/board.hpp>

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <new>
#include <string>

namespace perron::httpd::program {

static_assert(std::atomic<std::uint64_t>::is_always_lock_free && std::atomic<readiness>::is_always_lock_free,
              "they are shared with other processes");

runtime::result<std::shared_ptr<board>> board::make() {
  void* at = ::mmap(nullptr, sizeof(board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED)
    return runtime::error{std::string("shared memory: ") + std::strerror(errno), errno};
  // each process unmaps its own
  return std::shared_ptr<board>(::new (at) board, [](board* b) { ::munmap(b, sizeof(board)); });
}

} // namespace perron::httpd::program
