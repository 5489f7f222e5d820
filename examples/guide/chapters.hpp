// SPDX-License-Identifier: BSD-3-Clause
#pragma once

/// The programs of README.md, in its order. Each but the last is run as a process.
namespace guide {

void processes();
void isolation();
void monitors();
void links();
void trap_exits();
void calls();
void deadlines();
void supervisor();
void intensity();
void strategies();
void requests();
int tree(int argc, char** argv);

} // namespace guide
