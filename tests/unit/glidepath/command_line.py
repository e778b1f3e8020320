"""Commands run in this process against answers that are written down: no socket, no service, no deployment."""

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import typer
from typer.testing import CliRunner, Result

from glidepath.client import Client


@dataclass
class WrittenAnswers:
    """`"GET /path"` -> what is answered, always or one after the other (a deque); whatever else is asked is a 404."""

    answers: Mapping[str, Any]
    asked: list[httpx.Request] = field(default_factory=list)

    def client(self, *, patience_seconds: float = 0.0) -> Client:
        return Client("http://glidepath.example", "gp_example", transport=httpx.MockTransport(self._answer))

    def deployment(self) -> "WrittenAnswers":
        return self

    def sent(self, name: str) -> Any:
        """The body of the only request of that name."""
        [request] = [each for each in self.asked if f"{each.method} {each.url.path}" == name]
        return json.loads(request.content) if request.content else None

    def query(self, name: str) -> list[tuple[str, str]]:
        """The parameters of the first request of that name."""
        found = next(each for each in self.asked if f"{each.method} {each.url.path}" == name)
        return list(found.url.params.multi_items())

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        found = self.answers.get(f"{request.method} {request.url.path}")
        if isinstance(found, deque):
            found = found.popleft()
        if found is None:
            return httpx.Response(404, json={"detail": f"nothing at {request.url.path}", "code": "not_found"})
        return found if isinstance(found, httpx.Response) else httpx.Response(200, json=found)


def run(commands: Mapping[str, Any], answers: WrittenAnswers, *words: str, stdin: str = "") -> Result:
    """One command of a group, as if typed. What it raises is in `exception`."""
    app = typer.Typer()

    def remember(context: typer.Context) -> None:
        context.obj = answers

    app.callback()(remember)
    for verb, function in commands.items():
        app.command(verb)(function)
    return CliRunner().invoke(app, list(words), input=stdin)
