%% SPDX-License-Identifier: BSD-3-Clause
%%
%% The process workloads of bench/README.md in Erlang.
%%
%%   erl +P 4000000 +S 2:2 -noinput -pa <dir> -run bench main <workload> [count]
-module(bench).
-export([main/1]).
-export([hibernating/1]).

-define(BATCH, 1000).
-define(RING, 1000).
-define(BACKLOG, 10000).
-define(SENDERS, 4).

main([Name]) -> main([Name, "0"]);
main([Name, Count]) ->
    %% A fresh process: the one that -run evaluates in belongs to the boot sequence.
    {Pid, Ref} = spawn_monitor(fun() -> run(Name, list_to_integer(Count)) end),
    receive
        {'DOWN', Ref, process, Pid, normal} -> halt(0);
        {'DOWN', Ref, process, Pid, Reason} ->
            io:format(standard_error, "~s: ~p~n", [Name, Reason]),
            halt(1)
    end.

run("spawn", C) -> timed("spawn", fun spawn_batches/1, count(C, 1000000));
run("spawn_monitor", C) -> timed("spawn_monitor", fun spawn_monitors/1, count(C, 500000));
run("roundtrip_local", C) -> roundtrip("roundtrip_local", 1, 1, count(C, 1000000));
run("roundtrip_free", C) -> roundtrip("roundtrip_free", 0, 0, count(C, 1000000));
run("roundtrip_cross", C) -> roundtrip("roundtrip_cross", 1, 2, count(C, 300000));
run("senders", C) -> timed("senders", fun senders/1, count(C, 1000000));
run("ring", C) -> ring(count(C, 1000000));
run("selective", C) -> selective("selective", fun ask_by_tag/3, count(C, 5000));
run("selective_ref", C) -> selective("selective_ref", fun ask_by_ref/3, count(C, 5000));
run("parked_bytes", C) -> parked_bytes("parked_bytes", fun parked/1, count(C, 1000000));
run("hibernated_bytes", C) -> parked_bytes("hibernated_bytes", fun hibernating/1, count(C, 1000000));
run("wake", C) -> wake(count(C, 1000000));
run(Name, _) -> exit({no_workload, Name}).

count(0, Default) -> Default;
count(Count, _) -> Count.

timed(Name, Body, Count) ->
    Body(Count div 10 + 1),
    measured(Name, Count, fun() -> Body(Count) end).

measured(Name, Operations, Body) ->
    {Cpu0, _} = erlang:statistics(runtime),
    Wall0 = erlang:monotonic_time(nanosecond),
    Body(),
    Wall = erlang:monotonic_time(nanosecond) - Wall0,
    {Cpu1, _} = erlang:statistics(runtime),
    io:format("result ~s ~.1f ns~n", [Name, Wall / Operations]),
    io:format("result ~s_cpu ~.1f ns~n", [Name, (Cpu1 - Cpu0) * 1.0e6 / Operations]).

spawn_batches(Count) when Count =< 0 -> ok;
spawn_batches(Count) ->
    Batch = min(Count, ?BATCH),
    Left = atomics:new(1, []),
    atomics:put(Left, 1, Batch),
    Parent = self(),
    spawn_children(Batch, Left, Parent),
    receive batch_done -> ok end,
    spawn_batches(Count - Batch).

spawn_children(0, _, _) -> ok;
spawn_children(N, Left, Parent) ->
    spawn(fun() ->
        case atomics:sub_get(Left, 1, 1) of
            0 -> Parent ! batch_done;
            _ -> ok
        end
    end),
    spawn_children(N - 1, Left, Parent).

spawn_monitors(0) -> ok;
spawn_monitors(N) ->
    {_, Ref} = spawn_monitor(fun() -> ok end),
    receive {'DOWN', Ref, process, _, _} -> ok end,
    spawn_monitors(N - 1).

%% Scheduler 0 is any.
roundtrip(Name, AskScheduler, EchoScheduler, Count) ->
    Echo = spawn_opt(fun echo/0, [link, {scheduler, EchoScheduler}]),
    {_, Ref} = spawn_opt(
        fun() -> timed(Name, fun(N) -> asks(Echo, N) end, Count) end,
        [monitor, {scheduler, AskScheduler}]),
    receive {'DOWN', Ref, process, _, normal} -> ok end.

echo() ->
    receive {From, N} -> From ! {self(), N} end,
    echo().

asks(_, 0) -> ok;
asks(Echo, N) ->
    Echo ! {self(), N},
    receive {Echo, N} -> ok end,
    asks(Echo, N - 1).

senders(Count) ->
    Share = Count div ?SENDERS,
    Parent = self(),
    %% off_heap is what Erlang's own guide advises for a mailbox that many senders fill.
    {_, Ref} = spawn_opt(
        fun() ->
            Self = self(),
            [spawn(fun() -> send_all(Self, Share) end) || _ <- lists:seq(1, ?SENDERS)],
            take(Share * ?SENDERS),
            Parent ! taken
        end, [monitor, {message_queue_data, off_heap}]),
    receive taken -> ok end,
    receive {'DOWN', Ref, process, _, _} -> ok end.

send_all(_, 0) -> ok;
send_all(To, N) -> To ! N, send_all(To, N - 1).

take(0) -> ok;
take(N) -> receive _ -> take(N - 1) end.

ring(Hops) ->
    Rounds = Hops div ?RING,
    Self = self(),
    First = lists:foldl(fun(_, Next) -> spawn_link(fun() -> forward(Next) end) end,
                        Self, lists:seq(2, ?RING)),
    turn(First, Rounds div 10 + 1),
    measured("ring", Rounds * ?RING, fun() -> turn(First, Rounds) end).

forward(Next) ->
    receive Token -> Next ! Token end,
    forward(Next).

turn(_, 0) -> ok;
turn(First, N) ->
    First ! N,
    receive N -> ok end,
    turn(First, N - 1).

selective(Name, Ask, Count) ->
    Echo = spawn_link(fun tagged_echo/0),
    [self() ! {unwanted, N} || N <- lists:seq(1, ?BACKLOG)],
    Loop = fun(N) -> ask_many(Ask, Echo, N) end,
    timed(Name, Loop, Count).

ask_many(_, _, 0) -> ok;
ask_many(Ask, Echo, N) ->
    Ask(Echo, N, self()),
    ask_many(Ask, Echo, N - 1).

ask_by_tag(Echo, N, Self) ->
    Echo ! {Self, N},
    receive {wanted, _} -> ok end.

%% The compiler sees that the reference is younger than the backlog and skips it.
ask_by_ref(Echo, _, Self) ->
    Ref = make_ref(),
    Echo ! {Self, Ref},
    receive {wanted, Ref} -> ok end.

tagged_echo() ->
    receive {From, Value} -> From ! {wanted, Value} end,
    tagged_echo().

resident_bytes() ->
    {ok, Status} = file:read_file("/proc/self/status"),
    {match, [KiB]} = re:run(Status, "VmRSS:\\s+([0-9]+)", [{capture, all_but_first, list}]),
    list_to_integer(KiB) * 1024.

parked_bytes(Name, Body, Count) ->
    resident_bytes(),
    erlang:garbage_collect(),
    Before = resident_bytes(),
    Pids = park(Body, Count),
    erlang:garbage_collect(),
    After = resident_bytes(),
    io:format("result ~s ~.1f bytes~n", [Name, (After - Before) / length(Pids)]).

%% Slot 1 counts who has not parked yet, slot 2 who has not been woken yet.
park(Body, Count) ->
    Left = atomics:new(2, []),
    atomics:put(Left, 1, Count),
    atomics:put(Left, 2, Count),
    State = {Left, self()},
    Pids = [spawn(fun() -> start(Body, State) end) || _ <- lists:seq(1, Count)],
    receive all_parked -> ok end,
    Pids.

start(Body, {Left, Parent} = State) ->
    count_down(Left, 1, Parent, all_parked),
    Body(State).

count_down(Left, Slot, Parent, Message) ->
    case atomics:sub_get(Left, Slot, 1) of
        0 -> Parent ! Message;
        _ -> ok
    end.

parked({Left, Parent} = State) ->
    receive wake -> count_down(Left, 2, Parent, all_awake) end,
    parked(State).

hibernating(State) ->
    erlang:hibernate(?MODULE, hibernating, [State]).

wake(Count) ->
    Pids = park(fun parked/1, Count),
    erlang:garbage_collect(),
    measured("wake", Count, fun() ->
        [Pid ! wake || Pid <- Pids],
        receive all_awake -> ok end
    end).
