%% SPDX-License-Identifier: BSD-3-Clause
%%
%% The appmod that answers for Yaws: /hello, /sleep?ms=N, which waits, and /spin?ms=N, which burns CPU without giving
%% way of its own.
-module(yaws_hello).
-export([out/1]).

-include("yaws_api.hrl").

out(Arg) ->
    case Arg#arg.server_path of
        "/hello" ->
            hello();
        "/sleep" ->
            {ok, Ms} = yaws_api:queryvar(Arg, "ms"),
            timer:sleep(list_to_integer(Ms)),
            hello();
        "/spin" ->
            {ok, Ms} = yaws_api:queryvar(Arg, "ms"),
            spin_until(erlang:monotonic_time(millisecond) + list_to_integer(Ms)),
            hello();
        _ ->
            [{status, 404}, {content, "text/plain", <<"Not found">>}]
    end.

hello() -> {content, "text/plain", <<"Hello, world!">>}.

spin_until(End) ->
    case erlang:monotonic_time(millisecond) of
        Now when Now < End -> spin_until(End);
        _ -> ok
    end.
