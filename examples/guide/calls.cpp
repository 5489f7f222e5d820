// SPDX-License-Identifier: BSD-3-Clause
#include "chapters.hpp"
#include "converter.hpp"

#include <perron/runtime/call.hpp>
#include <perron/runtime/process.hpp>

#include <cstdio>

using namespace perron::runtime;

namespace guide {

void calls() {
  const pid server = start_server<converter>({}).value();
  for (const double celsius : {100.0, -300.0, 20.0}) {
    const result<double> answer = call(server, fahrenheit{celsius});
    if (answer)
      std::printf("%g C are %g F\n", celsius, *answer);
    else
      std::printf("%g C: %s\n", celsius, answer.error().text.c_str());
  }
}

} // namespace guide
