"""`make bench`: measure in one run, print a table, write bench.json. Ratios count; absolute figures are this machine's.

python -m tests.bench [--only timers,arithmetic,migration,sqlite] [--clocks 1000000] [--due 100000] [--window 60]
                      [--engine postgresql,sqlite] [--json bench.json]
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import uvloop

from tests.bench import clock_arithmetic, policy_migration, sla_timers, sqlite_trips
from tests.bench.report import Figure, render, write

BENCHES = ("arithmetic", "sqlite", "timers", "migration")


def main() -> int:
    asked = _asked()
    figures: list[Figure] = []
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # as the services run
        runner.run(_measure(asked, figures))
    print(render(figures))  # noqa: T201
    write(Path(asked.json), figures, vars(asked))
    return 1 if any(figure.held is False for figure in figures) else 0


async def _measure(asked: argparse.Namespace, figures: list[Figure]) -> None:
    """Each figure is told as soon as there is one: all of them take minutes."""
    async for figure in _figures(asked):
        figures.append(figure)
        print(f"… {figure.what}: {figure.measured}", file=sys.stderr, flush=True)  # noqa: T201


async def _figures(asked: argparse.Namespace) -> AsyncIterator[Figure]:
    chosen, engines = asked.only.split(","), asked.engine.split(",")
    if "arithmetic" in chosen:
        for figure in clock_arithmetic.run():
            yield figure
    if "sqlite" in chosen:
        async for figure in sqlite_trips.run():
            yield figure
    if "timers" in chosen:
        load = sla_timers.Load(clocks=asked.clocks, due=asked.due, window=timedelta(seconds=asked.window))
        async for figure in sla_timers.run(load, engines, small=min(10_000, asked.clocks)):
            yield figure
    if "migration" in chosen:
        for figure in await asyncio.to_thread(lambda: list(policy_migration.run(asked.due))):
            yield figure


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure speed as ratios in one run.")
    parser.add_argument("--only", default=",".join(BENCHES), help=f"of {', '.join(BENCHES)}")
    parser.add_argument("--clocks", type=int, default=1_000_000, help="open clocks")
    parser.add_argument("--due", type=int, default=None, help="of these, due within the window; a tenth by default")
    parser.add_argument("--window", type=float, default=60.0, help="seconds")
    parser.add_argument("--engine", default="postgresql,sqlite")
    parser.add_argument("--json", default="bench.json")
    asked = parser.parse_args()
    if asked.due is None:
        asked.due = max(asked.clocks // 10, 1)
    return asked


if __name__ == "__main__":
    sys.exit(main())
