#!/usr/bin/env escript
%% SPDX-License-Identifier: BSD-3-Clause
%%! -noinput +S 1:1 +sbwt none -env ERL_CRASH_DUMP_BYTES 0
%%
%% Runs scenarios on OTP's own supervisors. Each packet (four bytes of length, then text) on standard input is a
%% scenario; the answer is a packet with its trace. README.md tells what the lines mean; supervision/stage.cpp does
%% the same with Perron's supervisors.
-mode(compile).
-export([main/1, init/1, log/2, start_worker/1, start_worker/2, start_supervisor/1]).

main(_) ->
    logger:remove_handler(default),
    logger:set_primary_config(level, error),
    ok = logger:add_handler(trace, ?MODULE, #{}),
    ets:new(stage, [named_table, public, {read_concurrency, false}]),
    ets:new(trace, [named_table, public, ordered_set]),
    serve(open_port({fd, 0, 1}, [{packet, 4}, binary, eof])).

serve(Port) ->
    receive
        {Port, {data, Text}} ->
            {_, Ref} = spawn_monitor(fun() -> run(binary_to_list(Text)) end),
            receive
                {'DOWN', Ref, process, _, normal} -> ok;
                {'DOWN', Ref, process, _, Why} -> note("the stage broke: ~0p", [Why])
            end,
            Lines = [[Line, $\n] || {_, Line} <- ets:tab2list(trace)],
            ets:delete_all_objects(trace),
            ets:delete_all_objects(stage),
            port_command(Port, Lines),
            serve(Port);
        {Port, eof} ->
            halt(0)
    end.

%% -- the scenario's text

run(Text) ->
    process_flag(trap_exit, true),
    Lines = [string:lexemes(Line, " ") || Line <- string:lexemes(Text, "\n"), hd(Line) =/= $#],
    ets:insert(stage, {supervisors, []}),
    Steps = lists:filter(fun is_step/1, Lines),
    ets:insert(stage, {runner, self()}),
    [align() || ["pass" | _] <- Steps],
    case supervisor:start_link(?MODULE, top) of
        {ok, Top} ->
            note("up ~s", [runs(top, Top)]),
            picture(settle()),
            lists:foreach(fun step/1, Steps),
            finish(Top);
        {error, {start_spec, Why}} ->
            note("refused ~s", [first_word(Why)]);
        {error, {bad_start_spec, _}} ->
            note("refused bad_start_spec", []);
        {error, {supervisor_data, Why}} ->
            note("refused ~s", [first_word(Why)]);
        {error, Why} ->
            note("failed ~s", [word(Why)])
    end,
    [note("left ~s", [Name]) || Name <- lists:sort([name(Pid) || Pid <- left()])],
    [exit(Pid, kill) || Pid <- left() ++ waiting()].

is_step(["scenario" | _]) -> false;
is_step(["supervisor", Name | Keys]) -> declare(supervisor, Name, Keys, true);
is_step(["child", Name | Keys]) -> declare(worker, Name, Keys, true);
is_step(["spec", Name | Keys]) -> declare(worker, Name, Keys, false);
is_step(_) -> true.

declare(Kind, Text, Keys, Listed) ->
    Name = list_to_atom(Text),
    Map = maps:from_list([begin [Key, Value] = string:split(Pair, "="), {Key, Value} end || Pair <- Keys]),
    In = list_to_atom(maps:get("in", Map, "top")),
    ets:insert(stage, {{declared, Name}, {Kind, In, Map}}),
    [add_to({children, In}, Name) || Listed, Name =/= top],
    [add_to(supervisors, Name) || Kind =:= supervisor],
    false.

add_to(Key, Value) ->
    ets:insert(stage, {Key, find(Key, []) ++ [Value]}).

find(Key, Default) ->
    case ets:lookup(stage, Key) of
        [{_, Value}] -> Value;
        [] -> Default
    end.

declared(Name) ->
    [{_, Declared}] = ets:lookup(stage, {declared, Name}),
    Declared.

spec(Name) ->
    {Kind, In, Map} = declared(Name),
    Function = case Kind of supervisor -> start_supervisor; worker -> start_worker end,
    Base = [{type, Kind} || Kind =:= supervisor],
    maps:from_list(Base ++
        [{id, Name} || not is_map_key("id", Map)] ++
        [{start, {?MODULE, Function, [Name]}} || maps:get("start", Map, "") =/= "missing"] ++
        [Pair || {Key, Value} <- maps:to_list(Map), Pair <- spec_key(Key, Value, In)]).

spec_key("id", "missing", _) -> [];
spec_key("id", Value, _) -> [{id, list_to_atom(Value)}];
spec_key("restart", Value, _) -> [{restart, list_to_atom(Value)}];
spec_key("significant", Value, _) -> [{significant, list_to_atom(Value)}];
spec_key("type", Value, _) -> [{type, list_to_atom(Value)}];
spec_key("shutdown", Value, _) -> [{shutdown, number_or_atom(Value)}];
spec_key(_, _, _) -> [].

number_or_atom(Text) ->
    case string:to_integer(Text) of
        {Number, []} -> Number;
        _ -> list_to_atom(Text)
    end.

%% -- supervisors

init(Name) ->
    put(name, Name),
    {_, _, Map} = declared(Name),
    Flags = maps:from_list([{list_to_atom(Key), number_or_atom(Value)} ||
        {Key, Value} <- maps:to_list(Map), lists:member(Key, ["strategy", "intensity", "period", "auto_shutdown"])]),
    {ok, {Flags, [spec(Child) || Child <- find({children, Name}, [])]}}.

start_supervisor(Name) ->
    starting(Name, "", fun() ->
        case supervisor:start_link(?MODULE, Name) of
            {ok, Pid} ->
                ets:insert(stage, {{parent, Pid}, self()}),
                note("start ~s", [runs(Name, Pid)]),
                {ok, Pid};
            {error, Why} ->
                note("start ~s failed ~s", [Name, word(Why)]),
                {error, Why}
        end
    end).

%% What supervisors report arrives here, in their own process.
log(#{msg := {report, #{label := {supervisor, Context}, report := Report}}}, _) ->
    Offender = proplists:get_value(offender, Report),
    Field = fun(Key) -> word(proplists:get_value(Key, Offender)) end,
    {Star, Who} =
        case proplists:get_value(nb_children, Offender) of
            undefined -> {"", who(proplists:get_value(pid, Offender))};
            Count -> {"*", io_lib:format("~b children", [Count])}
        end,
    note("report~s ~s ~s ~s ~s ~s (~s ~s ~s ~s)", [Star, get(name), Context, Field(id), Who,
        word(proplists:get_value(reason, Report)), Field(restart_type), Field(significant), Field(shutdown),
        Field(child_type)]);
log(#{msg := {"Supervisor received unexpected message" ++ _, _}}, _) ->
    note("odd message to ~s", [get(name)]);
log(_, _) ->
    ok.

%% -- children

start_worker(Name) -> start_worker(Name, []).
start_worker(Name, Args) ->
    Text = case Args of [] -> ""; _ -> " (" ++ lists:flatten(lists:join(" ", Args)) ++ ")" end,
    starting(Name, Text, fun() ->
        {_, _, Map} = declared(Name),
        Sup = self(),
        Simple = is_simple(get(name)),
        Pid = spawn_link(fun() ->
            Stop = maps:get("stop", Map, "ends"),
            process_flag(trap_exit, Stop =/= "falls"),
            Sup ! {ready, self()},
            work(Sup, Stop, Simple)
        end),
        receive {ready, Pid} -> ok end,
        ets:insert(stage, {{parent, Pid}, Sup}),
        note("start ~s~s", [runs(Name, Pid), Text]),
        {ok, Pid}
    end).

%% One start by the list of results: counts it, waits if it is to be held, and does what it says.
starting(Name, Text, Start) ->
    {_, _, Map} = declared(Name),
    Results = string:split(maps:get("start", Map, "ok"), ",", all),
    Nth = ets:update_counter(stage, {starts, Name}, 1, {{starts, Name}, 0}),
    result(lists:nth(min(Nth, length(Results)), Results), Name, Text, Start).

result("held:" ++ Then, Name, Text, Start) ->
    note("held ~s", [Name]),
    ets:lookup_element(stage, runner, 2) ! {held, self()},
    receive go -> ok end,
    result(Then, Name, Text, Start);
result("ok", _, _, Start) ->
    Start();
result("info:" ++ Info, _, _, Start) ->
    case Start() of
        {ok, Pid} -> {ok, Pid, list_to_atom(Info)};
        Failed -> Failed
    end;
result("ignore", Name, Text, _) ->
    note("start ~s ignored~s", [Name, Text]),
    ignore;
result("error:" ++ Why, Name, Text, _) ->
    note("start ~s error ~s~s", [Name, Why, Text]),
    {error, reason(Why)};
result("throws:" ++ Why, Name, Text, _) ->
    note("start ~s throws ~s~s", [Name, Why, Text]),
    throw(reason(Why)).

work(Sup, Stop, Simple) ->
    receive
        {exit, Why} ->
            exit(Why);
        {unlink, From} ->
            unlink(Sup),
            From ! {unlinked, self()},
            work(Sup, Stop, Simple);
        {'EXIT', Sup, killed} ->
            exit(killed);
        {'EXIT', Sup, Why} ->
            note("told~s ~s ~s", [[$* || Simple], name(self()), word(Why)]),
            case Stop of
                "ends" -> exit(Why);
                "unlinks" -> unlink(Sup), exit(Why);
                "dies:" ++ Other -> exit(reason(Other));
                "ignores" -> work(Sup, Stop, Simple)
            end;
        {'EXIT', _, _} ->
            work(Sup, Stop, Simple)
    end.

is_simple(Name) ->
    {_, _, Map} = declared(Name),
    maps:get("strategy", Map, "") =:= "simple_one_for_one".

%% -- who is who

runs(Name, Pid) ->
    Nth = ets:update_counter(stage, {runs, Name}, 1, {{runs, Name}, 0}),
    Full = lists:flatten(io_lib:format("~s#~b", [Name, Nth])),
    ets:insert(stage, [{{name, Pid}, Full}, {{pid, Full}, Pid}, {{pid, atom_to_list(Name)}, Pid}]),
    Full.

name(Pid) -> find({name, Pid}, "nobody").
pid(Name) -> find({pid, Name}, undefined).

who(Pid) when is_pid(Pid) -> name(Pid);
who(restarting) -> "restarting";
who(_) -> "-".

left() -> [Pid || [Pid] <- ets:match(stage, {{name, '$1'}, '_'}), is_process_alive(Pid)].

%% -- steps

step(Words) ->
    note("> ~s", [lists:join(" ", Words)]),
    act(Words),
    case get(held) of
        undefined -> picture(settle());
        _ -> ok
    end.

act(["exit", Target, Why]) ->
    to_one(Target, fun(Pid) -> Pid ! {exit, reason(Why)}, true end);
act(["kill", Target]) ->
    to_one(Target, fun(Pid) -> exit(Pid, kill), true end);
act(["unlink", Target]) ->
    to_one(Target, fun(Pid) ->
        ets:insert(stage, {{unlinked, Pid}, true}),
        Pid ! {unlink, self()},
        receive {unlinked, Pid} -> false end
    end);
act(["signal", Why]) ->
    exit(pid("top"), reason(Why));
act(["foreign", Target, Why]) ->
    to_one(Target, fun(Pid) ->
        {_, Ref} = spawn_monitor(fun() -> exit(Pid, reason(Why)) end),
        receive {'DOWN', Ref, _, _, _} -> Why =:= "kill" end
    end);
act(["message", Target]) ->
    to_one(Target, fun(Pid) -> Pid ! {odd, 1}, false end);
act(["start", Name]) ->
    {_, In, _} = declared(list_to_atom(Name)),
    ask(In, fun(Sup) -> supervisor:start_child(Sup, spec(list_to_atom(Name))) end);
act(["start_with", In | Args]) ->
    ask(In, fun(Sup) -> supervisor:start_child(Sup, [Args]) end);
act(["restart", In, Id]) ->
    ask(In, fun(Sup) -> supervisor:restart_child(Sup, list_to_atom(Id)) end);
act(["terminate", In, Id]) ->
    ask(In, fun(Sup) -> supervisor:terminate_child(Sup, list_to_atom(Id)) end);
act(["terminate_pid", In, Target]) ->
    ask_about(In, Target, fun supervisor:terminate_child/2);
act(["delete", In, Id]) ->
    ask(In, fun(Sup) -> supervisor:delete_child(Sup, list_to_atom(Id)) end);
act(["get", In, Id]) ->
    ask(In, fun(Sup) -> supervisor:get_childspec(Sup, list_to_atom(Id)) end);
act(["get_pid", In, Target]) ->
    ask_about(In, Target, fun supervisor:get_childspec/2);
act(["which", In]) ->
    Simple = is_simple(list_to_atom(In)),
    ask(In, fun(Sup) -> {shown, all_shown(Simple, supervisor:which_children(Sup))} end);
act(["count", In]) ->
    ask(In, fun(Sup) -> {shown, numbers(supervisor:count_children(Sup))} end);
act(["check", Name]) ->
    {_, In, _} = declared(list_to_atom(Name)),
    {_, _, Map} = declared(In),
    note("= ~s", [answer(supervisor:check_childspecs([spec(list_to_atom(Name))],
        list_to_atom(maps:get("auto_shutdown", Map, "never"))))]);
act(["pass", Seconds]) ->
    timer:sleep(list_to_integer(Seconds) * 1000);
act(["release"]) ->
    case erase(held) of
        undefined -> note("= nothing is held", []);
        Holder -> Holder ! go
    end.

%% Does something to one process; waits for its end if the action says so.
to_one(Target, Action) ->
    Pid = pid(Target),
    case is_pid(Pid) andalso is_process_alive(Pid) of
        true ->
            Ref = monitor(process, Pid),
            case Action(Pid) of
                true -> receive {'DOWN', Ref, _, _, _} -> ok end;
                false -> demonitor(Ref, [flush])
            end;
        false ->
            note("= gone", [])
    end.

%% A call to a supervisor by a process of its own, as its answer may have to wait for a release.
ask(In, Call) ->
    Runner = self(),
    Asker = spawn(fun() -> Runner ! {answered, self(), answer(catch Call(pid(to_text(In))))} end),
    case get(held) of
        undefined -> await(Asker);
        _ -> wait_until_asked(Asker), put(pending, pending() ++ [Asker])
    end.

%% The same about a process, dead or alive.
ask_about(In, Target, Call) ->
    case pid(Target) of
        undefined -> note("= nobody", []);
        Pid -> ask(In, fun(Sup) -> Call(Sup, Pid) end)
    end.

pending() ->
    case get(pending) of undefined -> []; Askers -> Askers end.

await(Asker) ->
    receive
        {answered, Asker, Text} -> note("= ~s", [Text]);
        {held, Holder} -> put(held, Holder), put(pending, pending() ++ [Asker])
    end.

wait_until_asked(Asker) ->
    case process_info(Asker, status) of
        {status, Status} when Status =/= waiting -> erlang:yield(), wait_until_asked(Asker);
        _ -> ok
    end.

to_text(Name) when is_atom(Name) -> atom_to_list(Name);
to_text(Name) -> Name.

align() ->
    timer:sleep(1020 - (erlang:monotonic_time(millisecond) rem 1000 + 1000) rem 1000).

%% -- quiet

%% Waits until supervisors have dealt with all that happened, or one is held in a start. Gives the picture they show.
settle() ->
    settle(get(held)).
settle(undefined) ->
    Runner = self(),
    Surveyor = spawn(fun() -> Runner ! {surveyed, self(), survey()} end),
    receive
        {surveyed, Surveyor, Picture} ->
            Askers = pending(),
            put(pending, []),
            lists:foreach(fun await/1, Askers),
            notice_end(),
            case get(held) of undefined -> Picture; _ -> [] end;
        {held, Holder} ->
            put(held, Holder),
            put(waiting, [Surveyor | waiting()]),
            []
    end;
settle(_) ->
    [].

%% Surveyors that wait for a supervisor that is held, or did when it was.
waiting() ->
    case get(waiting) of undefined -> []; Surveyors -> Surveyors end.

picture(Lines) -> [note("~s", [Line]) || Line <- Lines].

notice_end() ->
    Top = pid("top"),
    case is_process_alive(Top) orelse get(ended) of
        undefined ->
            put(ended, true),
            receive {'EXIT', Top, Why} -> note("ended top ~s", [word(Why)]) end;
        _ ->
            ok
    end.

survey() ->
    Before = ets:info(trace, size),
    Tree = lists:reverse(ets:lookup_element(stage, supervisors, 2)),
    Seen = [look(Name) || Name <- Tree],
    Left = left(),
    Quiet = lists:all(fun({Good, Sup, _}) -> Good andalso (Sup =:= none orelse lists:member(Sup, Left)) end, Seen)
        andalso not lists:any(fun is_dying/1, Left),
    case Quiet andalso ets:info(trace, size) =:= Before of
        true -> [Line || {_, _, Line} <- lists:reverse(Seen), Line =/= none];
        false -> erlang:yield(), survey()
    end.

is_dying(Pid) ->
    Parent = find({parent, Pid}, undefined),
    is_pid(Parent) andalso not is_process_alive(Parent) andalso not ets:member(stage, {unlinked, Pid}).

look(Name) ->
    Sup = pid(atom_to_list(Name)),
    case is_pid(Sup) andalso is_process_alive(Sup) of
        false ->
            {true, none, none};
        true ->
            try
                Children = supervisor:which_children(Sup),
                Counts = supervisor:count_children(Sup),
                {lists:all(fun is_settled/1, Children), Sup,
                 io_lib:format("~s:~s;~s", [name(Sup), all_shown(is_simple(Name), Children), numbers(Counts)])}
            catch
                exit:_ -> {false, Sup, none}
            end
    end.

is_settled({_, restarting, _, _}) -> false;
is_settled({_, undefined, _, _}) -> true;
is_settled({_, Pid, _, _}) -> is_process_alive(Pid) orelse ets:member(stage, {unlinked, Pid}).

all_shown(Simple, Children) -> lists:sort([shown(Simple, Child) || Child <- Children]).

numbers(Counts) -> [io_lib:format(" ~s ~b", [Key, Number]) || {Key, Number} <- Counts].

shown(Simple, {Id, Pid, Type, _}) ->
    Shown = case Simple of true -> ""; false -> [word(Id), "="] end,
    lists:flatten(io_lib:format(" ~s~s/~s", [Shown, who(Pid), Type])).

finish(Top) ->
    case get(held) of
        undefined ->
            note("> end", []),
            exit(Top, shutdown),
            picture(settle());
        _ ->
            step(["release"]),
            finish(Top)
    end.

%% -- words

note(Format, Args) ->
    ets:insert(trace, {erlang:unique_integer([monotonic]), io_lib:format(Format, Args)}),
    ok.

reason("shutdown:" ++ More) -> {shutdown, list_to_atom(More)};
reason(Word) -> list_to_atom(Word).

word(Word) when is_atom(Word) -> atom_to_list(Word);
word(Word) when is_integer(Word) -> integer_to_list(Word);
word({shutdown, Why}) -> "shutdown:" ++ word(Why);
word({failed_to_start_child, Id, Why}) -> lists:flatten(["failed_to_start_child:", word(Id), ":", word(Why)]);
word({Error, [{_, _, _, _} | _]}) -> word(Error); % with a stack trace
word(Other) -> lists:flatten(io_lib:format("~0p", [Other])).

first_word(Tuple) when is_tuple(Tuple) -> word(element(1, Tuple));
first_word(Other) -> word(Other).

answer(ok) -> "ok";
answer({shown, Text}) -> ["is", Text];
answer({ok, #{id := Id} = Spec}) ->
    Given = fun(Key) -> word(maps:get(Key, Spec)) end,
    ["spec ", word(Id), [[" ", Given(Key)] || Key <- [restart, significant, shutdown, type]]];
answer({ok, Pid}) -> "ok " ++ who(Pid);
answer({ok, Pid, Info}) -> ["ok ", who(Pid), " info ", word(Info)];
answer({error, {already_started, Pid}}) -> "already_started " ++ who(Pid);
answer({error, Word}) when Word =:= not_found; Word =:= running; Word =:= restarting; Word =:= already_present;
                           Word =:= simple_one_for_one -> word(Word);
answer({error, Word}) when Word =:= missing_id; Word =:= missing_start -> "bad_spec " ++ word(Word);
answer({error, {Word, _}}) when Word =:= duplicate_child_name; Word =:= bad_combination; Word =:= invalid_shutdown ->
    "bad_spec " ++ word(Word);
answer({error, {invalid_child_spec, _}}) -> "bad_spec";
answer({error, {Why, Child}}) when element(1, Child) =:= child -> "failed " ++ word(Why);
answer({error, Why}) -> "failed " ++ word(Why);
answer({'EXIT', _}) -> "unreachable".
