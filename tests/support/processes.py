"""Processes to be killed, forked off one that has imported everything: imports take longer than all that they do."""

import asyncio
import multiprocessing
import os
from collections.abc import Callable, Coroutine
from multiprocessing.process import BaseProcess
from typing import Any

import uvloop

_FORKING = multiprocessing.get_context("forkserver")
_PROCESSES = ("echo", "migration", "service", "sync")
_FORKING.set_forkserver_preload(["services.tickets.main", *(f"tests.support.{name}_process" for name in _PROCESSES)])


async def start(main: Callable[..., Coroutine[Any, Any, None]], *arguments: Any, crash_at: str = "") -> BaseProcess:
    """`main(*arguments)` in a process of its own, which kills itself at the named point."""
    process = _FORKING.Process(target=_run, args=(main, arguments, crash_at), daemon=True)
    await asyncio.to_thread(process.start)
    return process


async def ended(process: BaseProcess, seconds: float = 30) -> int | None:
    """Its exit code as of `subprocess`; None if it has not ended in time."""
    await asyncio.to_thread(process.join, seconds)
    return process.exitcode


def _run(main: Callable[..., Coroutine[Any, Any, None]], arguments: tuple[Any, ...], crash_at: str) -> None:
    os.environ["GLIDEPATH_CRASH_AT"] = crash_at
    # It is ended by a signal sooner or later; nobody reads what it says of that.
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # as the services run
        runner.run(main(*arguments))
