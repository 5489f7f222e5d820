%% SPDX-License-Identifier: BSD-3-Clause
%%
%% MochiWeb answering /hello, /sleep?ms=N, which waits, and /spin?ms=N, which burns CPU without giving way of its own.
%% Started with the port behind -run.
-module(mochiweb_hello).
-export([start/1]).

start([Port]) ->
    {ok, _} = application:ensure_all_started(mochiweb),
    %% Without max it takes 2,048 connections.
    {ok, _} = mochiweb_http:start([{name, ?MODULE},
                                   {ip, "127.0.0.1"},
                                   {port, list_to_integer(Port)},
                                   {link, false},
                                   {max, 1000000},
                                   {backlog, 4096},
                                   {acceptor_pool_size, 64},
                                   {nodelay, true},
                                   {loop, fun answer/1}]).

answer(Request) ->
    case mochiweb_request:get(path, Request) of
        "/hello" ->
            hello(Request);
        "/sleep" ->
            timer:sleep(ms_of(Request)),
            hello(Request);
        "/spin" ->
            spin_until(erlang:monotonic_time(millisecond) + ms_of(Request)),
            hello(Request);
        _ ->
            mochiweb_request:not_found(Request)
    end.

hello(Request) -> mochiweb_request:ok({"text/plain", <<"Hello, world!">>}, Request).

ms_of(Request) -> list_to_integer(proplists:get_value("ms", mochiweb_request:parse_qs(Request))).

spin_until(End) ->
    case erlang:monotonic_time(millisecond) of
        Now when Now < End -> spin_until(End);
        _ -> ok
    end.
