// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string_view>

namespace perron::httpd {

/// Which of `nodes` nodes is responsible for a name: by rendezvous hashing, so that it is the same for all
/// who ask and names are spread evenly. Pure; 0 where there is one node.
unsigned node_of(std::string_view name, unsigned nodes) noexcept;

} // namespace perron::httpd
