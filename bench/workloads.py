# SPDX-License-Identifier: BSD-3-Clause
"""Programs that take `<workload> <count>` and print `result <row> <value> <unit>`: how they are built, run in
interleaved rounds, and what is made of their lines."""

import os
import shutil
import subprocess
import sys

import figures

RUN_TIMEOUT_S = 300


def available(makers, wanted, build):
    """{peer: command line before the workload}, for each peer that is wanted, installed, and builds."""
    build.mkdir(parents=True, exist_ok=True)
    commands = {}
    for peer, make in makers.items():
        if wanted and peer not in wanted:
            continue
        command, problem = make()
        if command:
            commands[peer] = command
        else:
            print(f"skipped: {peer}: {problem}")
    if not commands:
        sys.exit("nothing to measure")
    return commands


def program_command(program):
    if not os.access(program, os.X_OK):
        return None, f"{program} is not built"
    return [str(program)], None


def erlang_command(source, build):
    problem = built(source, build / f"{source.stem}.beam", ["erlc", "-o", str(build), str(source)], build)
    if problem:
        return None, problem
    return ["erl", "+P", "4000000", "+S", "2:2", "-noinput", "-pa", str(build), "-run", source.stem, "main"], None


def built(source, product, command, build):
    """None once the product is up to date, else why it is not."""
    if product.exists() and product.stat().st_mtime > source.stat().st_mtime:
        return None
    if not shutil.which(command[0]):
        return f"{command[0]} is not installed"
    environment = {"GOCACHE": str(build / "go_cache"), **os.environ, "GO111MODULE": "off"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return f"{command[0]} failed: {done.stderr.strip()[-400:]}" if done.returncode else None


def turned(peers, number):
    """Each round begins with another peer, so that none always runs on the same neighbour's heels."""
    turn = number % len(peers)
    return peers[turn:] + peers[:turn]


def measured_rounds(rounds, commands, plan):
    """Runs each workload of the plan, [(workload, {peer: count})], once a round with each peer."""
    samples = figures.Samples()
    peers = list(commands)
    for number in range(rounds):
        for workload, counts in plan:
            for peer in turned(peers, number):
                if peer in counts:
                    _measure(peer, commands[peer] + [workload, str(counts[peer])], workload, samples)
        print(f"round {number + 1} of {rounds} done", file=sys.stderr)
    return samples


def _measure(peer, arguments, workload, samples):
    try:
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=RUN_TIMEOUT_S, check=False,
                              stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        print(f"skipped: {peer} {workload}: not done after {RUN_TIMEOUT_S} s")
        return
    if done.returncode:
        print(f"skipped: {peer} {workload}: exit status {done.returncode}: {done.stderr.strip()[-400:]}")
        return
    for line in done.stdout.splitlines():
        words = line.split()
        if len(words) == 4 and words[0] == "result":
            samples.add(words[1], peer, float(words[2]), words[3])


def ratios_of(samples, rows, others, prefix=""):
    """[(name, value)] of Perron over each of the others, where both were measured."""
    found = [(f"{prefix}{row}.perron_over_{other}", samples.ratio(row, "perron", other))
             for row in rows for other in others]
    return [(name, ratio) for name, ratio in found if ratio is not None]


def print_figures(samples, rows, columns, ratios, prefix=""):
    """Prints the medians and the ratios, [(name, value)]; gives all of them by name."""
    printed = {}
    for row in rows:
        for column in columns:
            value = samples.median(row, column)
            if value is not None:
                printed[f"{prefix}{row}.{column}"] = value
                figures.figure(f"{prefix}{row}.{column}", value, samples.unit(row))
    for name, value in ratios:
        printed[name] = value
        figures.ratio_figure(name, value)
    return printed
