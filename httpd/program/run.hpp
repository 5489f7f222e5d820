// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/program/keeper.hpp>
#include <perron/httpd/program/service/activation.hpp>
#include <perron/supervisors/app.hpp>

#include <string>
#include <vector>

// What run() in commands.hpp does alike for one node and for several.
namespace perron::httpd::program {

/// Says on standard error why the program does not run; gives its exit code.
int say_failure(const std::string& why);

/// Sockets that were handed in and nobody wants.
void tell_of_left_sockets(const std::vector<inherited_socket>& left);

/// make_control_folder(); where it was not asked for and cannot be made there is no control socket.
runtime::result<void> settle_control_folder(running_program& p);

/// The program but for its children. It needs `p` until its end.
app::spec spec_of(const running_program& p, unsigned workers);
int run_spec(app::spec what);

} // namespace perron::httpd::program
