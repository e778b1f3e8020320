"""Fills in and sends a page's real form, the way a person's browser does without JavaScript."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx

from shared.clock import monotonic

PATIENCE_SECONDS = 60.0


@dataclass(slots=True)
class Form:
    """The first form with `method=post` of a page: fixed values, and the choices it offers by name."""

    action: str = ""
    fixed: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)


Fill = Callable[[Form], dict[str, str]]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.form: Form | None = None
        self._inside = False
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form" and self.form is None and values.get("method", "").lower() == "post":
            self.form, self._inside = Form(action=values.get("action", "")), True
        elif self._inside and self.form is not None:
            self._field(self.form, tag, values)

    def _field(self, form: Form, tag: str, values: dict[str, str]) -> None:
        name, kind = values.get("name", ""), values.get("type", "text").lower()
        if tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            form.choices.setdefault(self._select, []).append(values.get("value", ""))
        elif tag == "textarea" and name:
            form.texts.append(name)
        elif tag == "button" and name:
            form.choices.setdefault(name, []).append(values.get("value", ""))
        elif tag == "input" and name:
            if kind in ("radio", "checkbox"):
                form.choices.setdefault(name, []).append(values.get("value", "on"))
            elif kind in ("hidden", "submit"):
                form.fixed[name] = values.get("value", "")
            else:
                form.texts.append(name)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "select":
            self._select = ""


def read_form(page: str) -> Form | None:
    """The page's form, or None when there is nothing to send (already answered, closed)."""
    reader = _Reader()
    reader.feed(page)
    return reader.form


def submit(http: httpx.Client, link: str, fill: Fill) -> bool:
    """Open `link`, fill in its form, send it. False when the page has no form (any more). Raises httpx's errors."""
    page = _patiently(http, http.build_request("GET", link))
    form = read_form(page.text)
    if form is None:
        return False
    target = urljoin(str(page.url), form.action or str(page.url))
    _patiently(http, http.build_request("POST", target, data=form.fixed | fill(form)))
    return True


def _patiently(http: httpx.Client, request: httpx.Request) -> httpx.Response:
    """The answer; waits where the server says that it is too much at once, or that it is restarting."""
    deadline = monotonic() + PATIENCE_SECONDS
    while True:
        try:
            answer = http.send(request)
        except httpx.TransportError:
            if monotonic() > deadline:
                raise
        else:
            if answer.status_code not in (429, 502, 503, 504) or monotonic() > deadline:
                if answer.status_code not in (302, 303):
                    answer.raise_for_status()
                return answer
        time.sleep(0.3)
