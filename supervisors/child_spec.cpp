// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/child_spec.hpp>

#include <perron/runtime/core/type_name.hpp>

namespace perron::supervisors::detail {

runtime::error wrong_arguments(const std::type_info& wanted, const arguments& given) {
  return {"bad_argument: the child takes " + runtime::core::type_name(wanted) + ", not " +
          runtime::core::type_name(given.type())};
}

} // namespace perron::supervisors::detail
