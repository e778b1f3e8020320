"""`glidepath`: the command's entry point and its tree of subcommands."""

import os
import sys
import traceback
from typing import Annotated

import typer

from glidepath.commands import (
    calendars,
    database,
    deliveries,
    demo,
    doctor,
    keys,
    login,
    people,
    plans,
    policies,
    reports,
    rollouts,
    sources,
    sync,
    tickets,
    up,
    waves,
)
from glidepath.faults import Fault
from glidepath.session import Session

UNEXPECTED = 70
INTERRUPTED = 130


def main() -> None:
    """Run the command. Whatever happens, a person reads a sentence; GLIDEPATH_DEBUG=1 adds the traceback."""
    try:
        build()()
    except Fault as fault:
        _complain(fault.lines(), fault.exit_code)
    except KeyboardInterrupt:
        _complain(["interrupted"], INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output is gone (`| head`); Python must not complain about it at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if os.environ.get("GLIDEPATH_DEBUG"):
            traceback.print_exc()
        _complain([f"unexpected: {type(error).__name__}: {error}", "  GLIDEPATH_DEBUG=1 shows where"], UNEXPECTED)


def _complain(lines: list[str], code: int) -> None:
    print("glidepath: " + "\n".join(lines), file=sys.stderr)
    sys.exit(code)


def build() -> typer.Typer:
    """The whole command."""
    app = typer.Typer(
        name="glidepath",
        help="Progressive delivery for people: rollouts in waves that hold, resume and roll back on evidence.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
    app.callback()(_remember)
    app.command("up")(up.up)
    app.command("demo")(demo.demo)
    app.command("login")(login.login)
    app.command("doctor")(doctor.doctor)
    app.command("list")(rollouts.list_rollouts)
    app.command("status")(rollouts.status)
    app.command("lint")(plans.lint)
    app.command("apply")(plans.apply)
    for verb in (waves.promote, waves.pause, waves.resume, waves.hold, waves.lift, waves.abort, waves.retry):
        app.command(verb.__name__)(verb)
    app.add_typer(_group("get", "Show one thing", {"rollout": rollouts.get_rollout}))
    app.add_typer(_group("people", "The directory", {"import": people.import_people}))
    app.add_typer(
        _group(
            "source",
            "Systems that deliver webhooks",
            {"add": sources.add, "list": sources.list_sources, **_source_test()},
        )
    )
    app.add_typer(
        _group(
            "deliveries",
            "Webhooks that came in",
            {"list": deliveries.list_deliveries, "replay": deliveries.replay_delivery},
        )
    )
    app.add_typer(
        _group(
            "quarantine",
            "What could not be used",
            {"list": deliveries.list_quarantine, "replay": deliveries.replay_quarantine},
        )
    )
    app.add_typer(_group("keys", "API keys", {"create": keys.create, "list": keys.list_keys, "revoke": keys.revoke}))
    app.add_typer(_group("tickets", "IT tickets and their SLA clocks", tickets.COMMANDS))
    app.add_typer(_group("sync", "Outside helpdesks, read and told", sync.COMMANDS))
    app.add_typer(_group("policies", "What is promised, and who signed it", policies.COMMANDS))
    app.add_typer(_group("calendars", "When time counts", calendars.COMMANDS))
    app.add_typer(_group("reports", "How the promises were kept", {"attainment": reports.attainment}))
    app.add_typer(_group("db", "Databases", {"migrate": database.migrate}))
    return app


def _group(name: str, about: str, commands: dict[str, object]) -> typer.Typer:
    group = typer.Typer(name=name, help=about, no_args_is_help=True)
    for verb, function in commands.items():
        group.command(verb)(function)  # type: ignore[type-var]  # each is a function; their signatures differ
    return group


def _source_test() -> dict[str, object]:
    from glidepath.commands.source_test import source_test

    return {"test": source_test}


def _remember(
    context: typer.Context,
    url: Annotated[str | None, typer.Option(help="Where Glidepath is; default: GLIDEPATH_URL or ./data")] = None,
    key: Annotated[str | None, typer.Option(help="API key; default: GLIDEPATH_API_KEY or ./data")] = None,
) -> None:
    context.obj = Session(url=url, api_key=key)
