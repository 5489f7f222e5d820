// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/channel/topics.hpp>

#include <string>
#include <string_view>

namespace perron::httpd {

/// What this node answers when another asks about one of its topics (state.hpp). In a process of its own;
/// waits. Throws what is told to who asked.
std::string answer_topic_question(const topics& all, std::string_view question);

} // namespace perron::httpd
