// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/routes.hpp>
#include <perron/supervisors/child_spec.hpp>

#include <string>

// The handlers of kitchen_sink, a file for each kind.

void add_streaming_routes(perron::httpd::router& r);
void add_upload_routes(perron::httpd::router& r);
void add_realtime_routes(perron::httpd::router& r);
/// What the channel at /live needs in the tree, before the server.
perron::supervisors::child_spec topics_child();
perron::supervisors::child_spec channel_child();
void add_file_routes(perron::httpd::router& r, const std::string& root);
void add_websocket_routes(perron::httpd::router& r);
/// What brings to this node's visitors what is said in the others.
perron::supervisors::child_spec room_child();
/// What concerns all nodes: /poll, /publish, /stats.
void add_node_routes(perron::httpd::router& r);
/// What this node says when another one is asked for these.
void give_answers();
/// Of a server of its own: any path and method is answered with the request's body.
perron::httpd::router echo_routes();
