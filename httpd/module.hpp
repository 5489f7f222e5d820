// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/routes.hpp>
#include <perron/runtime/result.hpp>

#include <string>

namespace perron::httpd {

/// A module that was loaded.
struct loaded_module {
  std::string name;
  std::string version;
  router routes; ///< to be mounted, or served as it is
};

/// Loads a shared library with handlers (module_abi.h, module_export.hpp: how to write one).
///
///     httpd::router r;
///     r.mount("/visits", httpd::load_module("/srv/visits.so", "limit=10").value().routes);
///
/// Each call loads the file as it is now, from a copy in memory: it may be replaced while it is in use, and
/// loaded again beside the older one, whose requests go on with what they have. A module in C is told, and
/// unloaded, when the last router and request that came from it are gone. The code of one in C++ stays for
/// the rest of the program, some hundred KB for each load, as no one can tell whether a message, a process or
/// an exception of it is left somewhere; its routes go with the last router.
///
/// What a handler throws is a crash of its request, with a report and a 500, as everywhere. But a module is
/// in the same address space: one that writes where it must not takes the program along. Load what you would
/// link.
///
/// A module in C++ needs symbols of the program: link it with -rdynamic (CMake: ENABLE_EXPORTS), and with the
/// whole of Perron's libraries if modules may use what the program itself does not.
///
/// Errors name the file and what is wrong: it cannot be read or loaded, is no module, is for another version
/// of the interface, was built by another compiler, or refuses. From any thread; from a process the file is
/// read on the pool for blocking. Costs a copy of the file and the work of the dynamic linker, some ms.
runtime::result<loaded_module> load_module(const std::string& path, const std::string& configuration = {});

} // namespace perron::httpd
