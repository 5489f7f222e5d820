// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/cli.hpp>

int main(int argc, char** argv) { return perron::httpd::program::command_line(argc, argv); }
