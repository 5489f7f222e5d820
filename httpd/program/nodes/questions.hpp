// SPDX-License-Identifier: BSD-3-Clause
#pragma once

/// What the nodes of a program ask each other (siblings::answer); all_nodes.cpp has the answers.
namespace perron::httpd::program::questions {

inline constexpr const char* status = "perron.status";     ///< JSON
inline constexpr const char* figures = "perron.figures";   ///< read_figures()
inline constexpr const char* lives = "perron.lives";       ///< milliseconds; fails if a worker does not run
inline constexpr const char* catch_up = "perron.catch_up"; ///< empty: it has what stands in the ledger
inline constexpr const char* drain = "perron.drain";       ///< when its last request is over

} // namespace perron::httpd::program::questions
