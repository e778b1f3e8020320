"""Compare engine and walk on many random cases: `python -m tests.oracle --cases 100000 --seed 1`. Exit 1 on any disagreement."""

import argparse
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from services.tickets.domain.calendar import Calendar, Window
from services.tickets.domain.moment import Moment
from services.tickets.domain.policy import Rule
from shared.clock import SystemClock
from tests.oracle.cases import CASES_PER_CHUNK, chunk_of
from tests.oracle.verdict import Case, differences, smallest
from tests.oracle.wall import MINUTE


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.oracle", description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", metavar="SEED:CHUNK:INDEX", help="one case, told in full")
    wanted = parser.parse_args(arguments)
    if wanted.only:
        return _tell_one(wanted.only)
    clock = SystemClock()
    began = clock.now()
    done, wrong = 0, list[str]()
    chunks = range(-(-wanted.cases // CASES_PER_CHUNK))
    with ProcessPoolExecutor(max_workers=wanted.processes) as pool:
        for cases, names in pool.map(partial(judge, wanted.seed), chunks, chunksize=2):
            done += cases
            wrong += names
            seconds = (clock.now() - began).total_seconds()
            _say(f"\r{done:,} of {wanted.cases:,} cases, {len(wrong)} disagree, {done / seconds:,.0f}/s")
    _say(f"\n{done - len(wrong):,} of {done:,} random cases agree (seed {wanted.seed}).\n")
    if not wrong:
        return 0
    shrunk = [smallest(_case(name)) for name in wrong[:25]]
    _tell(min(shrunk, key=lambda case: len(case.moments)))
    return 1


def judge(seed: int, chunk: int) -> tuple[int, list[str]]:
    """How many cases the chunk has, and the names of those that disagree."""
    cases = list(chunk_of(seed, chunk))
    return len(cases), [case.name for case in cases if differences(case)]


def _case(name: str) -> Case:
    seed, chunk, index = (int(part) for part in name.split(":"))
    return list(chunk_of(seed, chunk))[index]


def _tell_one(name: str) -> int:
    case = _case(name)
    _tell(smallest(case) if differences(case) else case)
    return 1 if differences(case) else 0


def _tell(case: Case) -> None:
    _say("".join(f"{line}\n" for line in told(case)))


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def told(case: Case) -> Iterator[str]:
    """The case as a history that can be read, and what engine and walk say of it."""
    yield f"case {case.name}, up to {case.span.at(case.until):%Y-%m-%d %H:%M} UTC"
    for moment in sorted(case.moments, key=lambda m: (m.at, m.moment_id)):
        yield f"  {moment.at:%m-%d %H:%M} ({case.span.minute(moment.at)})  {_line(moment)}"
    calendars: dict[str, Calendar] = {}
    for label in sorted(case.book):
        calendars |= case.book[label].calendars()
        for rule in case.book[label].rules:
            yield f"{label} {rule.name} {_pairs(rule.when.when)} unless {_pairs(rule.when.unless)} in {rule.calendar.label}:"
            yield from _promises(rule)
    for label, calendar in sorted(calendars.items()):
        yield f"{label} {calendar.zone}: {'; '.join(_hours(windows) for windows in calendar.week)}"
        yield f"  holidays {', '.join(sorted(f'{on:%m-%d}' for on in calendar.holidays))}"
        yield f"  shifts {', '.join(f'{on:%m-%d} {_hours(windows)}' for on, windows in calendar.shifts)}"
        yield f"  closures {', '.join(f'{shut.on:%m-%d} {shut.opens}-{shut.closes}' for shut in calendar.closures)}"
    found = differences(case)
    yield f"{len(found)} differences" if found else "engine and walk agree"
    yield from (f"  {line}" for line in found)


def _promises(rule: Rule) -> Iterator[str]:
    for priority, targets in rule.targets.items():
        yield f"  {priority}: " + ", ".join(f"{target} {allowed // MINUTE}" for target, allowed in targets.items())
    yield f"  olas {', '.join(f'{team} {allowed // MINUTE}' for team, allowed in rule.olas.items())}"
    pauses: dict[str, tuple[str, ...]] = {target: tuple(sorted(statuses)) for target, statuses in rule.pause_on.items()}
    restarting = ", ".join(target for target, way in rule.on_change.items() if way == "restart")
    yield f"  pauses {_pairs(pauses)}, restarting {restarting}, reopening: {rule.on_reopen} {rule.reopen_window}"


def _pairs(written: Mapping[str, tuple[str, ...]]) -> str:
    return " ".join(f"{name}={'|'.join(values)}" for name, values in written.items()) or "-"


def _hours(windows: tuple[Window, ...]) -> str:
    return " ".join(f"{window.opens}-{window.closes}" for window in windows) or "-"


def _line(moment: Moment) -> str:
    said = " ".join(part for part in (moment.kind.value, moment.value) if part)
    return f"{moment.moment_id} {said} {dict(moment.detail) or ''}".rstrip()


if __name__ == "__main__":
    sys.exit(main())
