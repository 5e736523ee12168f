#!/usr/bin/env python3
"""Load: whatever peers send, reading it takes time by its amount and memory by no more than the bounds that are set.

  run.py --sslsniff BINARY [--only NAME]    each flood at growing sizes, and checks.py; prints a table
  run.py --write FLOOD N                    one flood as a recording, on stdout
  run.py --list                             names

Of each flood (floods_*.py):
- what it is taken for: protocols and number of transactions of a small one, by JSON
- with -q at N, 2N, 4N and 8N, with JSON or -v at N and 4N: CPU at four times the size is at most 6 times that at the size,
  after CPU of an empty recording is taken from both (4 is linear, 16 is the square); the peak of memory does not grow
- with --max-memory: the peak is within the budget, and what was given up is told

Ratios only: nothing depends on how fast the machine is. A ratio that is too large is measured again, and the least CPU time of each
size counts, since other work on the machine can add to it, but take nothing away.
"""
import argparse
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import checks  # noqa: E402
import floods  # noqa: E402
import floods_http1  # noqa: E402, F401
import floods_http2  # noqa: E402, F401
import floods_other  # noqa: E402, F401
import floods_services  # noqa: E402, F401
from program import Failure, Sslsniff, check  # noqa: E402
from recording import Trace  # noqa: E402

MOST_GROWTH = 6  # of CPU when the size grows by 4
TIMES = 4  # measured at most
PEAK_GROWTH, PEAK_SLACK = 1.3, 4 * 1024  # KiB: pages of the allocator, not of the flood
# Peak of a budget: what the connections say that they hold is true within 15 % (tests/unit/stream/memory_limit_test.cpp), and
# the allocator keeps room between blocks.
BUDGET_FACTOR = 1.5


def look(sslsniff, flood):
    """A flood that is not taken for what it is would prove nothing."""
    lines = sslsniff.lines(lambda trace: flood.write(trace, flood.small), flood.arguments)
    transactions = [line for line in lines if line["type"] == "transaction"]
    expected = flood.transactions(flood.small)
    right = len(transactions) in expected if isinstance(expected, range) else len(transactions) == expected
    check(right, f"{len(transactions)} transactions shown of {flood.small}, not {expected}")
    check(lines[-1]["type"] == "summary" and lines[-1]["transactions"] == len(transactions), f"the last line is {lines[-1]}")
    protocols = {line.get("protocol") for line in lines if line["type"] == "connection"}
    check(protocols <= flood.protocols, f"taken for {protocols}, not {flood.protocols}")
    wrong = flood.check(transactions) if flood.check else None
    check(not wrong, wrong)


def measure(sslsniff, flood, output, size, factors):
    """Runs at `size` times each factor. Fails unless CPU and memory are as they must be."""
    arguments = sslsniff.arguments_of(output) + flood.arguments
    empty = sslsniff.overhead(arguments)
    runs = {}
    for _ in range(TIMES):
        for factor in factors:
            run = sslsniff.run(lambda trace, n=size * factor: flood.write(trace, n), arguments)
            if factor not in runs or run.cpu < runs[factor].cpu:
                runs[factor] = run
        growth = [(factor, net(runs[factor], empty) / net(runs[factor // 4], empty)) for factor in factors if factor // 4 in runs]
        if all(ratio <= MOST_GROWTH for _, ratio in growth):
            break
    else:
        raise Failure(f"{output}: CPU grows out of proportion: " + ", ".join(
            f"{ratio:.1f} times from {size * factor // 4} to {size * factor}" for factor, ratio in growth))
    least, most = runs[factors[0]].peak, max(run.peak for run in runs.values())
    check(most <= PEAK_GROWTH * least + PEAK_SLACK, f"{output}: memory grows from {least} to {most} KiB")
    if flood.budget:
        shares = 1.25 if output == "pcapng" else 1  # which has a quarter of it to itself
        bound = empty.peak + BUDGET_FACTOR * shares * flood.budget * 1024
        check(most <= bound, f"{output}: {most} KiB with a budget of {flood.budget} MiB")
        told = runs[factors[-1]].messages
        check(flood.told in told, f"{output}: not told: {told}")
    return empty, runs


def net(run, empty):
    return max(run.cpu - empty.cpu, 1e-4)


HEADING = """| flood | MB at 8N | output: CPU ms at N / 2N / 4N / 8N | MiB at N / 8N | output: CPU ms at N / 4N | MiB at N / 4N |
|---|---|---|---|---|---|"""


def columns(output, measured, factors):
    empty, runs = measured
    times = " / ".join(f"{net(runs[factor], empty) * 1000:.0f}" for factor in factors)
    return f"{output}: {times} | {runs[factors[0]].peak // 1024} / {runs[factors[-1]].peak // 1024}"


def run_flood(sslsniff, flood):
    """A row of the table."""
    look(sslsniff, flood)
    (first, first_size), (second, second_size) = flood.sizes.items()
    more = measure(sslsniff, flood, first, first_size, [1, 2, 4, 8])
    less = measure(sslsniff, flood, second, second_size, [1, 4])
    return (f"| {flood.name}: {flood.about} | {more[1][8].size / 1e6:.0f} | {columns(first, more, [1, 2, 4, 8])} "
            f"| {columns(second, less, [1, 4])} |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sslsniff")
    parser.add_argument("--only")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--write", nargs=2, metavar=("FLOOD", "N"))
    options = parser.parse_args()
    names = [*floods.ALL, *checks.ALL]
    if options.list:
        print("\n".join(names))
        return 0
    if options.write:
        trace = Trace(sys.stdout.buffer)
        floods.ALL[options.write[0]].write(trace, int(options.write[1]))
        trace.flush()
        return 0
    failed = 0
    print(HEADING, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        sslsniff = Sslsniff(options.sslsniff, folder)
        for name in [options.only] if options.only else names:
            try:
                if name in floods.ALL:
                    print(run_flood(sslsniff, floods.ALL[name]), flush=True)
                else:
                    print(f"{name}: {checks.ALL[name].__doc__}: {checks.ALL[name](sslsniff)}", flush=True)
            except Failure as failure:
                print(f"FAILED {name}: {failure}", flush=True)
                failed += 1
        sslsniff.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
