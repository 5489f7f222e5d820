%% SPDX-License-Identifier: BSD-3-Clause
%%
%% The supervision workloads of bench/README.md in Erlang.
%%
%%   erl +P 4000000 +S 2:2 -noinput -pa <dir> -run supervision_bench main <workload> [count]
-module(supervision_bench).
-behaviour(supervisor).
-export([main/1]).
-export([init/1, handle_info/2, handle_call/3, handle_cast/2]).
-export([start_mortal/3, start_counted/2, start_idle/0, start_sibling/0]).

-define(NEVER_GIVES_UP, 2000000000).
%% The supervisor looks through the restarts of the period at each restart: a fresh one keeps them few.
-define(RESTARTS_OF_ONE_SUPERVISOR, 100).
-define(SIBLINGS, 8).
-define(SLICE_MS, 250).
-define(PACE_MS, 5).

main([Name]) -> main([Name, "0"]);
main([Name, Count]) ->
    logger:set_primary_config(level, none),
    {Pid, Ref} = spawn_monitor(fun() -> process_flag(trap_exit, true), run(Name, list_to_integer(Count)) end),
    receive
        {'DOWN', Ref, process, Pid, normal} -> halt(0);
        {'DOWN', Ref, process, Pid, Reason} ->
            io:format(standard_error, "~s: ~p~n", [Name, Reason]),
            halt(1)
    end.

run("restart", C) -> restart("restart", count(C, 50000), exit);
run("restart_exception", C) -> restart("restart_exception", count(C, 20000), error);
run("restart_return", C) -> restart("restart_return", count(C, 50000), return);
run("restart_server", C) -> restart("restart_server", count(C, 20000), server);
run("restart_paced", C) -> restart_paced("restart_paced", count(C, 1000), exit);
run("restart_return_paced", C) -> restart_paced("restart_return_paced", count(C, 1000), return);
run("restart_server_paced", C) -> restart_paced("restart_server_paced", count(C, 1000), server);
run("restart_many", C) -> restart_many(count(C, 10000));
run("children", C) -> children(count(C, 1000000));
run("siblings_closed", C) -> siblings("siblings_closed", 0, count(C, 3000));
run("siblings_paced", C) -> siblings("siblings_paced", 1, count(C, 3000));
run(Name, _) -> exit({no_workload, Name}).

count(0, Default) -> Default;
count(Count, _) -> Count.

now_ns() -> erlang:monotonic_time(nanosecond).

say(Name, Value, Unit) -> io:format("result ~s ~.2f ~s~n", [Name, Value * 1.0, Unit]).

%% Elapsed and processor time of Work, each divided by Operations; gives what Work gives.
timed(Name, Operations, Work) ->
    {Cpu, _} = erlang:statistics(runtime),
    Begin = now_ns(),
    Result = Work(),
    End = now_ns(),
    {CpuEnd, _} = erlang:statistics(runtime),
    say(Name, (End - Begin) / Operations, "ns"),
    say(Name ++ "_cpu", (CpuEnd - Cpu) * 1.0e6 / Operations, "ns"),
    Result.

quantiles(Name, Values) ->
    Sorted = list_to_tuple(lists:sort(Values)),
    At = fun(Q) -> element(1 + trunc(Q * (tuple_size(Sorted) - 1)), Sorted) end,
    say(Name ++ "_p50", At(0.5), "ns"),
    say(Name ++ "_p99", At(0.99), "ns").

init({mortal, Parent, Died}) ->
    Parent ! {up, self(), now_ns()},
    {ok, Died};
init({Strategy, Children}) ->
    {ok, {#{strategy => Strategy, intensity => ?NEVER_GIVES_UP, period => 1}, Children}}.

started(Children) ->
    {ok, Supervisor} = supervisor:start_link(?MODULE, {one_for_one, Children}),
    Supervisor.

stop(Supervisor) ->
    exit(Supervisor, shutdown),
    receive {'EXIT', Supervisor, _} -> ok end.

%% -- restart: a child dies, a new one runs

start_mortal(Parent, Died, server) ->
    gen_server:start_link(?MODULE, {mortal, Parent, Died}, []);
start_mortal(Parent, Died, How) ->
    {ok, spawn_link(fun() ->
        Parent ! {up, self(), now_ns()},
        receive die -> ok end,
        atomics:put(Died, 1, now_ns()),
        case How of
            exit -> exit(crash);
            error -> error(crash);
            return -> ok
        end
    end)}.

handle_info(die, Died) ->
    atomics:put(Died, 1, now_ns()),
    error(crash).

handle_call(_, _, Died) -> {noreply, Died}.
handle_cast(_, Died) -> {noreply, Died}.

restart_once(Child, Died) ->
    Child ! die,
    receive {up, Next, At} -> {Next, At - atomics:get(Died, 1)} end.

restarts(N, How, Between) -> restarts(N, How, Between, atomics:new(1, []), []).

restarts(N, _, _, _, Latencies) when N =< 0 -> Latencies;
restarts(N, How, Between, Died, Latencies) ->
    Supervisor = started([#{id => mortal, start => {?MODULE, start_mortal, [self(), Died, How]}}]),
    Child = receive {up, Pid, _} -> Pid end,
    More = restart_often(min(N, ?RESTARTS_OF_ONE_SUPERVISOR), Child, Died, Between, Latencies),
    stop(Supervisor),
    restarts(N - ?RESTARTS_OF_ONE_SUPERVISOR, How, Between, Died, More).

restart_often(0, _, _, _, Latencies) -> Latencies;
restart_often(N, Child, Died, Between, Latencies) ->
    case Between of
        0 -> ok;
        _ -> receive after Between -> ok end
    end,
    {Next, Latency} = restart_once(Child, Died),
    restart_often(N - 1, Next, Died, Between, [Latency | Latencies]).

%% The time per restart is that of the fresh supervisors too, a hundredth of one.
restart(Name, N, How) ->
    restarts(N div 10 + 1, How, 0),
    quantiles(Name, timed(Name ++ "_time", N, fun() -> restarts(N, How, 0) end)).

restart_paced(Name, N, How) ->
    restarts(N div 10 + 1, How, ?PACE_MS),
    quantiles(Name, restarts(N, How, ?PACE_MS)).

start_counted(Parent, Left) ->
    {ok, spawn_link(fun() ->
        case atomics:sub_get(Left, 1, 1) of
            0 -> Parent ! all_up;
            _ -> ok
        end,
        receive die -> exit(crash) end
    end)}.

restart_many(N) ->
    Left = atomics:new(1, []),
    atomics:put(Left, 1, N),
    Supervisor = started([#{id => I, start => {?MODULE, start_counted, [self(), Left]}} || I <- lists:seq(1, N)]),
    receive all_up -> ok end,
    Children = supervisor:which_children(Supervisor),
    atomics:put(Left, 1, N),
    timed("restart_many", N, fun() ->
        [Pid ! die || {_, Pid, _, _} <- Children],
        receive all_up -> ok end
    end),
    stop(Supervisor).

%% -- children: very many of them

start_idle() -> {ok, spawn_link(fun() -> receive die -> ok end end)}.

start_ticker() ->
    Longest = atomics:new(1, []),
    spawn_link(fun() -> tick(Longest, now_ns()) end),
    Longest.

tick(Longest, Last) ->
    receive after 1 -> ok end,
    Now = now_ns(),
    Pause = Now - Last - 1000000,
    case Pause > atomics:get(Longest, 1) of
        true -> atomics:put(Longest, 1, Pause);
        false -> ok
    end,
    tick(Longest, Now).

say_pause(Name, Longest) ->
    receive after 5 -> ok end,
    say(Name, atomics:exchange(Longest, 1, 0), "ns").

resident_bytes() ->
    {ok, Status} = file:read_file("/proc/self/status"),
    {match, [KiB]} = re:run(Status, "VmRSS:\\s+([0-9]+)", [{capture, all_but_first, list}]),
    list_to_integer(KiB) * 1024.

children(N) ->
    {ok, Supervisor} = supervisor:start_link(?MODULE, {simple_one_for_one,
        [#{id => idle, start => {?MODULE, start_idle, []}, restart => temporary}]}),
    Longest = start_ticker(),
    resident_bytes(),
    Memory = resident_bytes(),
    timed("children_start", N, fun() -> start_children(Supervisor, N) end),
    say_pause("children_start_pause", Longest),
    say("children_bytes", (resident_bytes() - Memory) / N, "bytes"),
    Counts = timed("children_count", 1, fun() -> supervisor:count_children(Supervisor) end),
    say_pause("children_count_pause", Longest),
    Listed = timed("children_list", N, fun() -> length(supervisor:which_children(Supervisor)) end),
    say_pause("children_list_pause", Longest),
    {Listed, Listed} = {N, proplists:get_value(active, Counts)},
    timed("children_stop", N, fun() -> stop(Supervisor) end),
    say_pause("children_stop_pause", Longest).

start_children(_, 0) -> ok;
start_children(Supervisor, N) ->
    {ok, _} = supervisor:start_child(Supervisor, []),
    start_children(Supervisor, N - 1).

%% -- siblings: what those who are well notice of those who crash

start_sibling() -> {ok, spawn_link(fun serve/0)}.

serve() ->
    receive {From, Ref, Value} -> From ! {Ref, worked(Value, 1000)} end,
    serve().

worked(Value, 0) -> Value;
worked(Value, N) -> worked((Value * 75 + 74) rem 65537, N - 1).

%% As a gen_server is called: with a monitor.
ask(Whom) ->
    Ref = erlang:monitor(process, Whom),
    Whom ! {self(), Ref, 1},
    receive
        {Ref, _} -> erlang:demonitor(Ref, [flush]);
        {'DOWN', Ref, _, _, Reason} -> exit(Reason)
    end.

%% Phases: 1 quiet, 2 crashing, 0 over.
crash_steadily(Phase, Parent, Mortals, Crashed, Rest, Last) ->
    More = receive {up, Pid, _} -> queue:in(Pid, Mortals) after 1 -> Mortals end,
    Now = now_ns(),
    case atomics:get(Phase, 1) of
        0 -> Parent ! {crashes, Crashed};
        1 -> crash_steadily(Phase, Parent, More, Crashed, Rest, Now);
        2 ->
            Time = Rest + Now - Last,
            {Left, Done} = crash_due(Time div 1000000, More, 0),
            crash_steadily(Phase, Parent, Left, Crashed + Done, Time - Done * 1000000, Now)
    end.

crash_due(0, Mortals, Done) -> {Mortals, Done};
crash_due(N, Mortals, Done) ->
    case queue:out(Mortals) of
        {empty, _} -> {Mortals, Done};
        {{value, Pid}, Left} -> Pid ! die, crash_due(N - 1, Left, Done + 1)
    end.

ask_steadily(Phase, Parent, Whom, Between, Quiet, Crashing) ->
    case atomics:get(Phase, 1) of
        0 -> Parent ! {latencies, Quiet, Crashing};
        P ->
            case Between of
                0 -> ok;
                _ -> receive after Between -> ok end
            end,
            Begin = now_ns(),
            ask(Whom),
            Time = now_ns() - Begin,
            case {P, atomics:get(Phase, 1)} of
                {1, 1} -> ask_steadily(Phase, Parent, Whom, Between, [Time | Quiet], Crashing);
                {2, 2} -> ask_steadily(Phase, Parent, Whom, Between, Quiet, [Time | Crashing]);
                _ -> ask_steadily(Phase, Parent, Whom, Between, Quiet, Crashing)
            end
    end.

siblings(Name, Between, Milliseconds) ->
    Phase = atomics:new(1, []),
    atomics:put(Phase, 1, 1),
    Died = atomics:new(1, []),
    Parent = self(),
    Crasher = spawn_link(fun() -> crash_steadily(Phase, Parent, queue:new(), 0, 0, now_ns()) end),
    Siblings = [#{id => {sibling, I}, start => {?MODULE, start_sibling, []}} || I <- lists:seq(1, ?SIBLINGS)],
    Mortals = [#{id => {mortal, I}, start => {?MODULE, start_mortal, [Crasher, Died, exit]}}
               || I <- lists:seq(1, ?SIBLINGS)],
    Supervisor = started(Siblings ++ Mortals),
    [spawn_link(fun() -> ask_steadily(Phase, Parent, Pid, Between, [], []) end)
     || {{sibling, _}, Pid, _, _} <- supervisor:which_children(Supervisor)],
    Slices = (Milliseconds + ?SLICE_MS - 1) div ?SLICE_MS,
    [begin
         atomics:put(Phase, 1, P),
         receive after ?SLICE_MS -> ok end
     end || _ <- lists:seq(1, Slices), P <- [1, 2]],
    atomics:put(Phase, 1, 0),
    Crashes = receive {crashes, C} -> C end,
    All = [receive {latencies, Q, R} -> {Q, R} end || _ <- lists:seq(1, ?SIBLINGS)],
    Quiet = lists:append([Q || {Q, _} <- All]),
    Crashing = lists:append([R || {_, R} <- All]),
    Seconds = Slices * ?SLICE_MS / 1000,
    say(Name ++ "_crashes", Crashes / Seconds, "per_s"),
    say(Name ++ "_quiet_rate", length(Quiet) / Seconds, "per_s"),
    say(Name ++ "_crashing_rate", length(Crashing) / Seconds, "per_s"),
    quantiles(Name ++ "_quiet", Quiet),
    quantiles(Name ++ "_crashing", Crashing),
    stop(Supervisor).
