%% SPDX-License-Identifier: BSD-3-Clause
%%
%% A room of all who are connected, for Yaws: every message goes to every socket, the sender's too. Also answers /hello.
-module(yaws_chat).
-export([out/1, init/1, handle_open/2, handle_message/2]).

-include("yaws_api.hrl").

out(Arg) ->
    case Arg#arg.server_path of
        "/ws-chat" -> {websocket, ?MODULE, [{origin, any}]};
        _ -> {content, "text/plain", <<"Hello, world!">>}
    end.

init(_Arguments) ->
    _ = pg:start(yaws_chat),
    {ok, none}.

handle_open(_Socket, State) ->
    ok = pg:join(yaws_chat, room, self()),
    {ok, State}.

handle_message({text, Text}, State) ->
    [yaws_api:websocket_send(Member, {text, Text}) || Member <- pg:get_members(yaws_chat, room)],
    {noreply, State};
handle_message({close, _, _}, _State) ->
    {close, normal}.
