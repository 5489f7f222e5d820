// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "support/web_program.hpp"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace perron::testing {

inline nlohmann::json stats(raw_client& c) { return json_of(c.get("/stats")); }

/// Asks until so many requests run in all nodes, that for the figures not counted.
inline void await_running(raw_client& c, std::size_t wanted) {
  for (;;) {
    const auto figures = stats(c);
    ASSERT_TRUE(figures.is_object());
    if (figures["http"]["running"] == wanted + 1)
      return;
  }
}

/// examples/kitchen_sink, in one process or several.
class kitchen_sink_program : public web_program {
public:
  explicit kitchen_sink_program(std::vector<std::string> arguments)
      : web_program("kitchen_sink", std::move(arguments)) {}

  /// A request that waits for what is published.
  raw_client park() const {
    raw_client parked = client();
    EXPECT_TRUE(parked.send("GET /poll HTTP/1.1\r\nHost: test\r\n\r\n"));
    return parked;
  }

  /// So many wait, and all get what is published then.
  void expect_to_reach_all(std::size_t count) const {
    std::vector<raw_client> parked;
    for (std::size_t i = 0; i < count; ++i)
      parked.push_back(park());
    raw_client c = client();
    await_running(c, count);
    // running is not yet waiting, and who was told is there until it has answered: some are told twice
    std::size_t reached = 0;
    for (const raw_client& p : parked) {
      while (!p.has_news()) {
        const auto told = json_of(c.post("/publish", "news"));
        ASSERT_TRUE(told.is_object());
        EXPECT_FALSE(told.contains("missing")) << told;
        reached += told["reached"].get<std::size_t>();
      }
    }
    EXPECT_GE(reached, count);
    for (raw_client& p : parked)
      EXPECT_EQ(p.read().body, "news");
  }
};

} // namespace perron::testing
