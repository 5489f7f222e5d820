// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/listening.hpp>
#include <perron/bench/soak/sse.hpp>
#include <perron/bench/soak/ws_listener.hpp>

#include <gtest/gtest.h>

#include <memory>

namespace perron::soak {
namespace {

phase of(phase_kind kind) {
  phase p;
  p.what = kind;
  return p;
}

class listening_links : public ::testing::Test {
protected:
  /// As soon as all links of the share listen, and not before, its ramp may end.
  void expect_ramp_waits_for_all(activity& share) {
    all_.add(0, 3, share, false);
    listening listens(all_, 0);
    share.enter(of(phase_kind::ramp), 0);
    for (link& l : all_.links()) {
      EXPECT_FALSE(share.finished());
      listens.begin(l);
    }
    EXPECT_TRUE(share.finished());
    listens.end(all_.links().front());
    EXPECT_FALSE(share.finished());
    share.enter(of(phase_kind::hold), 0);
    EXPECT_TRUE(share.finished());
  }

  std::unique_ptr<control_block> control_ = std::make_unique<control_block>();
  std::unique_ptr<shared_block> block_ = std::make_unique<shared_block>();
  connections all_{{}, *control_, *block_};
};

TEST_F(listening_links, a_ramp_of_websockets_waits_for_all_to_listen) {
  ws_listener share(all_, "/ws-chat", 0);
  expect_ramp_waits_for_all(share);
}

TEST_F(listening_links, a_ramp_of_a_channels_streams_waits_for_all_to_be_subscribed) {
  sse_activity share(all_, "", 0);
  expect_ramp_waits_for_all(share);
}

TEST_F(listening_links, a_ramp_of_other_streams_does_not_wait_for_what_they_may_never_say) {
  sse_activity share(all_, "/sse", 0);
  all_.add(0, 3, share, false);
  share.enter(of(phase_kind::ramp), 0);
  EXPECT_TRUE(share.finished());
}

TEST_F(listening_links, links_of_other_shares_are_not_waited_for) {
  ws_listener share(all_, "/ws-chat", 0);
  sse_activity other(all_, "", 1);
  all_.add(0, 1, share, false);
  all_.add(1, 1, other, false);
  share.enter(of(phase_kind::ramp), 0);
  listening(all_, 0).begin(all_.links().front());
  EXPECT_TRUE(share.finished());
}

} // namespace
} // namespace perron::soak
