// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/channel/channel.hpp>
#include <perron/httpd/channel/topics.hpp>

namespace chat {

/// The rooms: topics whose history is in SQLite, and in which a name belongs to one person.
perron::httpd::topics rooms();

/// The door to them. What somebody says is `{"nick": ..., "text": ...}`; the name is that of the connection.
perron::httpd::channel door(const perron::httpd::topics& to);

} // namespace chat
