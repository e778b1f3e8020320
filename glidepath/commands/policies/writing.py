"""`policies list|show|check|put|sign|enforce`."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.syntax import Syntax
from rich.text import Text

from glidepath.client import Client
from glidepath.commands.policies.document import (
    POLICIES,
    File,
    Label,
    policy_path,
    read_document,
    split_label,
    versioned,
)
from glidepath.drawing.spans import exactly, moment
from glidepath.faults import Fault, NotThere
from glidepath.output import Format, Output, console, show_data, show_rows
from glidepath.session import Reason, Yes, opened

Name = Annotated[str | None, typer.Option(help="The policy's name; default: the file's own")]


class Side(StrEnum):
    """Both must have signed before a version is in force."""

    IT = "it"
    TRAINING = "training"


def list_policies(context: typer.Context, output: Output = Format.TABLE) -> None:
    """List policies in the order in which they are tried."""
    with opened(context) as client:
        rows = list(client.items(POLICIES))
    show_rows([_flat(row) for row in rows] if output is Format.TABLE else rows, _COLUMNS, output)


_COLUMNS = ("order", "name", "version", "state", "signed_by", "rules", "created_by")


def show_policy(context: typer.Context, label: Label, output: Output = Format.TABLE) -> None:
    """Show a policy's versions and who signed them, or one version as it is written."""
    name, version = split_label(label)
    with opened(context) as client:
        rows = list(client.items(f"{policy_path(name)}/versions"))
    if version is None:
        shown = [_flat(row) for row in rows] if output is Format.TABLE else rows
        show_rows(shown, _COLUMNS, output)
        return
    found = next((row for row in rows if row["version"] == version), None)
    if found is None:
        known = ", ".join(str(row["version"]) for row in rows) or "none"
        raise NotThere(f"{name} has no version {version}; its versions are {known}")
    if output is not Format.TABLE:
        show_data(found, output)
        return
    text = yaml.safe_dump(found.get("policy") or {}, sort_keys=False, allow_unicode=True)
    screen = console()
    screen.print(f"{name}@{version}  {_flat(found)['state']}", style="bold")
    screen.print(Syntax(text, "yaml", background_color="default", word_wrap=True))


def diff_policy(
    context: typer.Context,
    label: Label,
    against: Annotated[int | None, typer.Option(min=1, help="An older version; default: the one before")] = None,
    output: Output = Format.TABLE,
) -> None:
    """Say in sentences what a version changes."""
    name, version = versioned(label)
    with opened(context) as client:
        answer = client.get(f"{policy_path(name, version)}/diff", against=against)
    if output is not Format.TABLE:
        show_data(answer, output)
        return
    console().print(Text(f"{answer['before']} -> {answer['after']}", "bold"))
    for change in answer["changes"]:
        console().print(Text(f"  {change['sentence']}"))
    if not answer["changes"]:
        console().print("they say the same")


def check_policy(
    context: typer.Context,
    file: File,
    name: Name = None,
    feature: Annotated[
        list[str] | None, typer.Option("--feature", "-f", help="NAME=VALUE of a ticket, to see which rule it would get")
    ] = None,
    output: Output = Format.TABLE,
) -> None:
    """Check a policy and change nothing; every problem is named with its place."""
    body: dict[str, Any] = {"policy": read_document(file), "name": name or file.stem}
    if feature:
        body["features"] = _features(feature)
    with opened(context) as client:
        answer = client.post(f"{POLICIES}/check", body)
    if output is not Format.TABLE:
        show_data(answer, output)
    problems = answer["problems"]
    if problems:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise Fault(f"{file}: {count}", places=[_place(problem) for problem in problems])
    if output is Format.TABLE:
        _print_check(file, answer)


def _print_check(file: Path, answer: Mapping[str, Any]) -> None:
    screen = console()
    screen.print(f"{file}: no problems")
    for warning in answer["warnings"]:
        screen.print(f"  {_place(warning)}")
    for check in answer["rules"]:
        screen.print(Text(f"  {'✔' if check['matched'] else '·'} {check['name']}: {check['reason']}"))
    for promise in answer["promises"]:
        target, length = str(promise["target"]).replace("_", " "), exactly(float(promise["target_seconds"]))
        due = f", due {moment(promise['due_at'])} if opened {moment(answer['opened_at'])}" if promise["due_at"] else ""
        screen.print(Text(f"  {target}: {length}{due}"))


def put_policy(
    context: typer.Context,
    file: File,
    name: Name = None,
    output: Output = Format.TABLE,
) -> None:
    """Propose a version. It is in force for new tickets once both sides have signed it; open tickets stay with theirs."""
    document = read_document(file)
    with opened(context) as client:
        answer = client.put(policy_path(name or file.stem), document)
    if output is not Format.TABLE:
        show_data(answer, output)
        return
    label = f"{answer['name']}@{answer['version']}"
    console().print(f"{label} is {_state(answer)}")
    for warning in answer.get("warnings") or []:
        console().print(f"  {_place(warning)}")
    if answer.get("missing"):
        console().print(f"sign it: glidepath policies sign {label} --side {answer['missing'][0]}")


def sign_policy(
    context: typer.Context,
    label: Label,
    side: Annotated[Side, typer.Option(help="For whom you sign")],
    output: Output = Format.TABLE,
) -> None:
    """Sign a version for one side."""
    _on_version(context, label, "sign", {"side": side.value}, output)


def enforce_policy(
    context: typer.Context, label: Label, reason: Reason, yes: Yes = False, output: Output = Format.TABLE
) -> None:
    """Put a version in force without the signatures it lacks. Needs a reason and stays in the audit."""
    if not yes:
        typer.confirm(f"put {label} in force without both signatures?", abort=True)
    _on_version(context, label, "enforce", {"reason": reason}, output)


def _on_version(context: typer.Context, label: str, verb: str, body: dict[str, Any], output: Format) -> None:
    name, version = versioned(label)
    with opened(context) as client:
        answer = _posted(client, f"{policy_path(name, version)}/{verb}", body)
    if output is not Format.TABLE:
        show_data(answer, output)
        return
    console().print(f"{label} is {_state(answer)}")


def _posted(client: Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(path, body)
    return answer if isinstance(answer, dict) else {}


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    document = row.get("policy") or {}
    rules = document.get("rules")
    return {
        **row,
        "order": row.get("order", document.get("order")),
        "state": _state(row),
        "signed_by": _signed(row),
        "rules": [rule.get("name") for rule in rules] if isinstance(rules, list) else "everything",
    }


def _state(row: Mapping[str, Any]) -> str:
    state = str(row.get("state") or "proposed").replace("_", " ")
    missing = row.get("missing") or []
    return f"{state}; {' and '.join(missing)} must sign" if state == "proposed" and missing else state


def _signed(row: Mapping[str, Any]) -> list[str]:
    return [f"{each['side']}: {each['by']}" for each in row.get("signatures") or []]


def _features(written: list[str]) -> dict[str, Any]:
    features: dict[str, Any] = {}
    for text in written:
        name, equals, value = text.partition("=")
        if not equals:
            raise Fault(f"{text!r} is not written like NAME=VALUE, e.g. priority=P1")
        features[name] = [part for part in value.split(",") if part] if name == "tags" else value
    return features


def _place(problem: Any) -> str:
    if isinstance(problem, dict):
        return f"{problem.get('pointer') or '(whole policy)'}: {problem.get('detail', '')}"
    return str(problem)
