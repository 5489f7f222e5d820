// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/message.hpp>
#include <perron/runtime/pid.hpp>

#include <string>
#include <string_view>
#include <vector>

/// Named groups of processes (OTP pg). Membership ends with the member.
namespace perron::runtime {

/// Mail, for who watches a group: somebody came or went.
struct group_change {
  std::string group;
  pid who;
  bool joined = false;
};

/// Makes the caller a member; joining twice makes it one twice.
void join_group(const std::string& group);
/// Ends one membership of the caller; false if it had none.
bool leave_group(std::string_view group);
/// The members, in the order of joining. Any thread of the node; costs a copy.
std::vector<pid> group_members(std::string_view group);
/// Tells the caller of every change by a group_change, until unwatch_group or its end.
void watch_group(const std::string& group);
void unwatch_group(std::string_view group);

/// Sends a copy to every member; gives how many got it.
template <class T>
std::size_t broadcast(std::string_view group, const T& message) {
  std::size_t reached = 0;
  for (const pid member : group_members(group))
    reached += send(member, T(message)) ? 1U : 0U;
  return reached;
}

} // namespace perron::runtime
